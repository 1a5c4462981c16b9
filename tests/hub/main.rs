//! What users rely on, a module a capability: the real hub on a free port, the real HTTP client, the built-in simulator
//! by its address in Zoom's place. Tests wait for events with deadlines and never sleep and hope.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking, and its helpers are nobody's library"
)]

mod assets;
mod audit;
mod canary;
mod cannot_start;
mod check;
mod credentials;
mod cuts;
mod distribution;
mod engine_io;
mod harness;
mod holds;
mod hostile;
mod limits;
mod origin;
mod pace;
mod permissions;
mod presence;
mod program;
mod protocol_document;
mod receipts;
mod remembered;
mod repeats;
mod rest;
mod rest_bodies;
mod rest_errors;
mod rest_headers;
mod rest_meetings;
mod rest_pushes;
mod secrets;
mod sessions;
mod simulator_document;
mod socket_io;
mod socket_io_sessions;
mod stalled;
mod stalled_by_default;
mod standing;
mod stats;
mod stop;
mod token_command;
mod upgrades;
mod zoom;
