#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gadfly_fuzz::recording(bytes));
