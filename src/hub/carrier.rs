//! What carries a session: the port between [`Session`](super::session::Session) and its transport.
//!
//! A transport reads frames into [`Incoming`], waits for each to be taken, and writes what it is told to [`Emit`].

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::events::{FrameId, ServerEvent};
use super::refusal::{Code, Refusal};
use super::requests::ClientEvent;
use crate::names::SessionId;

/// What carries a session: the port that a transport fills in.
#[derive(Debug)]
pub struct Carrier {
    /// Where the client is.
    pub address: IpAddr,
    /// Who sees to it that a client which is gone without a goodbye is noticed.
    pub watch: Watch,
    /// Takes what the session emits. Stored and never cloned: only then is its bound a bound.
    pub emit: Recipient<Emit>,
    /// Told once, with the close code, that the session has ended. Dropped unsent: the session failed.
    pub close: oneshot::Sender<Code>,
    /// Ends when the transport is gone.
    pub gone: oneshot::Receiver<Infallible>,
}

/// Who watches for a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The session: it emits [`Outgoing::Ping`] and wants an [`Alive`] or an event in answer.
    Session,
    /// The carrier, whose protocol has a heartbeat of its own.
    Carrier,
}

/// What a session asks its transport to send.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Emit {
    /// The session: a carrier that outlives one session must not take what was meant for that for the next one's.
    pub from: SessionId,
    /// What to send.
    pub what: Outgoing,
    /// Its share of the session's backlog, given back once the transport has taken it.
    pub(super) _held: Held,
}

/// What there is to send.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// An event, and the frame that it answers.
    Event(ServerEvent, Option<FrameId>),
    /// The carrier's own question for a sign of life.
    Ping,
}

impl Outgoing {
    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Event(event, _) => event.weight(),
            Self::Ping => 0,
        }
    }
}

/// What was handed on and not taken yet, in bytes: a mailbox bounds the number of messages, and one report may weigh as
/// much as a hundred tokens.
#[derive(Debug, Default)]
pub struct Backlog(Arc<AtomicUsize>);

/// A part of a backlog, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    backlog: Arc<AtomicUsize>,
    bytes: usize,
}

impl Backlog {
    /// Bytes that may wait, beside a single message that weighs more.
    pub const LIMIT: usize = 2 << 20;

    /// Takes so many bytes in, unless too much waits already.
    #[must_use]
    pub fn hold(&self, bytes: usize) -> Option<Held> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let held = Held { backlog: Arc::clone(&self.0), bytes };
        (before == 0 || before + bytes <= Self::LIMIT).then_some(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.backlog.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// An event of the client's. Send it and wait for its being taken before the next is read.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Incoming {
    /// The event, or why it could not be read.
    pub event: Result<ClientEvent, Unreadable>,
    /// What the client called the frame.
    pub frame: Option<FrameId>,
}

/// A frame that could not be read as an event.
#[derive(Debug)]
pub struct Unreadable {
    /// The answer.
    pub refusal: Refusal,
    /// The event's name, as far as there is one.
    pub event: Option<String>,
}

/// A sign of life that is no event: a pong, say.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Alive;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_has_its_bound_in_bytes_and_gives_back_what_was_taken() {
        let backlog = Backlog::default();
        let mut held = Vec::new();
        while let Some(part) = backlog.hold(512) {
            held.push(part);
        }
        assert_eq!(held.len(), Backlog::LIMIT / 512);
        held.pop();
        assert!(backlog.hold(512).is_some());
        drop(held);
        assert_eq!(backlog.0.load(Ordering::Relaxed), 0);
    }
}
