//! A frame of the plain WebSocket, read and written, to see what that costs.

use crate::hub::events::ServerEvent;

/// Reads a frame; whether it is an event.
#[must_use]
pub fn decode(text: &str) -> bool {
    super::frames::decode(text, usize::MAX).event.is_ok()
}

/// Writes an event; its length in bytes.
///
/// # Errors
/// It can't be written, which doesn't happen.
pub fn encode(event: &ServerEvent) -> serde_json::Result<usize> {
    super::frames::encode(event, None).map(|text| text.len())
}
