//! What Zoom gives us, and nothing about who wants it.
//!
//! [`api`] holds the wire types, `answer` reads Zoom's answers, `client` makes the calls, `access` keeps the access
//! token, and [`broker`] is the actor in front of them.

mod access;
mod answer;
pub mod api;
pub mod broker;
mod client;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod granted;
mod lease;
mod limits;
pub mod schedule;

pub use access::Health;
pub use client::{ClientError, tls};
pub use granted::Granted;
pub use lease::IssuedToken;
