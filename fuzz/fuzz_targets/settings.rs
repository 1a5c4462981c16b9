//! Variables and the files that they name to the configuration: errors of one line, secrets that nothing shows.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::settings(bytes));
