//! Engine.IO's packets and payloads, there and back.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::engine_packets(bytes));
