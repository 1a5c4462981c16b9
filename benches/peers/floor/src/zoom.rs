//! Zoom: a login, then calls over connections that are kept, one call a connection at a time.

use std::error::Error;
use std::io::{self, Read, Write};
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::clients::{Came, came, sent};
use crate::http;
use crate::settings::{Settings, Url};
use crate::text::{put, text};
use crate::work::Call;

/// As many as the hub has by default (`ZOOM_MAX_CONCURRENCY`).
pub(crate) const LINES: usize = 64;

/// One connection; opened when it is first needed, and again when Zoom has closed it.
#[derive(Debug, Default)]
struct Line {
    stream: Option<TcpStream>,
    call: Option<Call>,
    unread: Vec<u8>,
    unsent: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Zoom {
    registry: Registry,
    url: Url,
    /// The token of the first connection.
    first: usize,
    lines: Vec<Line>,
    idle: Vec<usize>,
    /// What begins and what ends every request.
    before: Vec<u8>,
    after: Vec<u8>,
    request: Vec<u8>,
}

/// An answer; its body lies in the buffer that was read into.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: usize,
    pub(crate) body: Range<usize>,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    Whole(Call, Reply),
    /// The connection broke.
    Broken(Call),
}

impl Zoom {
    pub(crate) fn new(url: Url, access: &str, registry: Registry, first: usize) -> Self {
        let before = format!("GET {}/users/", url.path).into();
        let after = format!(
            " HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {access}\r\naccept: application/json\r\n\r\n",
            url.host
        );
        let lines = (0..LINES).map(|_| Line::default()).collect();
        let (idle, request) = ((0..LINES).rev().collect(), Vec::new());
        Self { registry, url, first, lines, idle, before, after: after.into(), request }
    }

    pub(crate) fn is_free(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Asks for a token on an idle connection; the call comes back if none can be opened.
    pub(crate) fn ask(&mut self, call: Call, user: &[u8], query: &[&[u8]]) -> Option<Call> {
        let Some(place) = self.idle.pop() else { return Some(call) };
        self.request.clear();
        self.request.extend_from_slice(&self.before);
        encode(&mut self.request, user);
        put(&mut self.request, query);
        self.request.extend_from_slice(&self.after);
        // Zoom may have closed a connection that was kept, and the event be yet to come: a new one is tried.
        if self.send(place).is_err() && self.send(place).is_err() {
            self.idle.push(place);
            return Some(call);
        }
        self.lines[place].call = Some(call);
        None
    }

    fn send(&mut self, place: usize) -> io::Result<()> {
        let line = &mut self.lines[place];
        let mut stream = match line.stream.take() {
            Some(stream) => stream,
            None => {
                let mut stream = TcpStream::connect(self.url.address)?;
                let both = Interest::READABLE | Interest::WRITABLE;
                self.registry.register(&mut stream, Token(self.first + place), both)?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let count = sent(&mut stream, &self.request)?;
        line.unsent.clear();
        line.unsent.extend_from_slice(&self.request[count..]);
        line.stream = Some(stream);
        Ok(())
    }

    /// Goes on with a request that found no room.
    pub(crate) fn flush(&mut self, place: usize) {
        let line = &mut self.lines[place];
        if let Some(stream) = line.stream.as_mut().filter(|_| !line.unsent.is_empty()) {
            // What breaks here is found by reading.
            let count = sent(stream, &line.unsent).unwrap_or(0);
            line.unsent.drain(..count);
        }
    }

    /// Reads what came on a connection. `ending`: it is also known that Zoom closes it.
    pub(crate) fn read(&mut self, place: usize, room: &mut [u8], ending: bool) -> Option<Answer> {
        let line = &mut self.lines[place];
        let whole = match came(line.stream.as_mut()?.read(room)) {
            Came::Nothing => return None,
            Came::Bytes(count) => line.whole(room, count),
            Came::End => return self.broken(place),
        };
        if whole.is_none() {
            return if ending { self.read(place, room, ending) } else { None };
        }
        if ending {
            line.stream = None;
        }
        let call = line.call.take()?;
        self.idle.push(place);
        whole.map(|reply| Answer::Whole(call, reply))
    }

    fn broken(&mut self, place: usize) -> Option<Answer> {
        let line = &mut self.lines[place];
        (line.stream, line.unread) = (None, Vec::new());
        line.unsent.clear();
        let call = line.call.take()?;
        self.idle.push(place);
        Some(Answer::Broken(call))
    }
}

impl Line {
    /// The answer in `room`, if all of it is there. Usually it comes in one piece and is kept nowhere.
    fn whole(&mut self, room: &mut [u8], count: usize) -> Option<Reply> {
        if self.unread.is_empty()
            && let Some(message) = http::message(&room[..count])
        {
            return Some(Reply::of(&message));
        }
        self.unread.extend_from_slice(&room[..count]);
        let reply = Reply::of(&http::message(&self.unread)?);
        let whole = std::mem::take(&mut self.unread);
        room.get_mut(..reply.body.end)?.copy_from_slice(&whole[..reply.body.end]);
        Some(reply)
    }
}

impl Reply {
    fn of(message: &http::Message<'_>) -> Self {
        let start = message.length - message.body.len();
        Self { status: http::status(message.head), body: start..message.length }
    }
}

/// What of a user's name can't stand in a path goes as `%XX`.
fn encode(out: &mut Vec<u8>, user: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in user {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// Logs in and waits for it: nothing else can be done until then. The access token is never renewed.
pub(crate) fn login(settings: &Settings) -> Result<String, Box<dyn Error>> {
    let Url { host, address, path } = &settings.oauth;
    let pair = BASE64_STANDARD.encode(format!("{}:{}", settings.client_id, settings.client_secret));
    let body = format!("grant_type=account_credentials&account_id={}", settings.account_id);
    let mut stream = std::net::TcpStream::connect(address)?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {pair}\r\naccept: application/json\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(message) = http::message(&bytes) {
            let access = text(message.body, "access_token").ok_or("Zoom's answer holds no access token")?;
            return Ok(str::from_utf8(access)?.to_owned());
        }
        if count == 0 {
            return Err("Zoom closed the connection".into());
        }
    }
}
