//! The engine of an Engine.IO connection, driven by any polls, posts, frames, upgrades, ends and waits.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::engine(bytes));
