//! The WebSocket: frames in, frames out, and nothing else. What they mean is a [`Protocol`]'s business.
//!
//! The only file that knows actix-web-actors; `incoming.rs` reads the frames. It reads no further until a frame has been
//! taken, so that a client that sends faster than it is served is slowed by its own connection. A client that reads too
//! slowly fills this actor's mailbox, which the sender notices; one that doesn't read at all stops this actor altogether,
//! and the kernel's `TCP_USER_TIMEOUT` ends the connection.

use actix::prelude::*;
use actix_http::error::PayloadError;
use actix_http::ws::{Frame as Read, Item as Part};
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::{
    CloseCode, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use bytestring::ByteString;
use futures_util::stream;
use log::debug;

use super::incoming::Incoming;
use crate::hub::refusal::Code;

/// Frames that may wait to be written; one more and the client reads too slowly.
const MAILBOX: usize = 1024;

/// A message may come in so many parts of any size, and in one more for each so many of its bytes.
const SMALL_PARTS: usize = 64;
const SMALL_PART: usize = 16;

/// What is spoken over a WebSocket.
pub(super) trait Protocol: Sized + Unpin + 'static {
    /// What it is asked to send.
    type Send: actix::Message<Result = ()> + Send;
    /// Ends when a frame has been taken; the next one is read then.
    type Taken: Future<Output = ()> + 'static;

    /// The connection is open; the context gives the address to send to.
    fn opened(&mut self, ctx: &mut Context<Self>);
    /// A whole text.
    fn text(&mut self, text: &str) -> Option<Self::Taken>;
    /// A whole binary message.
    fn binary(&mut self, bytes: Bytes) -> Option<Self::Taken>;
    /// A sign of life that is no message.
    fn alive(&self) {}
    /// The frame for what is to be sent.
    fn frame(&mut self, what: Self::Send) -> Option<Frame>;
}

/// A frame to be written.
pub(super) enum Frame {
    /// A text.
    Text(ByteString),
    /// A binary message.
    Binary(Bytes),
    /// A question for a sign of life.
    Ping,
    /// The last one.
    Close(CloseReason),
}

/// Where a protocol's WebSocket runs.
pub(super) type Context<P> = WebsocketContext<Transport<P>>;

/// The actor. It is dropped with its protocol, however the connection ends.
pub(super) struct Transport<P> {
    protocol: P,
    max_message_bytes: usize,
    /// What the client sends; taken when it is open.
    payload: Option<Payload>,
    /// A fragmented message so far.
    parts: Option<Parts>,
}

struct Parts {
    is_text: bool,
    bytes: BytesMut,
    /// How many of the bytes are known to be UTF-8.
    good: usize,
    /// How many more there may be.
    left: usize,
}

impl Parts {
    /// Those of a message of at most so many bytes. Empty ones have no end otherwise.
    fn new(is_text: bool, max_bytes: usize) -> Self {
        Self { is_text, bytes: BytesMut::new(), good: 0, left: max_bytes / SMALL_PART + SMALL_PARTS }
    }

    /// Whether it may be a text yet: a part may end within a character.
    fn may_be_text(&mut self) -> bool {
        match std::str::from_utf8(self.bytes.get(self.good..).unwrap_or_default()) {
            Ok(more) => self.good += more.len(),
            Err(error) if error.error_len().is_none() => self.good += error.valid_up_to(),
            Err(_) => return false,
        }
        true
    }
}

/// Answers an upgrade.
///
/// # Errors
/// The request is none.
pub(super) fn start<P: Protocol>(
    protocol: P,
    max_message_bytes: usize,
    subprotocols: &[&str],
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    let transport = Transport { protocol, max_message_bytes, payload: Some(payload), parts: None };
    WsResponseBuilder::new(transport, request, stream::pending::<Result<_, PayloadError>>())
        .protocols(subprotocols)
        .start()
}

/// A close frame with a code of the hub's.
pub(super) fn reason(code: Code) -> CloseReason {
    close_reason(CloseCode::Other(code.close().unwrap_or(4500)), code.word())
}

/// A close frame that says nothing but that it was meant.
pub(super) fn normal() -> CloseReason {
    CloseReason { code: CloseCode::Normal, description: None }
}

fn close_reason(code: CloseCode, why: &str) -> CloseReason {
    CloseReason { code, description: Some(why.to_owned()) }
}

