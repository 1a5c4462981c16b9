//! What the tests stand on: a hub with its simulator, a client of sessions, and calls over HTTP.

mod client;
pub mod credentials;
#[path = "../../socketio/echo.rs"]
pub mod echo;
pub mod engine;
mod http;
mod hub;
pub mod program;
mod raw;
pub mod rows;
pub mod search;
mod shape;
pub mod stand_in;

use std::time::Duration;

pub use client::{Carrier, Client};
pub use http::{Answer, Http};
pub use hub::{Hub, MEETING};
pub use raw::send_until;
pub use shape::expect_shape;

/// No event that is due takes longer; a test that waits so long has failed.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for something that is due.
///
/// # Panics
/// It did not come within [`DEADLINE`].
pub async fn due<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(done) = actix_web::rt::time::timeout(DEADLINE, future).await else {
        panic!("{what} did not come within {DEADLINE:?}");
    };
    done
}
