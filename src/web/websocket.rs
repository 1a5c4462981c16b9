//! The plain WebSocket at `/ws`: frames in, events out, and nothing else. What is said is the session's business.
//!
//! The only file that knows actix-web-actors. It reads no further until the session has taken an event, so that a
//! client that sends faster than it is served is slowed by its own connection. A client that reads too slowly fills
//! this actor's mailbox, which the session notices; one that doesn't read at all stops this actor altogether, and the
//! kernel's `TCP_USER_TIMEOUT` ends the connection.

use std::convert::Infallible;

use actix::prelude::*;
use actix_http::ws::Item as Part;
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_web_actors::ws::{
    CloseCode, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use log::{debug, error};
use tokio::sync::oneshot;

use super::error::Refused;
use super::frames;
use crate::hub::Hub;
use crate::hub::carrier::{Alive, Carrier, Emit, Incoming, Outgoing};
use crate::hub::command::Caller;
use crate::hub::refusal::{Code, Refusal};
use crate::hub::session::Session;

/// Events that may wait to be written; one more and the client reads too slowly.
const MAILBOX: usize = 1024;

/// The subprotocol, for clients that offer one: they would fail if none of theirs were chosen.
const PROTOCOLS: &[&str] = &["zoom-token-hub.v1"];

/// `GET /ws`
pub(super) async fn connect(
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
) -> Result<HttpResponse, Refused> {
    // Refused before the upgrade where that can be; one that slips through is closed by the registry.
    drop(hub.drain.admit()?);
    let transport = Transport { hub: hub.get_ref().clone(), connection: None, parts: None };
    WsResponseBuilder::new(transport, &request, payload)
        .frame_size(hub.limits.max_message_bytes)
        .protocols(PROTOCOLS)
        .start()
        .map_err(|error| Refusal::new(Code::InvalidRequest, format!("Open a WebSocket here: {error}")).into())
}

struct Transport {
    hub: Hub,
    connection: Option<Connection>,
    /// A fragmented text so far.
    parts: Option<BytesMut>,
}

struct Connection {
    /// Stored and never cloned: only then is its bound a bound.
    session: Addr<Session>,
    /// Dropped with the transport, which tells the session.
    _gone: oneshot::Sender<Infallible>,
}

impl Transport {
    fn text(&mut self, text: &str, ctx: &mut WebsocketContext<Self>) {
        let incoming = frames::decode(text, self.hub.limits.max_batch);
        self.pass(incoming, ctx);
    }

    /// Hands an event to the session and reads no further until it is taken.
    fn pass(&mut self, incoming: Incoming, ctx: &mut WebsocketContext<Self>) {
        let Some(connection) = &self.connection else {
            return;
        };
        // A session that has ended says so by its close code.
        ctx.wait(connection.session.send(incoming).into_actor(self).map(|_taken, _, _| {}));
    }

    fn alive(&self) {
        if let Some(connection) = &self.connection {
            // A session that has no room for it has heard from its client just now.
            connection.session.try_send(Alive).ok();
        }
    }

    /// Joins a fragmented text. The codec has seen to the order of the parts.
    fn part(&mut self, part: Part, ctx: &mut WebsocketContext<Self>) {
        let (chunk, is_last) = match part {
            Part::FirstText(chunk) => {
                self.parts = Some(BytesMut::new());
                (chunk, false)
            }
            Part::FirstBinary(_) => return self.pass(frames::malformed("Send text frames"), ctx),
            Part::Continue(chunk) => (chunk, false),
            Part::Last(chunk) => (chunk, true),
        };
        // The rest of a binary message, which was refused at its beginning.
        let Some(parts) = &mut self.parts else { return };
        if parts.len() + chunk.len() > self.hub.limits.max_message_bytes {
            return close(CloseCode::Size, Code::PayloadTooLarge.word(), ctx);
        }
        parts.extend_from_slice(&chunk);
        if is_last {
            let text = self.parts.take().unwrap_or_default();
            match std::str::from_utf8(&text) {
                Ok(text) => self.text(text, ctx),
                Err(_) => close(CloseCode::Invalid, "not UTF-8", ctx),
            }
        }
    }
}

/// Closes and ends the transport, which ends its session.
fn close(code: CloseCode, reason: &str, ctx: &mut WebsocketContext<Transport>) {
    ctx.close(Some(CloseReason { code, description: Some(reason.to_owned()) }));
    ctx.stop();
}

impl Actor for Transport {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        let (close_with, closing) = oneshot::channel();
        let (still_here, gone) = oneshot::channel();
        let carrier = Carrier { emit: ctx.address().recipient(), close: close_with, gone };
        let session = Session::new(self.hub.clone(), Caller::Anyone, carrier).start();
        self.connection = Some(Connection { session, _gone: still_here });
        ctx.spawn(closing.into_actor(self).map(|closing, _, ctx| {
            // Dropped without a code: the session failed.
            let code = closing.unwrap_or(Code::Internal);
            close(CloseCode::Other(code.close().unwrap_or(4500)), code.word(), ctx);
        }));
    }
}

impl Handler<Emit> for Transport {
    type Result = ();

    fn handle(&mut self, emit: Emit, ctx: &mut Self::Context) {
        match emit.what {
            Outgoing::Ping => ctx.ping(b""),
            Outgoing::Event(event, frame) => match frames::encode(&event, frame.as_ref()) {
                Ok(text) => ctx.text(text),
                Err(failed) => error!("an event could not be written: {failed}"),
            },
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Transport {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        match message {
            Ok(Message::Text(text)) => self.text(&text, ctx),
            Ok(Message::Continuation(part)) => self.part(part, ctx),
            Ok(Message::Binary(_)) => self.pass(frames::malformed("Send text frames"), ctx),
            Ok(Message::Ping(payload)) => {
                self.alive();
                ctx.pong(&payload);
            }
            Ok(Message::Pong(_)) => self.alive(),
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Nop) => {}
            Err(ProtocolError::Overflow) => close(CloseCode::Size, Code::PayloadTooLarge.word(), ctx),
            // The only fault of the stream's own that a client can cause is a text that is not UTF-8.
            Err(ProtocolError::Io(_)) => close(CloseCode::Invalid, "not UTF-8", ctx),
            Err(fault) => {
                debug!("a WebSocket client broke the protocol: {fault}");
                close(CloseCode::Protocol, "protocol error", ctx);
            }
        }
    }
}
