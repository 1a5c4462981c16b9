//! Honest clients that ping by event, and beside them the bare echo: the same question to the stand-in, which does nothing
//! but answer. What both take longer is the machine's doing and the driver's, not the hub's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::clients::{Crowd, Heard};
use crate::frames::Event;
use crate::spread::{milliseconds, percentile};
use crate::{Attempt, due, http};

/// Ten a second, all clients together.
const EVERY: Duration = Duration::from_millis(100);
/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_hours(24);
const DEADLINE: Duration = Duration::from_secs(20);

/// One ping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ping {
    sent: Instant,
    took: Option<Duration>,
}

/// The clients, and what they asked so far.
#[derive(Debug)]
pub(crate) struct Pings {
    clients: Crowd,
    ticks: Interval,
    asked: Vec<Ping>,
    /// Why each client that was lost was.
    pub(crate) lost: Vec<String>,
}

/// A connection to the stand-in.
#[derive(Debug)]
pub(crate) struct Echo {
    stream: TcpStream,
    ticks: Interval,
    asked: Vec<Ping>,
}

impl Pings {
    pub(crate) fn new(clients: Crowd) -> Self {
        Self { clients, ticks: ticks(), asked: Vec::new(), lost: Vec::new() }
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.users().len()
    }

    /// Pings without end.
    pub(crate) async fn run(&mut self) -> Attempt<Infallible> {
        loop {
            let all_lost = self.lost.len() >= self.clients();
            tokio::select! {
                _ = self.ticks.tick() => self.ask().await,
                heard = self.clients.hear(Instant::now() + FOREVER), if !all_lost => match heard {
                    Ok(heard) => self.note(heard),
                    Err(why) => self.lost.push(why.to_string()),
                },
            }
        }
    }

    pub(crate) fn between(&self, from: Instant, until: Instant) -> Vec<Ping> {
        between(&self.asked, from, until)
    }

    async fn ask(&mut self) {
        let number = self.asked.len();
        self.asked.push(Ping { sent: Instant::now(), took: None });
        let client = number % self.clients().max(1);
        // One that is lost is counted where it is heard; its pings stay unanswered.
        self.clients.send(client, "ping", &Value::Null, &number.to_string()).await.ok();
    }

    fn note(&mut self, heard: Option<Heard>) {
        let Some(Heard { event: Event::Pong, at, id: Some(id), .. }) = heard else { return };
        let ping = id.parse::<usize>().ok().and_then(|number| self.asked.get_mut(number));
        if let Some(ping) = ping {
            ping.took = Some(at - ping.sent);
        }
    }
}

impl Echo {
    pub(crate) async fn at(stand_in: SocketAddr) -> Attempt<Self> {
        let stream = TcpStream::connect(stand_in).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, ticks: ticks(), asked: Vec::new() })
    }

    /// Asks without end.
    pub(crate) async fn run(&mut self) -> Attempt<Infallible> {
        loop {
            self.ticks.tick().await;
            let sent = Instant::now();
            self.stream.write_all(b"GET /echo HTTP/1.1\r\n\r\n").await?;
            due("the echo", DEADLINE, http::answer(&mut self.stream)).await??;
            self.asked.push(Ping { sent, took: Some(sent.elapsed()) });
        }
    }

    pub(crate) fn between(&self, from: Instant, until: Instant) -> Vec<Ping> {
        between(&self.asked, from, until)
    }
}

/// So many percent of the pings took no longer, in milliseconds; what was never answered took infinitely long.
pub(crate) fn took(pings: &[Ping], percent: usize) -> f64 {
    percentile(&milliseconds(pings.iter().map(|ping| ping.took.unwrap_or(Duration::MAX))), percent)
}

pub(crate) fn unanswered(pings: &[Ping]) -> usize {
    pings.iter().filter(|ping| ping.took.is_none()).count()
}

fn between(pings: &[Ping], from: Instant, until: Instant) -> Vec<Ping> {
    pings.iter().filter(|ping| ping.sent >= from && ping.sent < until).copied().collect()
}

fn ticks() -> Interval {
    let mut ticks = interval_at(Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
