//! What goes into an [`Engine`](super::engine::Engine) and what comes out of it.

use engineioxide_core::Packet;

use super::fault::Fault;
use super::packet;

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Effect<P> {
    /// Answer a request.
    Answer(P, Reply),
    /// Write to the WebSocket.
    Write(Packet),
    /// Close the WebSocket, once everything is written.
    Close,
}

/// The answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A poll's.
    Payload(String),
    /// A post's: taken.
    Taken,
    /// Either's.
    Refused(Fault),
}

/// A WebSocket of this connection's. There is one at a time; a late word of an earlier one is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkId(pub(super) u64);

/// A poll of this connection's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollId(pub(super) u64);

/// Which way a packet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// In a post.
    Post,
    /// Over a WebSocket.
    Link(LinkId),
}

impl<P> Effect<P> {
    /// Answers a poll with these packets.
    pub(super) fn payload(poll: P, packets: impl IntoIterator<Item = Packet>) -> Self {
        Self::Answer(poll, Reply::Payload(packet::join(packets)))
    }

    /// Refuses a request.
    pub(super) fn refuse(request: P, fault: Fault) -> Self {
        Self::Answer(request, Reply::Refused(fault))
    }
}
