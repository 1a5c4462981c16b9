//! User IDs, meeting IDs and names of requests, there and back.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::identifiers(bytes));
