//! Socket.IO by its protocol: the cases of its own test suite in our words, and some where that is silent. Those about
//! Engine.IO beneath it are in `engine_io.rs`, where each runs at both ends.
//!
//! What is spoken to is an echo in two namespaces, `/` and `/custom`: it tells what came with the connection as `auth`,
//! sends `message` back as `message-back`, acknowledges `message-with-ack` with what came, and answers `ask` with a
//! `question` that it wants acknowledged, and that with `answered`.

mod acknowledge;
mod connect;
mod disconnect;
mod events;

use std::time::Duration;

use zoom_token_hub::web::socketio::Settings;

use crate::harness::echo::SETTINGS;
use crate::harness::engine::{Engine, Frames};

/// In no haste, for what is not about time: a busy machine may be late.
const PATIENT: Settings =
    Settings { ping_interval: Duration::from_mins(1), connect_timeout: Duration::from_mins(1), ..SETTINGS };

/// A WebSocket that has not connected to any namespace yet.
async fn opened(settings: Settings) -> Frames {
    Engine::of_echo("/socket.io/", settings).by_websocket().await
}

/// A WebSocket that is connected to the main namespace.
async fn connected(settings: Settings) -> Frames {
    let mut frames = opened(settings).await;
    frames.send("40").await;
    frames.expect_json("40").await;
    frames.expect(r#"42["auth",{}]"#).await;
    frames
}
