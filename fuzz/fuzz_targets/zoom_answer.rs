//! Zoom's answers to a login and to a token call, with secrets that Zoom echoes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::zoom_answer(bytes));