/// Closes and ends the transport.
pub(super) fn close<P: Protocol>(reason: CloseReason, ctx: &mut Context<P>) {
    ctx.close(Some(reason));
    ctx.stop();
}

impl<P: Protocol> Transport<P> {
    /// The protocol.
    pub(super) fn protocol(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// Reads no further until a message has been taken.
    fn wait(&mut self, taken: Option<P::Taken>, ctx: &mut Context<P>) {
        if let Some(taken) = taken {
            ctx.wait(taken.into_actor(self));
        }
    }

    fn text(&mut self, bytes: &[u8], ctx: &mut Context<P>) {
        let Ok(text) = std::str::from_utf8(bytes) else { return not_utf8(ctx) };
        let taken = self.protocol.text(text);
        self.wait(taken, ctx);
    }

    fn binary(&mut self, bytes: Bytes, ctx: &mut Context<P>) {
        let taken = self.protocol.binary(bytes);
        self.wait(taken, ctx);
    }

    /// Joins a fragmented message. The codec has seen to the order of the parts.
    fn part(&mut self, part: Part, ctx: &mut Context<P>) {
        let (chunk, is_last) = match part {
            Part::FirstText(chunk) => {
                self.parts = Some(Parts::new(true, self.max_message_bytes));
                (chunk, false)
            }
            Part::FirstBinary(chunk) => {
                self.parts = Some(Parts::new(false, self.max_message_bytes));
                (chunk, false)
            }
            Part::Continue(chunk) => (chunk, false),
            Part::Last(chunk) => (chunk, true),
        };
        let Some(parts) = &mut self.parts else { return };
        if parts.bytes.len() + chunk.len() > self.max_message_bytes || parts.left == 0 {
            return too_large(ctx);
        }
        parts.left -= 1;
        parts.bytes.extend_from_slice(&chunk);
        if parts.is_text && !parts.may_be_text() {
            return not_utf8(ctx);
        }
        if is_last && let Some(Parts { is_text, bytes, .. }) = self.parts.take() {
            if is_text { self.text(&bytes, ctx) } else { self.binary(bytes.freeze(), ctx) }
        }
    }
}

fn too_large<P: Protocol>(ctx: &mut Context<P>) {
    close(close_reason(CloseCode::Size, Code::PayloadTooLarge.word()), ctx);
}

fn not_utf8<P: Protocol>(ctx: &mut Context<P>) {
    close(close_reason(CloseCode::Invalid, "not UTF-8"), ctx);
}

impl<P: Protocol> Actor for Transport<P> {
    type Context = Context<P>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        if let Some(payload) = self.payload.take() {
            ctx.add_stream(Incoming::new(payload, self.max_message_bytes));
        }
        self.protocol.opened(ctx);
    }
}

impl<P: Protocol> Handler<P::Send> for Transport<P> {
    type Result = ();

    fn handle(&mut self, what: P::Send, ctx: &mut Self::Context) {
        match self.protocol.frame(what) {
            Some(Frame::Text(text)) => ctx.text(text),
            Some(Frame::Binary(bytes)) => ctx.binary(bytes),
            Some(Frame::Ping) => ctx.ping(b""),
            Some(Frame::Close(reason)) => close(reason, ctx),
            None => {}
        }
    }
}

impl<P: Protocol> StreamHandler<Result<Read, ProtocolError>> for Transport<P> {
    fn handle(&mut self, read: Result<Read, ProtocolError>, ctx: &mut Self::Context) {
        match read {
            Ok(Read::Text(bytes)) => self.text(&bytes, ctx),
            Ok(Read::Binary(bytes)) => self.binary(bytes, ctx),
            Ok(Read::Continuation(part)) => self.part(part, ctx),
            Ok(Read::Ping(payload)) => {
                self.protocol.alive();
                ctx.pong(&payload);
            }
            Ok(Read::Pong(_)) => self.protocol.alive(),
            Ok(Read::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(ProtocolError::Overflow) => too_large(ctx),
            Err(fault) => {
                debug!("a WebSocket client broke the protocol: {fault}");
                close(close_reason(CloseCode::Protocol, "protocol error"), ctx);
            }
        }
    }
}

/// The context asks for it; nothing ever comes this way.
impl<P: Protocol> StreamHandler<Result<Message, ProtocolError>> for Transport<P> {
    fn handle(&mut self, _message: Result<Message, ProtocolError>, _ctx: &mut Self::Context) {}
}
