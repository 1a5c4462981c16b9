//! As much of HTTP/1.1 as a hub speaks to Zoom. Deliberately absent: all else, so that it costs next to nothing.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head and body that are read.
const LONGEST: usize = 64 * 1024;

/// What was asked for.
#[derive(Debug)]
pub(super) enum Request {
    Login,
    Token { obf: bool, user: String },
    Other,
}

/// The next request, with its body read over; none at the end of the connection. `unread` is what came beyond the last.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    unread: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    loop {
        if let Some((request, length)) = parse(unread)? {
            unread.drain(..length);
            return Ok(Some(request));
        }
        if unread.len() > LONGEST {
            return Err(io::Error::other("a request without an end"));
        }
        if stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    }
}

/// A request and how long it is, once all of it is there.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, _) = bytes.split_at(end);
    let head = str::from_utf8(head).map_err(io::Error::other)?;
    let body = head.lines().find_map(content_length).unwrap_or(0);
    let length = end + 4 + body;
    Ok((bytes.len() >= length).then(|| (request(head), length)))
}

fn content_length(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
}

fn request(head: &str) -> Request {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path == "/oauth/token" {
        return Request::Login;
    }
    // The driver's user IDs are of letters, digits and dashes: nothing is encoded.
    let user = path.strip_prefix("/v2/users/").and_then(|rest| rest.strip_suffix("/token"));
    let kind = query.split('&').find_map(|pair| pair.strip_prefix("type="));
    match (user, kind) {
        (Some(user), Some("onbehalf")) => Request::Token { obf: true, user: user.to_owned() },
        (Some(user), Some("zak")) => Request::Token { obf: false, user: user.to_owned() },
        _ => Request::Other,
    }
}

/// An answer as it goes over the wire; `headers` are whole lines.
pub(super) fn answer(status: &str, kind: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}
