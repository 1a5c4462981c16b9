//! When the next call may start, so that Zoom never sees more in any second than it allows. Pure.
//!
//! Zoom counts arrivals in a sliding second, and calls arrive late: a wake-up may be up to 5 ms late, the way there takes
//! up to 10 ms more or less. So starts lie on a grid of 98 % of the limit that doesn't move with late wake-ups; after an
//! idle second up to a quarter of the limit starts at once, and the rest of that second is so much slower.
//!
//! A refusal for the rate that comes all the same, since other programs share the account, slows the grid to what was
//! accepted in the last second; it recovers by a twentieth of the limit a second.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The part of the limit that is used.
const GUARD: f64 = 0.98;
/// How late a wake-up may be for its place on the grid to count.
const LATE: Duration = Duration::from_millis(5);
/// The second that Zoom counts, and how much arrivals may be shifted against each other.
const WINDOW: Duration = Duration::from_millis(1020);
/// How long the starts of a burst may be apart.
const BURST: Duration = Duration::from_millis(50);
/// Of what Zoom accepted in the second before a refusal, so much is tried next.
const BACK_OFF: f64 = 0.9;
/// The pace is never slower than this, in calls a second.
const SLOWEST: f64 = 0.5;

/// The pace.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Calls a second that are allowed; none: no limit is known.
    limit: Option<f64>,
    /// What the grid had right after the last refusal, and when that was.
    slowed: Option<(f64, Instant)>,
    /// The next place on the grid.
    next: Option<Instant>,
    /// Nothing starts before.
    hold: Option<Instant>,
    last_start: Option<Instant>,
    burst: Burst,
    /// When the calls of the last second were started that Zoom accepted, as far as it has answered.
    accepted: VecDeque<Instant>,
}

#[derive(Debug, Default)]
struct Burst {
    left: u32,
    until: Option<Instant>,
    /// The grid is slower until then, and has this many fewer calls a second.
    slower: Option<(Instant, f64)>,
}

/// What a refusal for the rate teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lesson {
    /// Calls that Zoom accepted in the second before it.
    pub(crate) accepted: usize,
}

impl Pace {
    /// A pace for so many calls a second; 0: as fast as they come, until Zoom refuses one.
    pub(crate) fn new(limit: f64) -> Self {
        Self {
            limit: (limit > 0.0).then_some(limit),
            slowed: None,
            next: None,
            hold: None,
            last_start: None,
            burst: Burst::default(),
            accepted: VecDeque::new(),
        }
    }

    /// Calls a second that may start at `now`, on average; none: as many as like.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        let ceiling = self.limit.map(|limit| limit * GUARD);
        let Some((slowed, since)) = self.slowed else { return ceiling };
        let recovery = self.limit.unwrap_or(slowed) / 20.0;
        let rate = slowed + recovery * now.saturating_duration_since(since).as_secs_f64();
        Some(ceiling.map_or(rate, |ceiling| rate.min(ceiling)))
    }

    /// When the next call may start: now, or later.
    pub(crate) fn ready_at(&self, now: Instant) -> Instant {
        let hold = self.hold.unwrap_or(now).max(now);
        if self.rate(now).is_none() || self.is_idle(now) || self.may_burst(now) {
            return hold;
        }
        self.next.unwrap_or(now).max(hold)
    }

    /// A call starts.
    pub(crate) fn start(&mut self, now: Instant) {
        let Some(rate) = self.rate(now) else { return };
        if self.is_idle(now) {
            let at_once = (self.limit.map_or(rate, |limit| limit.min(rate / GUARD)) / 4.0).floor().max(1.0);
            self.burst = Burst {
                left: whole(at_once) - 1,
                until: Some(now + BURST),
                slower: Some((now + WINDOW, at_once - 1.0)),
            };
            self.next = Some(now + self.interval(now, rate));
        } else if self.may_burst(now) {
            self.burst.left -= 1;
            let fewer = self.burst.slower.map_or(0.0, |(_, fewer)| fewer);
            self.burst.slower = Some((now + WINDOW, fewer));
            self.next = Some(now + self.interval(now, rate));
        } else {
            // What a late wake-up missed is not caught up with.
            let earliest = now.checked_sub(LATE).unwrap_or(now);
            let place = self.next.unwrap_or(now).max(earliest);
            self.next = Some(place + self.interval(now, rate));
        }
        self.last_start = Some(now);
    }

    /// Zoom took a call that was started then.
    pub(crate) fn accepted(&mut self, now: Instant, started: Instant) {
        self.forget(now);
        self.accepted.push_back(started);
    }

    /// Zoom refused a call that was started then, for the rate. A lesson, unless it was learnt since that start.
    pub(crate) fn refused(
        &mut self,
        now: Instant,
        started: Instant,
        wait: Option<Duration>,
    ) -> Option<Lesson> {
        let learnt = self.slowed.is_some_and(|(_, since)| started < since);
        if let Some(wait) = wait {
            self.hold_until(now + wait);
        }
        if learnt {
            return None;
        }
        self.forget(now);
        let accepted = self.accepted.len();
        let seen = f64::from(u32::try_from(accepted).unwrap_or(u32::MAX));
        let rate = self.rate(now).map_or(seen, |rate| rate.min(seen)) * BACK_OFF;
        self.slowed = Some((rate.max(SLOWEST), now));
        if wait.is_none() {
            self.full(now);
        }
        self.burst.left = 0;
        self.next = Some(now);
        Some(Lesson { accepted })
    }

    /// Zoom says how many calls a second it allows; whether that is less than was believed.
    pub(crate) fn told(&mut self, limit: f64) -> bool {
        let is_less = limit >= 1.0 && self.limit.is_none_or(|believed| limit < believed);
        if is_less {
            self.limit = Some(limit);
        }
        is_less
    }

    /// Zoom's second is full, until the oldest call leaves it.
    pub(crate) fn full(&mut self, now: Instant) {
        self.forget(now);
        let oldest = self.accepted.front().copied().unwrap_or(now);
        self.hold_until(oldest + WINDOW);
    }

    /// Nothing starts before.
    fn hold_until(&mut self, until: Instant) {
        self.hold = self.hold.max(Some(until));
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.last_start.is_none_or(|last| now.saturating_duration_since(last) >= WINDOW)
    }

    fn may_burst(&self, now: Instant) -> bool {
        self.burst.left > 0 && self.burst.until.is_some_and(|until| now < until)
    }

    /// Between two places on the grid.
    fn interval(&self, now: Instant, rate: f64) -> Duration {
        let fewer = match self.burst.slower {
            Some((until, fewer)) if now < until => fewer,
            Some(_) | None => 0.0,
        };
        Duration::from_secs_f64(1.0 / (rate - fewer).max(SLOWEST))
    }

    /// Forgets what Zoom counts no more.
    fn forget(&mut self, now: Instant) {
        while self.accepted.front().is_some_and(|&start| now.saturating_duration_since(start) > WINDOW) {
            self.accepted.pop_front();
        }
    }
}

#[allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and whole"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests;
