//! Engine.IO by its protocol: the cases of its own test suite in our words, and some where that is silent.
//!
//! Socket.IO's suite has most of them again, so they run at both ends: an echo of Engine.IO's messages, and one of
//! Socket.IO's events. There is no hub here; what carries one is built of the same parts.

mod close;
mod handshake;
mod heartbeat;
mod limits;
mod messages;
mod refusals;
mod switching;
mod upgrade;

use std::time::Duration;

use zoom_token_hub::web::socketio::Settings;

use crate::harness::echo::SETTINGS;
use crate::harness::engine::{Engine, Frames, Polls};

const ENGINE_IO: &str = "/engine.io/";
const SOCKET_IO: &str = "/socket.io/";

/// As the suites want it: it pings after 300 ms, and waits for 200 ms.
fn hasty(path: &'static str) -> Engine {
    Engine::of_echo(path, SETTINGS)
}

/// In no haste, for what is not about time: a busy machine may be late.
fn engine(path: &'static str) -> Engine {
    const MINUTE: Duration = Duration::from_mins(1);
    let settings = Settings { ping_interval: MINUTE, connect_timeout: MINUTE, ..SETTINGS };
    Engine::of_echo(path, settings)
}

/// A session by long-polling at the echo of messages.
async fn polls() -> Polls {
    engine(ENGINE_IO).by_polling().await
}

/// A session by WebSocket at the echo of messages.
async fn frames() -> Frames {
    engine(ENGINE_IO).by_websocket().await
}

/// Shows that a session goes on: what is sent is answered.
async fn lives(frames: &mut Frames, path: &str) {
    if path == ENGINE_IO {
        frames.send("4hello").await;
        frames.expect("4hello").await;
    } else {
        frames.send("40").await;
        frames.expect_json("40").await;
    }
}
