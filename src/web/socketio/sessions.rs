//! The hub's sessions over Socket.IO: the very [`Session`] of the plain WebSocket, another carrier.
//!
//! An event's first argument is its data. An acknowledgement that the client waits for is called with the answer's data,
//! beside the event. Socket.IO has no close codes: where the hub ends a session an `error` says why, and then the client
//! is told to stay away (44xx), or its connection is closed and it comes back by itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_web::{Error, HttpRequest};
use futures_util::FutureExt;
use log::error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::Settings;
use super::application::{Application, Arguments, Event, Refused};
use super::connection::Connection;
use super::endpoint::{Service, Taken};
use super::requests::Transport;
use super::sockets::{Out, SocketIo};
use crate::config::Times;
use crate::hub::Hub;
use crate::hub::carrier::{Carrier, Emit, Incoming, Outgoing, Unreadable, Watch};
use crate::hub::events::{ErrorEvent, FrameId, ServerEvent};
use crate::hub::refusal::{Code, Refusal, Retry};
use crate::hub::requests::{Authenticate, ClientEvent};
use crate::hub::session::{self, Session};
use crate::identity::{Caller, Flaw, Unproven};
use crate::names::{DeliveryId, SessionId};
use crate::secret::Secret;
use crate::web::credential;
use crate::web::error::Refused as HttpRefused;
use crate::web::frames;
use crate::web::remote::Remote;

/// The one namespace.
const NAMESPACE: &str = "/";

/// The hub's transport. Who joins no namespace may stay as long as who answers no ping.
pub(in crate::web) fn transport(hub: Arc<Hub>) -> Transport<HubService> {
    let Times { ping_interval, ping_timeout, request_timeout, .. } = hub.times;
    let connect_timeout = ping_interval + ping_timeout;
    let max_payload = hub.limits.max_message_bytes;
    let settings = Settings { ping_interval, ping_timeout, connect_timeout, request_timeout, max_payload };
    Transport::new(settings, HubService { hub, settings })
}

/// Makes the endpoints of the hub's connections.
#[derive(Clone, Debug)]
pub(in crate::web) struct HubService {
    hub: Arc<Hub>,
    settings: Settings,
}

impl Service for HubService {
    type Endpoint = SocketIo<HubSessions>;

    async fn open(&self, request: &HttpRequest, beside: usize) -> Result<Self::Endpoint, Error> {
        // Judged again when it joins.
        drop(self.hub.drain.admit().map_err(HttpRefused::from)?);
        // Connections that join nothing are no sessions, and cost as much.
        self.hub.has_room(beside).map_err(HttpRefused::from)?;
        let opener = credential::caller(&self.hub, request).await.map_err(HttpRefused::from)?;
        let (hub, address) = (Arc::clone(&self.hub), Remote::of(request).address);
        Ok(SocketIo::new(
            HubSessions { hub, address, opener, joined: None, deliveries: VecDeque::new(), next: 0 },
            &self.settings,
        ))
    }
}

/// One connection's session, from its joining the namespace until it leaves.
pub(in crate::web) struct HubSessions {
    hub: Arc<Hub>,
    address: IpAddr,
    /// Who opened the connection, by its `Authorization`.
    opener: Caller,
    joined: Option<Joined>,
    /// Deliveries whose acknowledgement may come, the newest last: a client that knows no acknowledgements leaves them be.
    deliveries: VecDeque<DeliveryId>,
    /// The number of the next one.
    next: i64,
}

/// Acknowledgements that are waited for at most; of more the oldest mean nothing.
const DELIVERIES: usize = 1024;

struct Joined {
    id: SessionId,
    /// Stored and never cloned: only then is its bound a bound.
    session: Addr<Session>,
    /// Dropped when the client leaves, which tells the session.
    _gone: oneshot::Sender<Infallible>,
}

/// A session ended, with its code; dropped without one: it failed.
#[derive(Debug)]
pub(in crate::web) struct Ended(SessionId, Code);

