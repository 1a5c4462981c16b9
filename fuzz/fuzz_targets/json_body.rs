//! JSON to fields to requests, and a credential that nothing shows.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::json_body(bytes));
