//! The plain WebSocket at `/ws`: a JSON text frame an event. What is said is the session's business.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use actix::dev::Request;
use actix::prelude::*;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::future::Map;
use log::error;
use tokio::sync::oneshot;

use super::credential::{self, SUBPROTOCOL};
use super::error::Refused;
use super::frames;
use super::remote::Remote;
use super::websocket::{self, Context, Frame, Protocol};
use crate::hub::Hub;
use crate::hub::carrier::{Alive, Carrier, Emit, Incoming, Outgoing, Watch};
use crate::hub::events::{ErrorEvent, ServerEvent};
use crate::hub::refusal::{Code, Refusal};
use crate::hub::session::{self, Session};
use crate::identity::Caller;

/// `GET /ws`
pub(super) async fn connect(
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
) -> Result<HttpResponse, Refused> {
    // Refused before the upgrade where that can be; one that slips through is closed by the registry.
    drop(hub.drain.admit()?);
    hub.has_room(0)?;
    let entry = match credential::offered(request.headers())? {
        // Refused over the open connection: a browser learns nothing of a handshake that fails.
        Some(offered) => credential::identify(&hub, &offered, &request).await,
        None => Ok(credential::caller(&hub, &request).await?),
    };
    let max_message_bytes = hub.limits.max_message_bytes;
    let address = Remote::of(&request).address;
    let events = Events { hub: hub.into_inner(), address, entry: Some(entry), connection: None };
    websocket::start(events, max_message_bytes, &[SUBPROTOCOL], &request, payload)
        .map_err(|error| Refusal::new(Code::InvalidRequest, format!("Open a WebSocket here: {error}")).into())
}

/// A session's events over one WebSocket.
struct Events {
    hub: Arc<Hub>,
    address: IpAddr,
    /// Who opens it, as far as the handshake shows; taken when it is open.
    entry: Option<Result<Caller, Refusal>>,
    connection: Option<Connection>,
}

struct Connection {
    /// Stored and never cloned: only then is its bound a bound.
    session: Addr<Session>,
    /// Dropped with the transport, which tells the session.
    _gone: oneshot::Sender<Infallible>,
}

impl Events {
    /// Hands an event to the session. One that has ended says so by its close code.
    fn pass(&self, incoming: Incoming) -> Option<<Self as Protocol>::Taken> {
        let connection = self.connection.as_ref()?;
        Some(session::hand(&connection.session, incoming)?.map(|_taken| ()))
    }

    /// Says why, and closes.
    fn turn_away(refusal: Refusal, ctx: &mut Context<Self>) {
        let code = refusal.code;
        let error = ServerEvent::Error(Arc::new(ErrorEvent::new(refusal, None, None)));
        match frames::encode(&error, None) {
            Ok(text) => ctx.text(text),
            Err(failed) => error!("an event could not be written: {failed}"),
        }
        websocket::close(websocket::reason(code), ctx);
    }
}

impl Protocol for Events {
    type Send = Emit;
    type Taken = Map<Request<Session, Incoming>, fn(Result<(), MailboxError>)>;

    fn opened(&mut self, ctx: &mut Context<Self>) {
        let caller = match self.entry.take() {
            Some(Ok(caller)) => caller,
            Some(Err(refusal)) => return Self::turn_away(refusal, ctx),
            None => return,
        };
        let (close, closing) = oneshot::channel();
        let (still_here, gone) = oneshot::channel();
        let emit = ctx.address().recipient();
        let carrier = Carrier { address: self.address, watch: Watch::Session, emit, close, gone };
        let session = Session::new(Arc::clone(&self.hub), caller, carrier).start();
        self.connection = Some(Connection { session, _gone: still_here });
        ctx.spawn(actix::fut::wrap_future(closing).map(|closing: Result<Code, _>, _, ctx| {
            // Dropped without a code: the session failed.
            websocket::close(websocket::reason(closing.unwrap_or(Code::Internal)), ctx);
        }));
    }

    fn text(&mut self, text: &str) -> Option<Self::Taken> {
        self.pass(frames::decode(text, self.hub.limits.max_batch))
    }

    fn binary(&mut self, _bytes: Bytes) -> Option<Self::Taken> {
        self.pass(frames::malformed("Send text frames"))
    }

    fn alive(&self) {
        if let Some(connection) = &self.connection {
            // A session that has no room for it has heard from its client just now.
            connection.session.try_send(Alive).ok();
        }
    }

    fn frame(&mut self, emit: Emit) -> Option<Frame> {
        match emit.what {
            Outgoing::Ping => Some(Frame::Ping),
            Outgoing::Event(event, frame) => match frames::encode(&event, frame.as_ref()) {
                Ok(text) => Some(Frame::Text(text.into())),
                Err(failed) => {
                    error!("an event could not be written: {failed}");
                    None
                }
            },
        }
    }
}
