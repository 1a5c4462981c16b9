//! A form to fields to requests, and the same as JSON.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::form_body(bytes));
