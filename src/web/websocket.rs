//! The WebSocket: frames in, frames out, and nothing else. What they mean is a [`Protocol`]'s business.
//!
//! The only file that knows actix-web-actors. It reads no further until a frame has been taken, so that a client that
//! sends faster than it is served is slowed by its own connection. A client that reads too slowly fills this actor's
//! mailbox, which the sender notices; one that doesn't read at all stops this actor altogether, and the kernel's
//! `TCP_USER_TIMEOUT` ends the connection.

use actix::prelude::*;
use actix_http::ws::Item as Part;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::{
    CloseCode, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use bytestring::ByteString;
use log::debug;

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
    /// A fragmented message so far.
    parts: Option<Parts>,
}

struct Parts {
    is_text: bool,
    bytes: BytesMut,
    /// How many more there may be.
    left: usize,
}

impl Parts {
    /// Those of a message of at most so many bytes. Empty ones have no end otherwise.
    fn new(is_text: bool, max_bytes: usize) -> Self {
        Self { is_text, bytes: BytesMut::new(), left: max_bytes / SMALL_PART + SMALL_PARTS }
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
    let transport = Transport { protocol, max_message_bytes, parts: None };
    WsResponseBuilder::new(transport, request, payload)
        .frame_size(max_message_bytes)
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

    fn text(&mut self, text: &str, ctx: &mut Context<P>) {
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
        if is_last && let Some(Parts { is_text, bytes, .. }) = self.parts.take() {
            match std::str::from_utf8(&bytes) {
                Ok(text) if is_text => self.text(text, ctx),
                Err(_) if is_text => not_utf8(ctx),
                Ok(_) | Err(_) => self.binary(bytes.freeze(), ctx),
            }
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

impl<P: Protocol> StreamHandler<Result<Message, ProtocolError>> for Transport<P> {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        match message {
            Ok(Message::Text(text)) => self.text(&text, ctx),
            Ok(Message::Binary(bytes)) => self.binary(bytes, ctx),
            Ok(Message::Continuation(part)) => self.part(part, ctx),
            Ok(Message::Ping(payload)) => {
                self.protocol.alive();
                ctx.pong(&payload);
            }
            Ok(Message::Pong(_)) => self.protocol.alive(),
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Nop) => {}
            Err(ProtocolError::Overflow) => too_large(ctx),
            // The only fault of the stream's own that a client can cause is a text that is not UTF-8.
            Err(ProtocolError::Io(_)) => not_utf8(ctx),
            Err(fault) => {
                debug!("a WebSocket client broke the protocol: {fault}");
                close(close_reason(CloseCode::Protocol, "protocol error"), ctx);
            }
        }
    }
}
