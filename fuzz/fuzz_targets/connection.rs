//! A whole connection's core, with a peer and a clock of no good will.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| leveret_fuzz::connection::run(octets));
