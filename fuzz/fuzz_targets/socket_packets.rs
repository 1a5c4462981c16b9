//! Socket.IO's packets and their attachments, there and back.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoom_token_hub::fuzzing::socket_packets(bytes));
