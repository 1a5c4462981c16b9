//! An echo for conformance: the hub's transport, with an echo in the place of each of its two ports. Engine.IO at
//! `/engine.io/` sends every message back. Socket.IO at `/socket.io/`, in the namespaces `/` and `/custom`, tells what it
//! was given for authentication (`auth`), sends `message` back as `message-back`, acknowledges `message-with-ack`, and at
//! `ask` sends a `question`, whose acknowledgement comes back as `answered`.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpRequest, HttpServer};
use serde_json::value::RawValue;
use zoom_token_hub::web::socketio::{
    self, Application, Arguments, Endpoint, Event, Line, Message, Out, Refused, Service, Settings, SocketIo,
    Taken, Transport,
};

/// The settings that the protocols' own suites want.
pub(crate) const SETTINGS: Settings = Settings {
    ping_interval: Duration::from_millis(300),
    ping_timeout: Duration::from_millis(200),
    connect_timeout: Duration::from_millis(1500),
    request_timeout: Duration::from_secs(1),
    max_payload: 1_000_000,
};

/// Serves the echo; answers where.
///
/// # Panics
/// The port is taken.
pub(crate) fn start(port: u16, settings: Settings) -> SocketAddr {
    let engine = Data::new(Transport::new(settings, EngineEcho));
    let sockets = Data::new(Transport::new(settings, SocketEcho(settings)));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(engine.clone())
            .app_data(sockets.clone())
            .service(web::resource("/engine.io/").to(socketio::serve::<EngineEcho>))
            .service(web::resource("/socket.io/").to(socketio::serve::<SocketEcho>))
    });
    let server = server.h1_allow_half_closed(false).workers(2).disable_signals();
    let server = server.bind(("127.0.0.1", port)).unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

/// Sends Engine.IO's messages back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineEcho;

impl Service for EngineEcho {
    type Endpoint = Self;

    async fn open(&self, _request: &HttpRequest, _beside: usize) -> Result<Self::Endpoint, Error> {
        Ok(Self)
    }
}

impl Endpoint for EngineEcho {
    type Later = ();

    fn message(&mut self, message: Message, line: &mut Line<'_, Self>) -> Taken {
        line.send(message);
        None
    }

    fn later(&mut self, (): Self::Later, _line: &mut Line<'_, Self>) {}
}

/// Sends Socket.IO's events back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SocketEcho(Settings);

impl Service for SocketEcho {
    type Endpoint = SocketIo<Self>;

    async fn open(&self, _request: &HttpRequest, _beside: usize) -> Result<Self::Endpoint, Error> {
        Ok(SocketIo::new(*self, &self.0))
    }
}

impl Application for SocketEcho {
    type Later = ();

    fn connect(
        &mut self,
        namespace: &str,
        _auth: Option<&RawValue>,
        _out: &mut Out<'_, '_, Self>,
    ) -> Result<String, Refused> {
        if ["/", "/custom"].contains(&namespace) { Ok("someone".to_owned()) } else { Err(Refused::Unknown) }
    }

    fn connected(&mut self, namespace: &str, auth: Option<&RawValue>, out: &mut Out<'_, '_, Self>) {
        let auth = auth.map_or_else(|| Arguments::one(&serde_json::json!({})), Arguments::one);
        out.emit(namespace, "auth", auth.unwrap(), None);
    }

    fn event(&mut self, event: Event<'_>, out: &mut Out<'_, '_, Self>) -> Taken {
        let Event { namespace, name, arguments, attachments, acknowledgement } = event;
        let arguments = Arguments::raw(arguments, attachments);
        match (name, acknowledgement) {
            ("message", None) => out.emit(namespace, "message-back", arguments, None),
            ("message-with-ack", Some(id)) => out.acknowledge(namespace, id, arguments),
            ("ask", None) => out.emit(namespace, "question", arguments, Some(7)),
            _ => {}
        }
        None
    }

    fn acknowledged(
        &mut self,
        namespace: &str,
        id: i64,
        arguments: Arguments,
        out: &mut Out<'_, '_, Self>,
    ) -> Taken {
        if id == 7 {
            out.emit(namespace, "answered", arguments, None);
        }
        None
    }

    fn left(&mut self, _namespace: &str) {}

    fn later(&mut self, (): Self::Later, _out: &mut Out<'_, '_, Self>) {}
}
