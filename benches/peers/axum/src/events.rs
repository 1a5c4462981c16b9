//! The events of Socket.IO's clients.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use socketioxide::extract::{AckSender, Data, Extension, MaybeExtension, SocketRef, State};
use tokio::time::sleep;

use crate::hub::{Hub, Unconfirmed};
use crate::messages::{Authenticate, Credentials, Distribute, Join, Receipt, now};
use crate::zoom::ZoomError;

/// Whose socket it is.
#[derive(Clone)]
struct User(String);

type TheHub = State<Arc<Hub>>;

/// Readies a socket. As a middleware: a handler is called once the client knows that it is connected, and what that one
/// says at once would be lost.
pub async fn ready(socket: SocketRef, State(hub): TheHub) -> Result<(), Infallible> {
    hub.opened();
    socket.extensions.insert(Unconfirmed::default());
    socket.on("authenticate", authenticate);
    socket.on("meeting:join", join);
    socket.on("meeting:distribute", distribute);
    socket.on("delivery:ack", confirm);
    socket.on("ping", ping);
    socket.on_disconnect(disconnected);
    Ok(())
}

async fn authenticate(
    socket: SocketRef,
    Data(Authenticate { user_id }): Data<Authenticate>,
    State(hub): TheHub,
    ack: AckSender,
) {
    socket.extensions.insert(User(user_id.clone()));
    until_connected(&socket).await;
    hub.authenticated(user_id.clone(), socket.clone());
    let authenticated = json!({
        "success": true, "userId": user_id, "socketId": socket.id, "timestamp": now(), "meetings": [],
    });
    answer(&socket, ack, "authenticated", &authenticated);
}

/// The client is told that it is connected a moment before the socket may be spoken to, and can be quicker than that.
async fn until_connected(socket: &SocketRef) {
    for _ in 0..100 {
        if socket.connected() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn disconnected(socket: SocketRef, State(hub): TheHub, MaybeExtension(user): MaybeExtension<User>) {
    hub.closed(&socket, user.as_ref().map(|User(user)| user.as_str()));
}

async fn ping(socket: SocketRef, ack: AckSender) {
    answer(&socket, ack, "pong", &json!({"timestamp": now()}));
}

async fn confirm(
    Data(Receipt { delivery_id }): Data<Receipt>,
    Extension(unconfirmed): Extension<Unconfirmed>,
) {
    let mut unconfirmed = unconfirmed.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(confirmed) = unconfirmed.remove(&delivery_id) {
        confirmed.store(true, Ordering::Relaxed);
    }
}

async fn join(socket: SocketRef, Data(join): Data<Join>, State(hub): TheHub, ack: AckSender) {
    let Join { meeting_id, user_id } = join;
    match hub.zoom.obf(&user_id, &meeting_id).await {
        Ok(minted) => {
            answer(
                &socket,
                ack,
                "meeting:credentials",
                &Credentials::new(&meeting_id, &user_id, &minted, None),
            );
        }
        Err(error) => refuse(&socket, ack, "meeting:join", "Failed to join meeting", &error),
    }
}

async fn distribute(socket: SocketRef, Data(wanted): Data<Distribute>, State(hub): TheHub, ack: AckSender) {
    match hub.distribute(&socket, wanted).await {
        Ok(report) => answer(&socket, ack, "meeting:distributed", &report),
        Err(error) => refuse(&socket, ack, "meeting:distribute", "Failed to distribute tokens", &error),
    }
}

/// By an event, and to the callback where the client gave one. A client that has left hears neither.
fn answer(socket: &SocketRef, ack: AckSender, event: &str, data: &impl Serialize) {
    socket.emit(event, data).ok();
    ack.send(data).ok();
}

fn refuse(socket: &SocketRef, ack: AckSender, event: &str, message: &str, error: &ZoomError) {
    let ZoomError { code, message: detail } = error;
    let refusal = json!({
        "message": message, "code": code, "event": event, "retryable": error.retryable(), "error": detail,
    });
    answer(socket, ack, "error", &refusal);
}
