//! HTTP/1.1 as far as it goes: a request in one piece, and its answer, as the hub gives it, with a length. Deliberately
//! absent: all else.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Attempt, due};

const DEADLINE: Duration = Duration::from_secs(20);
const LONGEST_HEAD: usize = 64 * 1024;

/// Reads an answer: its status and its body. What follows it is lost, so ask one thing at a time.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(u16, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some((status, head, length)) = head(&bytes)
            && bytes.len() >= head + length
        {
            let body = bytes.get(head..head + length).unwrap_or_default();
            return Ok((status, String::from_utf8_lossy(body).into_owned()));
        }
        if stream.read_buf(&mut bytes).await? == 0 || bytes.len() > LONGEST_HEAD {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The status, the length of the head and that of the body, once the head is there.
pub(crate) fn head(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = str::from_utf8(bytes.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
    });
    Some((status, end + 4, length.unwrap_or(0)))
}

/// A request that gets, on a connection that goes on.
pub(crate) fn to_get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// A request that posts, on a connection that goes on; what Engine.IO posts has no other head.
pub(crate) fn to_post(target: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// The same with a body of JSON.
pub(crate) fn to_post_json(target: &str, body: &str, credential: &str) -> String {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {credential}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Asks on a connection of its own.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Attempt<(u16, String)> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream).await
    };
    Ok(due(path, DEADLINE, asked).await??)
}
