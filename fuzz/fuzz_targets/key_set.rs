//! A file of a set of keys, and of a public key.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::key_set(bytes));
