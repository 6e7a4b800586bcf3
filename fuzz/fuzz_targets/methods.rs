//! Method payloads, content headers and field tables.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| leveret_fuzz::methods::run(octets));
