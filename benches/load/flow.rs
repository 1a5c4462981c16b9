//! A steady flow of joins: one at every tick, whether or not those before it have been answered.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

use crate::Attempt;
use crate::clients::{Crowd, Heard};
use crate::frames::Event;

/// One join.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) sent: Instant,
    answered: Option<Instant>,
    /// Why there is no token.
    pub(crate) code: Option<String>,
}

impl Join {
    /// How long the answer took.
    pub(crate) fn took(&self) -> Option<Duration> {
        Some(self.answered? - self.sent)
    }

    /// How long the token took.
    pub(crate) fn token_took(&self) -> Option<Duration> {
        self.took().filter(|_| self.code.is_none())
    }

    /// When the token was there.
    pub(crate) fn token_at(&self) -> Option<Instant> {
        self.answered.filter(|_| self.code.is_none())
    }
}

/// The flow. Its clients take turns, each asking for itself.
#[derive(Debug)]
pub(crate) struct Flow {
    clients: Crowd,
    meeting: &'static str,
    ticks: Interval,
    most: usize,
    pub(crate) joins: Vec<Join>,
}

impl Flow {
    /// From now on, and no more than `most`.
    pub(crate) fn new(clients: Crowd, meeting: &'static str, every: Duration, most: usize) -> Self {
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { clients, meeting, ticks, most, joins: Vec::new() }
    }

    /// Flows until that moment, or until it is over by what became of the joins.
    pub(crate) async fn run(&mut self, until: Instant, over: impl Fn(&[Join]) -> bool) -> Attempt<()> {
        while !over(&self.joins) {
            tokio::select! {
                () = sleep_until(until) => return Ok(()),
                _ = self.ticks.tick(), if self.joins.len() < self.most => self.join().await?,
                heard = self.clients.hear(until) => {
                    if let Some(heard) = heard? {
                        self.note(heard);
                    }
                }
            }
        }
        Ok(())
    }

    /// Flows until as many joins as there may be are answered.
    pub(crate) async fn run_out(&mut self, until: Instant) -> Attempt<()> {
        let most = self.most;
        self.run(until, |joins| joins.len() == most && joins.iter().all(|join| join.answered.is_some())).await
    }

    async fn join(&mut self) -> Attempt<()> {
        let number = self.joins.len();
        let client = number % self.clients.users().len().max(1);
        let data = json!({"meetingId": self.meeting, "participantUserId": self.clients.user(client)});
        self.joins.push(Join { sent: Instant::now(), answered: None, code: None });
        self.clients.send(client, "meeting:join", &data, &number.to_string()).await
    }

    fn note(&mut self, heard: Heard) {
        let number = heard.id.and_then(|id| id.parse::<usize>().ok());
        let Some(join) = number.and_then(|number| self.joins.get_mut(number)) else { return };
        match heard.event {
            Event::Token { .. } => join.answered = Some(heard.at),
            Event::Refused { code } => (join.answered, join.code) = (Some(heard.at), Some(code)),
            Event::Authenticated | Event::Report(_) | Event::Pong | Event::Other => {}
        }
    }
}
