//! Serves the echo at port 3000, or at the one that is named, for the protocols' own suites.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool of the tests'"
)]
#![allow(missing_docs, reason = "a tool of the tests'")]

mod echo;

#[actix_web::main]
async fn main() {
    let port = std::env::args().nth(1).map_or(3000, |port| port.parse().unwrap());
    println!("Listening: {}", echo::start(port, echo::SETTINGS));
    std::future::pending::<()>().await;
}
