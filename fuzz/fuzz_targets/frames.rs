//! Octets in arbitrary pieces as frames.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| leveret_fuzz::frames::run(octets));
