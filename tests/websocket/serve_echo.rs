//! Serves an echo on the hub's WebSocket transport, at any free port or at the one that is named, for Autobahn's cases.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool of the tests'"
)]
#![allow(missing_docs, reason = "a tool of the tests'")]

use std::time::Duration;

use actix_web::web::{self, Payload};
use actix_web::{App, HttpRequest, HttpServer};
use zoom_token_hub::web::conformance;

/// The largest message of the cases has 16 MiB.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

#[actix_web::main]
async fn main() {
    env_logger::init();
    let port: u16 = std::env::args().nth(1).map_or(0, |port| port.parse().unwrap());
    let echo = async |request: HttpRequest, payload: Payload| {
        conformance::echo(&request, payload, MAX_MESSAGE_BYTES)
    };
    // As the hub's own server.
    let server = HttpServer::new(move || App::new().service(web::resource("/").to(echo)))
        .client_disconnect_timeout(Duration::from_millis(500))
        .h1_allow_half_closed(false)
        .tcp_nodelay(true)
        .workers(2)
        .bind(("127.0.0.1", port))
        .unwrap();
    println!("Listening: {}", server.addrs()[0]);
    server.run().await.unwrap();
}
