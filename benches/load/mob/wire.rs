//! The bytes that hostile clients send, prepared, and as much of the hub's as they look at. Pure.
//!
//! A client masks its frames, and a mask of zeros leaves them as they are.

/// The first byte of a frame: whether it is the last of its message, and what it is.
pub(super) const TEXT: u8 = 0x81;
pub(super) const FIRST_OF_TEXT: u8 = 0x01;
pub(super) const CONTINUED: u8 = 0x00;
pub(super) const PING: u8 = 0x89;

const CLOSE: u8 = 0x8;
/// In place of a length: two bytes hold it, or eight.
const MIDDLE: u8 = 0x7e;
const LONG: u8 = 0x7f;

/// The head of a frame that announces so many bytes.
pub(super) fn head(first: u8, length: u64) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut head = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < MIDDLE => head.push(MASKED | short),
        (_, Ok(middle)) => {
            head.push(MASKED | MIDDLE);
            head.extend(middle.to_be_bytes());
        }
        (_, Err(_)) => {
            head.push(MASKED | LONG);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend([0; 4]);
    head
}

/// A whole frame.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, u64::try_from(payload.len()).unwrap_or(u64::MAX));
    frame.extend_from_slice(payload);
    frame
}

/// The frame of an event at `/ws`; `data` is JSON.
pub(super) fn event(name: &str, data: &str) -> Vec<u8> {
    frame(TEXT, format!(r#"{{"event":"{name}","data":{data}}}"#).as_bytes())
}

/// A request to open a WebSocket.
pub(super) fn upgrade(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A call with a body, of which only this may follow; the connection is closed after its answer.
pub(super) fn call(target: &str, length: usize) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

/// Hears nothing of what the hub says but its goodbye.
#[derive(Debug, Default)]
pub(super) struct Ear {
    head: Vec<u8>,
    /// Of the frame whose head is over.
    left: usize,
}

impl Ear {
    /// Whether a close frame begins in these bytes, which follow those before.
    pub(super) fn hears_close(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            let passed = self.left.min(bytes.len());
            self.left -= passed;
            bytes = bytes.get(passed..).unwrap_or_default();
            let Some((first, rest)) = bytes.split_first() else { return false };
            bytes = rest;
            self.head.push(*first);
            if let Some(length) = length(&self.head) {
                if self.head.first().is_some_and(|first| first & 0xf == CLOSE) {
                    return true;
                }
                self.left = length;
                self.head.clear();
            }
        }
    }
}

/// How long a frame is, once its head is whole. The hub masks nothing.
fn length(head: &[u8]) -> Option<usize> {
    let short = *head.get(1)?;
    let extended = match short {
        MIDDLE => head.get(2..4)?,
        LONG => head.get(2..10)?,
        short => return Some(usize::from(short)),
    };
    let length = extended.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    usize::try_from(length).ok()
}
