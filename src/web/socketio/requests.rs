//! Requests of Engine.IO's: the handshake, polls, posts, and upgrades to a WebSocket.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use actix::{Actor, Addr, Context, Handler, Message};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, ContentType, UPGRADE};
use actix_web::web::{Data, Payload, Query};
use actix_web::{Error, HttpRequest, HttpResponse};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::Settings;
use super::connection::{Connection, Poll, Post};
use super::connections::{Connections, Sid};
use super::effect::Reply;
use super::endpoint::{Endpoint, Service};
use super::fault::Fault;
use super::link::Packets;
use super::packet;
use crate::hub::refusal::{Code, Refusal};
use crate::web::{body, websocket};

/// Everything that a request needs. Clones share their connections, and so must every worker's.
pub struct Transport<S: Service> {
    pub(super) settings: Settings,
    pub(super) service: S,
    pub(super) connections: Connections<S::Endpoint>,
}

impl<S: Service> Transport<S> {
    /// A transport without connections.
    #[must_use]
    pub fn new(settings: Settings, service: S) -> Self {
        Self { settings, service, connections: Connections::default() }
    }

    /// Waits until every connection has ended: one that polls has its goodbye by then. Give it a deadline.
    pub async fn everybody_left(&self) {
        self.connections.everybody_left().await;
    }
}

impl<S: Service> Clone for Transport<S> {
    fn clone(&self) -> Self {
        let Self { settings, service, connections } = self;
        Self { settings: *settings, service: service.clone(), connections: connections.clone() }
    }
}

impl<S: Service> fmt::Debug for Transport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

/// Any request to the transport's path. Its [`Transport`] is the application's data.
///
/// # Errors
/// Engine.IO's own, and what the service answers to a connection that it doesn't take.
pub async fn serve<S: Service>(
    request: HttpRequest,
    payload: Payload,
    transport: Data<Transport<S>>,
) -> Result<HttpResponse, Error> {
    let Query(asked) =
        Query::<Asked>::from_query(request.query_string()).map_err(|_unreadable| Fault::BadRequest)?;
    let connection = match asked.sid.as_deref() {
        None => None,
        Some(sid) => {
            let connection = Sid::parse(sid).and_then(|sid| transport.connections.get(&sid));
            Some(connection.ok_or(Fault::UnknownSession)?)
        }
    };
    match (asked.transport.as_deref(), connection) {
        (Some("polling"), Some(connection)) => match *request.method() {
            Method::GET => poll(&connection).await,
            Method::POST => post(&connection, payload, &transport.settings).await,
            _ => Err(Fault::BadRequest.into()),
        },
        (Some("websocket"), Some(connection)) => {
            let packets = Packets::of_upgrade(Arc::clone(&transport), connection);
            upgrade(packets, &transport.settings, &request, payload)
        }
        (Some("polling" | "websocket"), None) if request.method() != Method::GET => {
            Err(Fault::BadHandshakeMethod.into())
        }
        (Some("polling" | "websocket"), None) if asked.version.as_deref() != Some("4") => {
            Err(Fault::UnsupportedVersion.into())
        }
        (Some("polling"), None) => {
            let endpoint = transport.service.open(&request, transport.connections.count()).await?;
            Ok(open(&transport, endpoint))
        }
        (Some("websocket"), None) => {
            let endpoint = transport.service.open(&request, transport.connections.count()).await?;
            let packets = Packets::of_new(Arc::clone(&transport), endpoint);
            upgrade(packets, &transport.settings, &request, payload)
        }
        (Some(_) | None, _) => Err(Fault::UnknownTransport.into()),
    }
}

/// A new connection that polls.
fn open<S: Service>(transport: &Transport<S>, endpoint: S::Endpoint) -> HttpResponse {
    let Transport { settings, connections, .. } = transport;
    let sid = Sid::random();
    let open = packet::open(&sid, &["websocket"], settings);
    Connection::polling(settings, endpoint, |connection| connections.enter(sid, connection));
    text(open)
}

async fn poll<E: Endpoint>(connection: &Addr<Connection<E>>) -> Result<HttpResponse, Error> {
    let (answer, answered) = oneshot::channel();
    // Dropped with this future, when the client gives up.
    let (_still_here, gone) = oneshot::channel::<Infallible>();
    tell(connection, Poll { answer, gone })?;
    reply(answered.await)
}

async fn post<E: Endpoint>(
    connection: &Addr<Connection<E>>,
    payload: Payload,
    settings: &Settings,
) -> Result<HttpResponse, Error> {
    let body = body::within(settings.request_timeout, payload, settings.max_payload).await;
    let body =
        body.map_err(
            |Refusal { code, .. }| {
                if code == Code::PayloadTooLarge { Fault::TooLarge } else { Fault::BadRequest }
            },
        )?;
    // What is no text has no packets in it: the connection ends, as by any other nonsense.
    let payload = packet::Payload::new(String::from_utf8(body.into()).unwrap_or_default());
    let (answer, answered) = oneshot::channel();
    tell(connection, Post { payload, answer })?;
    reply(answered.await)
}

/// Has a connection take a request, whatever becomes of who made it: actix passes over a message whose sender waits no
/// more, but a poll that was given up at once must be noticed. The handle is new, so there is room for one message.
fn tell<E: Endpoint, M>(connection: &Addr<Connection<E>>, message: M) -> Result<(), Fault>
where
    M: Message<Result = ()> + Send + 'static,
    Connection<E>: Actor<Context = Context<Connection<E>>> + Handler<M>,
{
    connection.try_send(message).map_err(|_ended| Fault::UnknownSession)
}

fn upgrade<S: Service>(
    packets: Packets<S>,
    settings: &Settings,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    if !request.headers().contains_key(UPGRADE) {
        return Err(Fault::BadRequest.into());
    }
    websocket::start(packets, settings.max_payload, &[], request, payload)
}

/// A connection that ended has dropped the request.
fn reply(reply: Result<Reply, oneshot::error::RecvError>) -> Result<HttpResponse, Error> {
    match reply.unwrap_or(Reply::Refused(Fault::UnknownSession)) {
        Reply::Payload(payload) => Ok(text(payload)),
        Reply::Taken => Ok(text("ok".to_owned())),
        Reply::Refused(fault) => Err(fault.into()),
    }
}

fn text(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::plaintext())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
