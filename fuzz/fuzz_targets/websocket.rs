//! A WebSocket's bytes to frames, whole and in pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::websocket(bytes));
