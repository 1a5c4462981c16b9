//! Credentials shown by whom nobody signed for, and signed claims and headers: what counts must say what it must.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::credentials(bytes));
