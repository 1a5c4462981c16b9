//! The plain WebSocket's frames to events, and what they are answered with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::plain_frame(bytes));