#[derive(Serialize)]
struct Reason<'a> {
    code: Code,
    message: &'a str,
    retryable: bool,
}

/// What a client says as it joins.
#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    token: Option<Secret>,
}

impl HubSessions {
    /// Who joins, by the `token` that it says.
    fn identified(&self, auth: Option<&RawValue>) -> Result<Option<Caller>, Refusal> {
        let Some(auth) = auth.filter(|_| self.hub.authority.asks()) else {
            return Ok(None);
        };
        let Auth { token } = serde_json::from_str(auth.get())
            .map_err(|_quotes_it| Refusal::from(Unproven::Invalid(Flaw::Malformed)))?;
        let credential = token.filter(|token| !token.reveal().is_empty());
        let identify = |credential| self.hub.authority.identify(&credential, "a Socket.IO connect");
        Ok(credential.map(identify).transpose()?)
    }

    /// The number that an event's acknowledgement has, where it is a receipt.
    fn number(&mut self, event: &ServerEvent) -> Option<i64> {
        let ServerEvent::Credentials(token) = event else { return None };
        let delivery = token.delivery()?;
        if self.deliveries.len() >= DELIVERIES {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(delivery);
        self.next += 1;
        Some(self.next - 1)
    }

    /// The delivery that has this number.
    fn delivery(&self, number: i64) -> Option<DeliveryId> {
        let behind = usize::try_from(self.next.checked_sub(number)?).ok()?;
        self.deliveries.get(self.deliveries.len().checked_sub(behind)?).copied()
    }

    fn incoming(&self, event: &Event<'_>) -> Incoming {
        let data = event.arguments.first().map(|data| data.get());
        let read = if event.attachments.is_empty() {
            frames::event(event.name, data, self.hub.limits.max_batch)
        } else {
            Err(Refusal::new(Code::MalformedFrame, "Events carry no binary attachments"))
        };
        let by = read.as_ref().ok().and_then(ClientEvent::answered_by).unwrap_or("error");
        Incoming {
            event: read.map_err(|refusal| Unreadable { refusal, event: Some(frames::cut(event.name)) }),
            frame: event.acknowledgement.map(|id| FrameId::Acknowledgement { id, by }),
        }
    }
}

impl Application for HubSessions {
    type Later = Ended;

    fn connect(
        &mut self,
        namespace: &str,
        auth: Option<&RawValue>,
        out: &mut Out<'_, '_, Self>,
    ) -> Result<String, Refused> {
        if namespace != NAMESPACE {
            return Err(Refused::Unknown);
        }
        drop(self.hub.drain.admit().map_err(refused)?);
        let identified =
            self.identified(auth).map_err(|bad| slowed(bad, self.hub.authority.penalty(self.address)))?;
        let caller = identified.clone().unwrap_or_else(|| self.opener.clone());
        let (close, closing) = oneshot::channel();
        let (still_here, gone) = oneshot::channel();
        let (emit, address) = (out.address().recipient(), self.address);
        let carrier = Carrier { address, watch: Watch::Carrier, emit, close, gone };
        let session = Session::new(Arc::clone(&self.hub), caller, carrier);
        let (id, session) = (session.id(), session.start());
        if let Some(Caller::Known(identity)) = identified {
            // Answered unasked, once the client knows that it has joined. The mailbox is new and empty.
            let user = identity.user.clone();
            let event = Ok(ClientEvent::Authenticate(Authenticate { user, credential: None, acks: false }));
            session.try_send(Incoming { event, frame: None }).ok();
        }
        self.joined = Some(Joined { id, session, _gone: still_here });
        out.wait(closing.map(move |code| Ended(id, code.unwrap_or(Code::Internal))));
        Ok(id.to_string())
    }

    fn event(&mut self, event: Event<'_>, _out: &mut Out<'_, '_, Self>) -> Taken {
        let joined = self.joined.as_ref()?;
        // A session that has ended says so by itself.
        Some(session::hand(&joined.session, self.incoming(&event))?.map(|_taken| ()).boxed_local())
    }

