//! HTTP in, HTTP out: the table of routes, and what goes around each.

mod app;
mod assets;
mod body;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;
mod credential;
mod distributions;
mod envelope;
mod error;
mod fields;
mod frames;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod health;
mod incoming;
mod json;
mod listen;
mod meetings;
#[cfg(feature = "micro")]
pub(crate) mod micro;
pub mod open_files;
mod origin;
mod plain;
mod rates;
mod remote;
mod sessions;
pub mod socketio;
mod stats;
mod unread;
mod upgrade;
mod websocket;

use std::future::ready;

use actix_web::guard;
use actix_web::{HttpRequest, Resource, Route, web};

pub use app::{App, AppError};
pub use health::Mode;
pub use listen::ListenError;

/// Every path of the hub's, the seed's first.
fn routes(service: &mut web::ServiceConfig) {
    service
        .service(resource("/", "GET, HEAD", read().to(health::index)))
        .service(resource("/api/health", "GET, HEAD", read().to(health::health)))
        .service(resource("/api/meetings/start", "POST", web::post().to(meetings::start)))
        .service(resource("/api/meetings/join", "POST", web::post().to(meetings::join)))
        .service(resource("/api/meetings/batch-join", "POST", web::post().to(meetings::batch_join)))
        .service(resource("/api/meetings/setup", "POST", web::post().to(meetings::set_up)))
        .service(resource("/api/meetings/distribute", "POST", web::post().to(distributions::distribute)))
        .service(resource("/api/distributions", "GET, HEAD", read().to(distributions::list)))
        .service(resource("/api/distributions/{id}", "GET, HEAD", read().to(distributions::show)))
        .service(resource("/api/distributions/{id}/cancel", "POST", web::post().to(distributions::cancel)))
        .service(resource("/api/stats", "GET, HEAD", read().to(stats::stats)))
        .service(resource("/api/health/live", "GET, HEAD", read().to(health::live)))
        .service(resource("/api/health/ready", "GET, HEAD", read().to(health::ready)))
        .service(resource("/api/sessions/revoke", "POST", web::post().to(sessions::revoke)))
        .service(resource("/ws", "GET", web::get().to(plain::connect)))
        .service(web::resource(["/socket.io", "/socket.io/"]).to(socketio::serve::<socketio::HubService>))
        .default_service(web::to(|request: HttpRequest| ready(assets::file(&request))));
}

/// A path with one route; any other method is told which there are.
fn resource(path: &str, allowed: &'static str, route: Route) -> Resource {
    let refuse = move || ready(error::method_not_allowed(allowed));
    web::resource(path).route(route).default_service(web::to(refuse))
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
