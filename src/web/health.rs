//! What the hub is and how it does. Nothing here calls Zoom.

use std::time::Instant;

use actix_web::http::header::{HOST, HeaderValue, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use super::assets;
use super::error::Refused;
use super::remote::Remote;
use crate::hub::Hub;
use crate::hub::events::SERVER_EVENTS;
use crate::hub::moments::iso_8601;
use crate::hub::refusal::Refusal;
use crate::hub::requests::CLIENT_EVENTS;
use crate::zoom::Health;

/// Where the tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Zoom, or what was named in its place.
    Zoom,
    /// The built-in simulator.
    Simulator,
}

/// What the hub tells of itself.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Where the tokens come from.
    pub(super) mode: Mode,
    /// When it started.
    pub(super) since: Instant,
    /// What clients are told to connect to, where the caller's `Host` would not do.
    pub(super) public_url: Option<Url>,
}

#[derive(Serialize)]
struct Index {
    service: &'static str,
    version: &'static str,
    status: &'static str,
    endpoints: Endpoints,
    websocket: Websocket,
    documentation: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoints {
    health: &'static str,
    start_meeting: &'static str,
    join_meeting: &'static str,
    batch_join: &'static str,
    setup_meeting: &'static str,
    distribute: &'static str,
    distributions: &'static str,
    distribution: &'static str,
    cancel_distribution: &'static str,
    revoke_sessions: &'static str,
    stats: &'static str,
    live: &'static str,
    ready: &'static str,
}

#[derive(Serialize)]
struct Websocket {
    url: String,
    path: &'static str,
    socketio: &'static str,
    events: Events,
}

#[derive(Serialize)]
struct Events {
    client: &'static [&'static str],
    server: &'static [&'static str],
}

/// `GET /`: the page for a browser, else what the hub is.
pub(super) async fn index(request: HttpRequest, about: web::Data<About>) -> HttpResponse {
    let mut answer =
        assets::page(&request).unwrap_or_else(|| HttpResponse::Ok().json(described(&request, &about)));
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    answer
}

fn described(request: &HttpRequest, about: &About) -> Index {
    Index {
        service: "Zoom Token Distribution Service",
        version: env!("CARGO_PKG_VERSION"),
        status: "running",
        endpoints: Endpoints {
            health: "GET /api/health",
            start_meeting: "POST /api/meetings/start",
            join_meeting: "POST /api/meetings/join",
            batch_join: "POST /api/meetings/batch-join",
            setup_meeting: "POST /api/meetings/setup",
            distribute: "POST /api/meetings/distribute",
            distributions: "GET /api/distributions",
            distribution: "GET /api/distributions/{id}",
            cancel_distribution: "POST /api/distributions/{id}/cancel",
            revoke_sessions: "POST /api/sessions/revoke",
            stats: "GET /api/stats",
            live: "GET /api/health/live",
            ready: "GET /api/health/ready",
        },
        websocket: Websocket {
            url: websocket_url(request, about.public_url.as_ref()),
            path: "/ws",
            socketio: "/socket.io/",
            events: Events { client: CLIENT_EVENTS, server: SERVER_EVENTS },
        },
        documentation: "README.md and docs/protocol.md",
    }
}

/// `PUBLIC_URL` as a WebSocket address, else what the caller knows the hub by.
fn websocket_url(request: &HttpRequest, public_url: Option<&Url>) -> String {
    if let Some(url) = public_url {
        let text = url.as_str().trim_end_matches('/');
        return match text.strip_prefix("http") {
            Some(rest) => format!("ws{rest}"),
            None => text.to_owned(),
        };
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let scheme = if Remote::of(request).over_tls { "wss" } else { "ws" };
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Healthy {
    success: bool,
    status: &'static str,
    zoom: &'static str,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
    version: &'static str,
    mode: Mode,
    /// How callers are known: the mode of the hub's own page, too.
    auth: &'static str,
    uptime_seconds: u64,
    sessions: usize,
    users: usize,
}

#[derive(Serialize)]
struct Unhealthy {
    success: bool,
    status: &'static str,
    zoom: &'static str,
    mode: Mode,
    auth: &'static str,
    error: String,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
}

/// `GET /api/health`: what the broker last learnt.
pub(super) async fn health(hub: web::Data<Hub>, about: web::Data<About>) -> HttpResponse {
    let timestamp = Timestamp::now();
    let auth = if hub.authority.asks() { "jwt" } else { "open" };
    let error = match &*hub.health.borrow() {
        Health::Connected => None,
        Health::Starting => Some("The first login at Zoom is under way".to_owned()),
        Health::Disconnected(error) => Some(error.clone()),
    };
    if let Some(error) = error {
        let (status, zoom) = ("unhealthy", "disconnected");
        return HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "5")).json(Unhealthy {
            success: false,
            status,
            zoom,
            mode: about.mode,
            auth,
            error,
            timestamp,
        });
    }
    HttpResponse::Ok().json(Healthy {
        success: true,
        status: "healthy",
        zoom: "connected",
        timestamp,
        version: env!("CARGO_PKG_VERSION"),
        mode: about.mode,
        auth,
        uptime_seconds: about.since.elapsed().as_secs(),
        sessions: hub.presence.sessions(),
        users: hub.presence.users(),
    })
}

#[derive(Serialize)]
struct Alive {
    success: bool,
    status: &'static str,
}

/// `GET /api/health/live`: 200 while it serves.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Alive { success: true, status: "live" })
}

/// `GET /api/health/ready`: 503 while it drains. Before it is ready it does not listen.
pub(super) async fn ready(hub: web::Data<Hub>) -> Result<HttpResponse, Refused> {
    if hub.drain.has_begun() {
        return Err(Refusal::shutting_down().into());
    }
    Ok(HttpResponse::Ok().json(Alive { success: true, status: "ready" }))
}
