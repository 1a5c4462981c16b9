//! An echo on the hub's WebSocket transport, for suites that judge a WebSocket by an echo: what comes, whole, goes back.
//!
//! Compiled with the feature `conformance` alone, which no build of the hub has; no route leads here.

use std::future::{Ready, ready};

use actix::{AsyncContext, Message, Recipient};
use actix_web::web::{Bytes, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};

use super::websocket::{self, Context, Frame, Protocol};

/// Answers an upgrade with an echo.
///
/// # Errors
/// The request is none.
pub fn echo(
    request: &HttpRequest,
    payload: Payload,
    max_message_bytes: usize,
) -> Result<HttpResponse, Error> {
    websocket::start(Echo::default(), max_message_bytes, &[], request, payload)
}

/// What is to be sent back.
#[derive(Message)]
#[rtype(result = "()")]
struct Back(Frame);

#[derive(Default)]
struct Echo {
    back: Option<Recipient<Back>>,
}

impl Echo {
    /// Through the transport's own mailbox, as all that the hub sends; nothing more is read before that is empty.
    fn send(&self, frame: Frame) -> Option<<Self as Protocol>::Taken> {
        self.back.as_ref()?.try_send(Back(frame)).ok()?;
        Some(ready(()))
    }
}

impl Protocol for Echo {
    type Send = Back;
    type Taken = Ready<()>;

    fn opened(&mut self, ctx: &mut Context<Self>) {
        self.back = Some(ctx.address().recipient());
    }

    fn text(&mut self, text: &str) -> Option<Self::Taken> {
        self.send(Frame::Text(text.into()))
    }

    fn binary(&mut self, bytes: Bytes) -> Option<Self::Taken> {
        self.send(Frame::Binary(bytes))
    }

    fn frame(&mut self, Back(frame): Back) -> Option<Frame> {
        Some(frame)
    }
}
