//! Clients that come and go: they connect, authenticate, ask once or join, and leave, most of them without a goodbye.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::clients::session;
use crate::{Attempt, due};

/// Ten come in a second.
const EVERY: Duration = Duration::from_millis(100);
const STAYS: Duration = Duration::from_secs(3);
const DEADLINE: Duration = Duration::from_secs(20);
/// Users that take turns.
const USERS: usize = 200;

/// All that have come so far.
#[derive(Debug)]
pub(super) struct Churn {
    hub: SocketAddr,
    here: JoinSet<Attempt<()>>,
    pub(super) came: usize,
    /// Why each that was not served was not.
    pub(super) failed: Vec<String>,
}

impl Churn {
    pub(super) fn at(hub: SocketAddr) -> Self {
        Self { hub, here: JoinSet::new(), came: 0, failed: Vec::new() }
    }

    pub(super) async fn run(&mut self, until: Instant) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = sleep_until(until) => return,
                _ = ticks.tick() => {
                    drop(self.here.spawn(visit(self.hub, self.came)));
                    self.came += 1;
                }
                Some(gone) = self.here.join_next() => self.note(gone),
            }
        }
    }

    pub(super) async fn leave(&mut self) {
        while let Some(gone) = self.here.join_next().await {
            self.note(gone);
        }
    }

    fn note(&mut self, gone: Result<Attempt<()>, tokio::task::JoinError>) {
        let gone = gone.map_err(Into::into).flatten();
        self.failed.extend(gone.err().map(|why| format!("one that came and went: {why}")));
    }
}

async fn visit(hub: SocketAddr, number: usize) -> Attempt<()> {
    let user = format!("visitor-{}", number % USERS);
    let mut socket = due("a session", DEADLINE, session(hub, &user)).await??;
    let mut ask = async |event: &str, data: Value| {
        let frame = json!({"event": event, "data": data}).to_string();
        socket.send(Message::text(frame)).await
    };
    if number.is_multiple_of(4) {
        ask("meeting:join", json!({"meetingId": "1234567890", "participantUserId": user})).await?;
        // Gone before the token can be there.
        return Ok(());
    }
    ask("ping", Value::Null).await?;
    due("a pong", DEADLINE, socket.next()).await?.ok_or("closed")??;
    sleep(STAYS).await;
    match number % 4 {
        1 => socket.close(None).await?,
        2 => {
            // A reset in place of an end.
            if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
                stream.set_zero_linger()?;
            }
        }
        _ => {}
    }
    Ok(())
}
