//! Socket.IO v5 over Engine.IO v4, for clients that call `io("http://host:3000")`.
//!
//! From the network inwards:
//!
//! ```text
//! requests (GET, POST, upgrade)    requests.rs, link.rs       HTTP and frames
//!          │                       connections.rs             which connection a `sid` is
//!          ▼
//! Connection, an actor             connection.rs              drives the engine, owns the requests that wait
//!     Engine, pure                 engine.rs, heartbeat.rs    polling, the upgrade, the heartbeat, the end
//!          │ messages              endpoint.rs                the first port
//!          ▼
//! SocketIo                         sockets.rs, wire.rs        namespaces, events, acknowledgements
//!          │ events                application.rs             the second port
//!          ▼
//! HubSessions                      sessions.rs                the hub's `Session`, as over plain WebSocket
//! ```
//!
//! Whatever takes a port's place, an echo for conformance say, runs on the very same transport. Packets and payloads are
//! read and written by the codecs of `engineioxide-core` and `socketioxide-parser-common`.

mod application;
mod connection;
mod connections;
mod effect;
mod endpoint;
mod engine;
mod fault;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod heartbeat;
mod link;
mod outbox;
mod packet;
mod requests;
mod sessions;
mod sockets;
mod wire;

use std::time::Duration;

pub use application::{Application, Arguments, Event, Refused};
pub use connection::{Connection, Line};
pub use endpoint::{Endpoint, Service, Taken};
pub use packet::Message;
pub use requests::{Transport, serve};
pub(super) use sessions::{HubService, transport};
pub use sockets::{Out, SocketIo};

/// How a transport behaves.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Between a sign of life and the question for the next.
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_timeout: Duration,
    /// How long a connection may be without a namespace.
    pub connect_timeout: Duration,
    /// How long the body of a post may take to arrive.
    pub request_timeout: Duration,
    /// Bytes of a message, of a post, and of an event's attachments.
    pub max_payload: usize,
}
