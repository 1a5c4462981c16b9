//! What carries a session: the port between [`Session`](super::session::Session) and its transport.
//!
//! A transport reads frames into [`Incoming`], waits for each to be taken, and writes what it is told to [`Emit`].

use std::convert::Infallible;

use actix::prelude::*;
use tokio::sync::oneshot;

use super::events::{FrameId, ServerEvent};
use super::refusal::{Code, Refusal};
use super::requests::ClientEvent;

/// What carries a session: the port that a transport fills in.
#[derive(Debug)]
pub struct Carrier {
    /// Takes what the session emits. Stored and never cloned: only then is its bound a bound.
    pub emit: Recipient<Emit>,
    /// Told once, with the close code, that the session has ended. Dropped unsent: the session failed.
    pub close: oneshot::Sender<Code>,
    /// Ends when the transport is gone.
    pub gone: oneshot::Receiver<Infallible>,
}

/// What a session asks its transport to send.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub enum Emit {
    /// An event, and the frame that it answers.
    Event(ServerEvent, Option<FrameId>),
    /// The carrier's own question for a sign of life.
    Ping,
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
