//! Messages as they rest.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| leveret_fuzz::record::run(octets));
