//! How much is played: so much that figures mean something and all of it takes some seven minutes, or just so much that
//! everything is tried.

use std::time::Duration;

use crate::report::measure::Sizes;
use crate::scenarios::full;

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rounds: u32,
    pub(super) sizes: Sizes,
    /// Presses that count, after some that don't.
    pub(super) presses: usize,
    pub(super) uncounted: usize,
    /// Pings whose processor time is taken, and those whose time is.
    pub(super) pings: usize,
    pub(super) paced: usize,
    /// Clients that ping.
    pub(super) pinging: usize,
    pub(super) joining: Duration,
    /// Until memory is read.
    pub(super) settled: Duration,
    /// Participants of each of the hosts who distribute at once.
    pub(super) share: usize,
    short: bool,
}

impl Plan {
    pub(super) fn full(rounds: Option<u32>) -> Self {
        Self {
            rounds: rounds.unwrap_or(5),
            sizes: sizes(1000, [1000, 5000, 15_000], full::EACH),
            presses: 5,
            uncounted: 2,
            pings: 20_000,
            paced: 1000,
            pinging: 100,
            joining: Duration::from_secs(1),
            settled: Duration::from_secs(1),
            share: full::EACH,
            short: false,
        }
    }

    pub(super) fn short(rounds: Option<u32>) -> Self {
        Self {
            rounds: rounds.unwrap_or(1),
            sizes: sizes(50, [20, 50, 100], 5),
            presses: 2,
            uncounted: 1,
            pings: 500,
            paced: 100,
            pinging: 20,
            joining: Duration::from_millis(200),
            settled: Duration::from_millis(100),
            share: 5,
            short: true,
        }
    }

    pub(super) fn command(&self) -> String {
        let (form, rounds, usual) =
            if self.short { (" --short", self.rounds, 1) } else { ("", self.rounds, 5) };
        let rounds = if rounds == usual { String::new() } else { format!(" --rounds {rounds}") };
        format!("cargo bench --bench load -- compare{form}{rounds}")
    }
}

fn sizes(pressed: usize, idle: [usize; 3], share: usize) -> Sizes {
    Sizes { pressed, idle, rate: 80, full: full::HOSTS * share }
}
