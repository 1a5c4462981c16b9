//! As much of HTTP/1.1 as is spoken here: heads, and bodies with a length.

use memchr::{memchr, memmem};

use crate::text::put;

/// A request or an answer, once all of it is there.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
    /// How many bytes both take.
    pub(crate) length: usize,
}

/// The message with which these bytes begin, if its end has come.
pub(crate) fn message(bytes: &[u8]) -> Option<Message<'_>> {
    let end = memmem::find(bytes, b"\r\n\r\n")?;
    let head = &bytes[..end];
    let length = header(head, "content-length").and_then(number).unwrap_or(0);
    let body = bytes.get(end + 4..)?.get(..length)?;
    Some(Message { head, body, length: end + 4 + length })
}

/// A header's value.
pub(crate) fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = head;
    while let Some(end) = memchr(b'\n', rest) {
        rest = &rest[end + 1..];
        let named = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        if named && rest.get(name.len()) == Some(&b':') {
            let value = &rest[name.len() + 1..];
            return Some(value[..memchr(b'\r', value).unwrap_or(value.len())].trim_ascii());
        }
    }
    None
}

/// The status of an answer's first line.
pub(crate) fn status(head: &[u8]) -> usize {
    head.get(9..12).and_then(number).unwrap_or(0)
}

fn number(digits: &[u8]) -> Option<usize> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Appends an answer of JSON.
pub(crate) fn answer(out: &mut Vec<u8>, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    put(out, &[head.as_bytes(), body]);
}
