//! A `.env`: errors of one line without a value in them, values that stay what they are.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::dotenv(bytes));
