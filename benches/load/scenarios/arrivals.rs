//! Absent participants are waited for, and come one after the other.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{MEETING, Stage, need_clients};
use crate::Attempt;
use crate::carrier::Socket;
use crate::clients::{Crowd, session};
use crate::figures::{Figure, Measurement, Unit, number};
use crate::frames::{self, Event};
use crate::press::press;
use crate::spread::{milliseconds, percentile};

const PARTICIPANTS: usize = 500;
const OVER: Duration = Duration::from_mins(1);
/// A token that is not there by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// Calls a second, as a business account has them.
const RATE: u32 = 80;

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + 1)?;
    let (hub, mut zoom) = stage.set(super::Behaviour::default(), RATE).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    let users: Vec<_> = (1..=PARTICIPANTS).map(|number| format!("absent-{number}")).collect();
    let pressed = press(&mut host, &users, MEETING).await?;
    let early = zoom.counts().await?.calls;
    let start = Instant::now();
    let mut arrivals = Vec::with_capacity(PARTICIPANTS);
    for (user, nth) in users.into_iter().zip(0_u32..) {
        let (at, hub) = (start + OVER * nth / 500, hub.address());
        arrivals.push(tokio::spawn(async move {
            sleep_until(at).await;
            arrive(hub, &user).await.map_err(|error| error.to_string())
        }));
    }
    let (mut after, mut there, mut lost, mut notes) = (Vec::new(), Vec::new(), 0, Vec::new());
    for arrival in arrivals {
        match arrival.await? {
            Ok(Some((took, socket))) => {
                after.push(took);
                there.push(socket);
            }
            Ok(None) => lost += 1,
            Err(error) => notes.push(error),
        }
    }
    after.sort_unstable();
    let after = milliseconds(after);
    // The host's ZAK is the one that may be minted before anybody is there.
    let early = early.saturating_sub(1);
    let figures = vec![
        Figure::count("waited for", pressed.report.pending).at_least(number(PARTICIPANTS)),
        Figure::count("tokens minted before arrival", early).at_most(0.0),
        Figure::count("lost", lost).at_most(0.0),
        Figure::new("arrival to token, median", percentile(&after, 50), Unit::Milliseconds),
        Figure::new("arrival to token, p99", percentile(&after, 99), Unit::Milliseconds),
        Figure::new("arrival to token, the last", percentile(&after, 100), Unit::Milliseconds)
            .at_most(1000.0),
        Figure::count("calls at Zoom", zoom.counts().await?.calls),
    ];
    drop(there);
    Ok(Measurement { figures, notes })
}

/// Comes, waits for its token and confirms it: how long that took, from its first word to the hub, and the connection.
async fn arrive(hub: SocketAddr, user: &str) -> Attempt<Option<(Duration, Socket)>> {
    let came = Instant::now();
    let mut socket = session(hub, user).await?;
    let Ok(delivery) = timeout(PATIENCE, delivered(&mut socket, user)).await else { return Ok(None) };
    let (took, delivery) = (came.elapsed(), delivery?);
    let receipt = json!({"event": "delivery:ack", "data": {"deliveryId": delivery}});
    socket.send(Message::text(receipt.to_string())).await?;
    Ok(Some((took, socket)))
}

/// What the delivery of this user's token is called.
async fn delivered(socket: &mut Socket, user: &str) -> Attempt<Option<String>> {
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message?
            && let (Event::Token { of, delivery }, _) = frames::read(&text)?
        {
            return if of == user { Ok(delivery) } else { Err(format!("{user} got {of}'s token").into()) };
        }
    }
    Err("the hub closed a session".into())
}
