//! WebSocket frames: the server's go out plain, a client's come masked. A message is one frame; none is in fragments.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

use crate::text::put;

/// What every handshake appends to the client's key (RFC 6455).
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Where a frame lies in what was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The frame at this place, once all of it is there; its mask is taken off where it lies.
pub(crate) fn next(bytes: &mut [u8], at: usize) -> Option<Frame> {
    let rest = bytes.get_mut(at..)?;
    let (&[first, second], _) = rest.split_first_chunk::<2>()?;
    let (length, head): (usize, usize) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(*rest.get(2..)?.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*rest.get(2..)?.first_chunk()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let masked = second & 0x80 != 0;
    let start = if masked { head + 4 } else { head };
    let end = start.checked_add(length)?;
    if rest.len() < end {
        return None;
    }
    if masked {
        let mask = *rest.get(head..)?.first_chunk()?;
        unmask(&mut rest[start..end], mask);
    }
    Some(Frame { kind: first & 0x0f, start: at + start, end: at + end })
}

/// Sixteen bytes at a time, which is one instruction.
fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let wide = u128::from_ne_bytes(std::array::from_fn(|place| mask[place % 4]));
    let mut chunks = bytes.chunks_exact_mut(16);
    for chunk in &mut chunks {
        if let Ok(word) = <[u8; 16]>::try_from(&*chunk) {
            chunk.copy_from_slice(&(u128::from_ne_bytes(word) ^ wide).to_ne_bytes());
        }
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Writes a whole frame in the place of what `out` held.
pub(crate) fn frame(out: &mut Vec<u8>, kind: u8, pieces: &[&[u8]]) {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    out.clear();
    out.push(0x80 | kind);
    if length < 126 {
        out.push(length as u8);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(126);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
    put(out, pieces);
}

/// The answer to a handshake with this key.
pub(crate) fn handshake(out: &mut Vec<u8>, key: &[u8]) {
    let accept = BASE64_STANDARD.encode(Sha1::new().chain_update(key).chain_update(MAGIC).finalize());
    put(
        out,
        &[
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
              sec-websocket-accept: ",
            accept.as_bytes(),
            b"\r\n\r\n",
        ],
    );
}
