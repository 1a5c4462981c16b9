//! The headers of Zoom's answers about its limits.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::zoom_limits(bytes));
