//! A participant: waits at the hub until its host distributes, and then has its token. It comes before or after that: the
//! hub keeps the intent, not the token, and makes one on arrival.
//!
//! ```bash
//! cargo run --example participant -- alice@example.com
//! HUB_CREDENTIAL=$(zoom-token-hub token --user alice@example.com) cargo run --example participant -- alice@example.com
//! HUB_URL=http://hub.internal:3000 WAIT_SECONDS=3600 cargo run --example participant -- alice@example.com
//! ```
//!
//! It ends with 0 when a token has come, and with 1 when none came in `WAIT_SECONDS` (300) or the hub wants it to stay
//! away. To copy it: crates `futures-util`, `rand`, `serde_json`, `tokio` and `tokio-tungstenite`, the last with its
//! feature `rustls-tls-webpki-roots` for an `https` hub.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that speaks to whoever started it")]

use std::process::ExitCode;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// To connect; to write; for a sign of life before one is asked for, and after.
const DEADLINE: Duration = Duration::from_secs(20);
const LONGEST_BACKOFF_SECONDS: f64 = 30.0;

/// What ended a connection.
enum Ended {
    /// By the token: the data of `meeting:credentials`.
    Token(Value),
    /// Come back, after so many seconds at least.
    ComeBack(String, f64),
    /// It would go the same way again.
    StayAway(String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let user = std::env::args().nth(1).unwrap_or_else(|| "alice@example.com".to_owned());
    let hub = variable("HUB_URL").unwrap_or_else(|| "http://localhost:3000".to_owned());
    let url = format!("{}/ws", hub.replacen("http", "ws", 1).trim_end_matches('/'));
    let patience = variable("WAIT_SECONDS").and_then(|text| text.parse().ok()).unwrap_or(300);
    match timeout(Duration::from_secs(patience), credentials(&url, &user)).await {
        Ok(Ok(data)) => {
            // Here the Meeting SDK joins with it, at once: nobody else has this token, and it doesn't live long.
            let (meeting, until) = (text(&data, "meetingId"), text(&data, "expiresAt"));
            let length = text(&data, "obfToken").len();
            let made = if is(&data, "simulated") { ", made by the simulator" } else { "" };
            println!("meeting {meeting}: OBF token of {length} characters, until {until}{made}");
            ExitCode::SUCCESS
        }
        Ok(Err(why)) => {
            eprintln!("staying away: {why}");
            ExitCode::FAILURE
        }
        Err(_elapsed) => {
            eprintln!("no token came in {patience} s");
            ExitCode::FAILURE
        }
    }
}

/// Connects until a token has come, or the reason to stay away.
async fn credentials(url: &str, user: &str) -> Result<Value, String> {
    let mut attempt = 0;
    loop {
        let (why, at_least) = match session(url, user, &mut attempt).await {
            Ended::Token(data) => return Ok(data),
            Ended::StayAway(why) => return Err(why),
            Ended::ComeBack(why, at_least) => (why, at_least),
        };
        // Not the same for everybody: a thousand participants must not come back in the same moment.
        let wait = 2_f64.powi(attempt).min(LONGEST_BACKOFF_SECONDS) * rand::random_range(0.5..1.0);
        let wait = wait.max(at_least);
        println!("disconnected ({why}), back in {wait:.1} s");
        sleep(Duration::from_secs_f64(wait)).await;
        attempt += 1;
    }
}

/// One connection.
async fn session(url: &str, user: &str, attempt: &mut i32) -> Ended {
    let mut socket = match timeout(DEADLINE, connect_async(url)).await {
        Ok(Ok((socket, _answer))) => socket,
        Ok(Err(error)) => return unconnected(&error),
        Err(_elapsed) => return lost("no connection in time"),
    };
    // On every connection anew. With `acks` the hub waits for a receipt, and makes another token where none comes.
    let credential = variable("HUB_CREDENTIAL");
    let hello = json!({"event": "authenticate", "data": {"userId": user, "token": credential, "acks": true}});
    if let Err(ended) = send(&mut socket, Message::text(hello.to_string())).await {
        return ended;
    }
    let mut asked = false;
    loop {
        let message = match timeout(DEADLINE, socket.next()).await {
            // A connection can be gone without a word: the hub is asked for one.
            Err(_elapsed) if asked => return lost("the hub is silent"),
            Err(_elapsed) => {
                asked = true;
                if let Err(ended) = send(&mut socket, Message::Ping("".into())).await {
                    return ended;
                }
                continue;
            }
            Ok(None) => return lost("without a close"),
            Ok(Some(Err(error))) => return lost(&error.to_string()),
            Ok(Some(Ok(message))) => message,
        };
        asked = false;
        match message {
            Message::Text(json) => {
                let frame: Value = serde_json::from_str(&json).unwrap_or_default();
                let data = frame.get("data").cloned().unwrap_or_default();
                match text(&frame, "event") {
                    "authenticated" => {
                        *attempt = 0;
                        println!("connected as {user}, waiting for a token");
                    }
                    "meeting:credentials" => {
                        // The receipt, which nothing answers, and a goodbye: the token is here, whatever becomes of them.
                        if let Some(delivery) = data.get("deliveryId") {
                            let receipt = json!({"event": "delivery:ack", "data": {"deliveryId": delivery}});
                            send(&mut socket, Message::text(receipt.to_string())).await.ok();
                        }
                        timeout(DEADLINE, socket.close(None)).await.ok();
                        return Ended::Token(data);
                    }
                    "error" => return refused(&data),
                    _ => {}
                }
            }
            Message::Close(Some(frame)) => return closed(frame.code.into(), &frame.reason),
            Message::Close(None) => return lost("without a code"),
            // The library answers the hub's pings.
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
        }
    }
}

async fn send(
    socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>,
    message: Message,
) -> Result<(), Ended> {
    match timeout(DEADLINE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(lost(&error.to_string())),
        Err(_elapsed) => Err(lost("the hub takes nothing")),
    }
}

/// 44xx and a broken protocol: stay away. So does 46xx have it without a fresh credential, and only your backend signs one.
/// 45xx, and whatever else closes a connection: come back.
fn closed(code: u16, reason: &str) -> Ended {
    let why = format!("{code} {reason}");
    match code {
        4400..=4499 | 4600..=4699 | 1002 | 1007 | 1009 => Ended::StayAway(why),
        _ => Ended::ComeBack(why, 0.0),
    }
}

fn lost(why: &str) -> Ended {
    Ended::ComeBack(why.to_owned(), 0.0)
}

/// An HTTP answer in a WebSocket's place: 4xx is meant for this client, anything else passes.
fn unconnected(error: &Error) -> Ended {
    let is_refused = matches!(error, Error::Http(answer) if answer.status().is_client_error());
    if is_refused || matches!(error, Error::Url(_)) {
        Ended::StayAway(error.to_string())
    } else {
        lost(&error.to_string())
    }
}

/// An event that was refused, which here can only be `authenticate`.
fn refused(data: &Value) -> Ended {
    let why = format!("{}: {}", text(data, "code"), text(data, "message"));
    if is(data, "retryable") && !text(data, "code").starts_with("credential_") {
        Ended::ComeBack(why, data.get("retryAfterSeconds").and_then(Value::as_f64).unwrap_or(0.0))
    } else {
        Ended::StayAway(why)
    }
}

/// A field's text, empty where there is none.
fn text<'a>(data: &'a Value, field: &str) -> &'a str {
    data.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn is(data: &Value, field: &str) -> bool {
    data.get(field).and_then(Value::as_bool).unwrap_or_default()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the hub reads its environment in one place; this is another program"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