    fn acknowledged(
        &mut self,
        _namespace: &str,
        id: i64,
        _arguments: Arguments,
        _out: &mut Out<'_, '_, Self>,
    ) -> Taken {
        let delivery = self.delivery(id)?;
        let incoming = Incoming { event: Ok(ClientEvent::Receipt(delivery)), frame: None };
        let session = &self.joined.as_ref()?.session;
        Some(session::hand(session, incoming)?.map(|_taken| ()).boxed_local())
    }

    fn left(&mut self, _namespace: &str) {
        self.joined = None;
        self.deliveries.clear();
    }

    fn later(&mut self, Ended(id, code): Ended, out: &mut Out<'_, '_, Self>) {
        if self.joined.as_ref().is_none_or(|joined| joined.id != id) {
            return;
        }
        let refusal = Refusal::new(code, format!("The session ends: {code}"));
        let error = ServerEvent::Error(Arc::new(ErrorEvent::new(refusal, None, None)));
        emit(&error, None, None, out);
        if code.close().is_some_and(|close| (4400..4500).contains(&close)) {
            out.disconnect(NAMESPACE);
        }
        out.close();
    }
}

/// A refusal to join. Where the advice is to come back as it is, the client is left to do so.
fn refused(refusal: Refusal) -> Refused {
    let Refusal { code, message, .. } = refusal;
    if code.retryable() && code.retry() != Retry::Fresh {
        return Refused::NotNow;
    }
    let reason = Reason { code, message: &message, retryable: code.retryable() };
    let data = serde_json::value::to_raw_value(&reason).ok();
    Refused::Because { message: code.word().to_owned(), data, after: Duration::ZERO }
}

/// A refusal to join that comes late.
fn slowed(refusal: Refusal, wait: Duration) -> Refused {
    match refused(refusal) {
        Refused::Because { message, data, .. } => Refused::Because { message, data, after: wait },
        other @ (Refused::Unknown | Refused::NotNow) => other,
    }
}

/// Writes an event, and calls the acknowledgement that it answers.
fn emit(
    event: &ServerEvent,
    answers: Option<&FrameId>,
    number: Option<i64>,
    out: &mut Out<'_, '_, HubSessions>,
) {
    let data = match serde_json::value::to_raw_value(event) {
        Ok(data) => data,
        Err(failed) => return error!("an event could not be written: {failed}"),
    };
    let arguments = || Arguments::raw(&[&data], VecDeque::new());
    out.emit(NAMESPACE, event.name(), arguments(), number);
    if let Some(FrameId::Acknowledgement { id, by }) = answers
        && (event.name() == *by || matches!(event, ServerEvent::Error(_)))
    {
        out.acknowledge(NAMESPACE, *id, arguments());
    }
}

/// What a session says. One that has been left has nothing to say to the next.
impl Handler<Emit> for Connection<SocketIo<HubSessions>> {
    type Result = ();

    fn handle(&mut self, Emit { from, what, .. }: Emit, ctx: &mut Self::Context) {
        let Outgoing::Event(event, answers) = what else { return };
        self.with_endpoint(ctx, |endpoint, line| {
            endpoint.with_application(line, |sessions, out| {
                if sessions.joined.as_ref().is_some_and(|joined| joined.id == from) {
                    let number = sessions.number(&event);
                    emit(&event, answers.as_ref(), number, out);
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_join_is_told_why_and_who_should_come_back_is_let_go() {
        let refusal = Refusal::new(Code::OriginRefused, "not you");
        let Refused::Because { message, data, .. } = refused(refusal) else { panic!("it stays away") };
        let data = data.unwrap();
        assert_eq!(message, "origin_refused");
        assert_eq!(data.get(), r#"{"code":"origin_refused","message":"not you","retryable":false}"#);
        assert!(matches!(refused(Refusal::shutting_down()), Refused::NotNow));
    }
}
