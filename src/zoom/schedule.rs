//! Which call to Zoom starts next, and when; which is made again, and which is refused before it is made. Pure: the
//! broker tells it what happens and does what it says.
//!
//! `pace` keeps to Zoom's limit, `lanes` knows whose turn it is, `breaker` whether Zoom is there at all. `J` is what
//! the broker keeps of a call.

mod breaker;
mod lanes;
mod pace;

use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, Instant};

use breaker::Breaker;
use lanes::Lanes;
pub use lanes::{Batch, Lane};
use pace::{Lesson, Pace};

/// What a batch may take beyond twice the time of the calls ahead of it.
const BATCH_GRACE: Duration = Duration::from_secs(30);
/// The first wait before a failed call is made again, which doubles, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How long a daily limit is believed where Zoom says no time.
const DAY_OVER: Duration = Duration::from_hours(1);

/// What bounds the calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Calls a second; 0: no limit is known.
    pub(crate) per_second: f64,
    /// Calls under way.
    pub(crate) under_way: usize,
    /// Calls that wait.
    pub(crate) waiting: usize,
    /// How long somebody waits for one token, and how long one call may take.
    pub(crate) patience: Duration,
}

/// Something that may have become useless while it waited.
pub(crate) trait Wanted {
    /// Whether anybody still waits for it.
    fn is_wanted(&self) -> bool;
}

/// A call that waits or is under way.
#[derive(Debug)]
pub(crate) struct Call<J> {
    /// What the broker keeps of it.
    pub(crate) job: J,
    /// Nobody waits longer.
    pub(crate) deadline: Instant,
    lane: Lane,
    attempts: u32,
    /// Whether the access token was renewed for it.
    renewed: bool,
}

impl<J> Call<J> {
    /// Whether it outlasts a Zoom that is away.
    pub(crate) fn is_patient(&self) -> bool {
        matches!(self.lane, Lane::Batch(Batch { patient: true, .. }))
    }
}

/// Why a call is refused without being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hopeless {
    /// Too many wait.
    Full,
    /// It would take so long, which is longer than anybody waits.
    TooLong(Duration),
    /// Zoom doesn't answer.
    Away,
    /// No more calls today; again after so long.
    DayOver(Duration),
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Turn<J> {
    /// Start this call.
    Start(Call<J>),
    /// This one's time is over.
    Expired(Call<J>),
    /// Ask again then.
    At(Instant),
    /// Ask again when something has happened.
    Nothing,
}

/// How a call ended, as far as the schedule is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Zoom answered: a token, or a refusal that won't change.
    Answered,
    /// Zoom refused it for the rate, perhaps with how long to wait.
    TooFast(Option<Duration>),
    /// Zoom allows no more calls today.
    DayOver(Option<Duration>),
    /// Zoom accepts the access token no more: once with a new one.
    Stale,
    /// Zoom failed to answer; another time it may.
    Failed,
}

/// What becomes of a call that ended.
#[derive(Debug)]
pub(crate) enum After<J> {
    /// Its callers get the answer.
    Over(Call<J>),
    /// It is made again.
    Again,
}

/// What there is to be told once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Zoom refused calls for the rate for the first time, having accepted so many in the last second.
    pub(crate) too_fast: Option<usize>,
    /// The breaker has opened.
    pub(crate) away: bool,
    /// The breaker has closed.
    pub(crate) back: bool,
    /// The daily limit is reached, for so long.
    pub(crate) day_over: Option<Duration>,
}

/// The schedule.
#[derive(Debug)]
pub(crate) struct Schedule<J> {
    bounds: Bounds,
    pace: Pace,
    lanes: Lanes<Call<J>>,
    /// Calls to be made again, and when; the number tells those of the same moment apart.
    later: BTreeMap<(Instant, u64), Call<J>>,
    put_off: u64,
    breaker: Breaker,
    day_over_until: Option<Instant>,
    under_way: usize,
    told_too_fast: bool,
}

impl<J: Wanted> Schedule<J> {
    /// Nothing waits.
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            pace: Pace::new(bounds.per_second),
            lanes: Lanes::default(),
            later: BTreeMap::new(),
            put_off: 0,
            breaker: Breaker::default(),
            day_over_until: None,
            under_way: 0,
            told_too_fast: false,
        }
    }

    /// Calls a second that may start; none: as many as like.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        self.pace.rate(now)
    }

    /// Whether calls are refused since Zoom doesn't answer.
    pub(crate) fn is_away(&self) -> bool {
        self.breaker.is_open()
    }

    /// How many calls wait, for their turn or for another attempt.
    pub(crate) fn waiting(&self) -> usize {
        self.lanes.len() + self.later.len()
    }

    /// Takes a call in, unless it is hopeless.
    pub(crate) fn admit(&mut self, now: Instant, lane: Lane, job: J) -> Result<(), (J, Hopeless)> {
        match self.judge(now, &lane) {
            Ok(deadline) => {
                let call = Call { job, deadline, lane, attempts: 0, renewed: false };
                self.lanes.push(&call.lane.clone(), call);
                Ok(())
            }
            Err(hopeless) => Err((job, hopeless)),
        }
    }

    /// The deadline of a call that would be taken in now.
    fn judge(&mut self, now: Instant, lane: &Lane) -> Result<Instant, Hopeless> {
        if let Some(until) = self.day_over_until.filter(|until| now < *until) {
            return Err(Hopeless::DayOver(until - now));
        }
        if self.breaker.is_open() && !matches!(lane, Lane::Batch(Batch { patient: true, .. })) {
            return Err(Hopeless::Away);
        }
        if self.waiting() >= self.bounds.waiting {
            self.take_out(|call| !call.job.is_wanted());
        }
        if self.waiting() >= self.bounds.waiting {
            return Err(Hopeless::Full);
        }
        let ahead = f64::from(u32::try_from(self.lanes.ahead_of(lane)).unwrap_or(u32::MAX));
        let hold = self.pace.ready_at(now).saturating_duration_since(now);
        let wait = self.pace.rate(now).map(|rate| hold + Duration::from_secs_f64(ahead / rate));
        match (lane, wait) {
            (Lane::Interactive(_), Some(wait)) if wait > self.bounds.patience => Err(Hopeless::TooLong(wait)),
            (Lane::Interactive(_), _) => Ok(now + self.bounds.patience),
            (Lane::Batch(_), Some(wait)) => Ok(now + BATCH_GRACE + wait * 2),
            // Without a pace: as if each call took its full time.
            (Lane::Batch(_), None) => {
                let at_once = f64::from(u32::try_from(self.bounds.under_way).unwrap_or(u32::MAX));
                Ok(now + BATCH_GRACE + self.bounds.patience.mul_f64(2.0 * ahead / at_once))
            }
        }
    }

    /// What is to be done now. Ask until it is nothing.
    pub(crate) fn turn(&mut self, now: Instant) -> Turn<J> {
        self.revive(now);
        if self.breaker.is_open() || self.under_way >= self.bounds.under_way {
            return Turn::Nothing;
        }
        if self.lanes.len() == 0 {
            return self.later.keys().next().map_or(Turn::Nothing, |(at, _)| Turn::At(*at));
        }
        let ready = self.pace.ready_at(now);
        if ready > now {
            return Turn::At(ready);
        }
        while let Some(mut call) = self.lanes.pop() {
            if !call.job.is_wanted() {
                continue;
            }
            if now >= call.deadline {
                return Turn::Expired(call);
            }
            self.pace.start(now);
            self.under_way += 1;
            call.attempts += 1;
            return Turn::Start(call);
        }
        Turn::Nothing
    }

    /// Calls whose wait before another attempt is over stand first in their queues.
    fn revive(&mut self, now: Instant) {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let call = first.remove();
            self.lanes.push_again(&call.lane.clone(), call);
        }
    }

    /// A call that was started then has ended; `jitter` is random, from 0 to 1.
    pub(crate) fn ended(
        &mut self,
        now: Instant,
        started: Instant,
        mut call: Call<J>,
        end: End,
        jitter: f64,
    ) -> (After<J>, News) {
        self.under_way = self.under_way.saturating_sub(1);
        let mut news = News::default();
        let again = match end {
            End::Answered => {
                self.pace.accepted(now, started);
                news.back = self.breaker.answered();
                None
            }
            End::TooFast(wait) => {
                news.back = self.breaker.answered();
                let lesson = self.pace.refused(now, started, wait);
                news.too_fast = lesson.filter(|_| !self.told_too_fast).map(|Lesson { accepted }| accepted);
                self.told_too_fast |= lesson.is_some();
                // The pace knows when.
                Some(now)
            }
            End::DayOver(wait) => {
                news.back = self.breaker.answered();
                let wait = wait.unwrap_or(DAY_OVER);
                let is_news = self.day_over_until.is_none_or(|until| until <= now);
                news.day_over = is_news.then_some(wait);
                self.day_over_until = Some(now + wait);
                None
            }
            End::Stale => {
                self.pace.accepted(now, started);
                news.back = self.breaker.answered();
                let renewed = mem::replace(&mut call.renewed, true);
                (!renewed).then_some(now)
            }
            End::Failed => {
                // It may have been counted.
                self.pace.accepted(now, started);
                news.away = self.breaker.failed();
                Some(now + back_off(call.attempts, jitter))
            }
        };
        (self.after(call, again), news)
    }

    fn after(&mut self, call: Call<J>, again: Option<Instant>) -> After<J> {
        match again {
            // With a moment left for the answer: Zoom's own words say more than that the time is over.
            Some(at)
                if self.pace.ready_at(at) + BACK_OFF.0 < call.deadline
                    && call.job.is_wanted()
                    && self.serves(&call) =>
            {
                self.put_off += 1;
                self.later.insert((at, self.put_off), call);
                After::Again
            }
            Some(_) | None => After::Over(call),
        }
    }

    /// Whether a call may wait as things stand.
    fn serves(&self, call: &Call<J>) -> bool {
        !self.breaker.is_open() || call.is_patient()
    }

    /// A call was given up before it ended, since Zoom doesn't answer: it waits, or its callers learn it.
    pub(crate) fn gave_up(&mut self, now: Instant, call: Call<J>) -> After<J> {
        self.under_way = self.under_way.saturating_sub(1);
        self.after(call, Some(now))
    }

    /// A probe was answered; whether that closed the breaker.
    pub(crate) fn is_back(&mut self) -> bool {
        self.breaker.answered()
    }

    /// Zoom says how many calls a second it allows; whether that is less than was believed.
    pub(crate) fn told(&mut self, limit: f64) -> bool {
        self.pace.told(limit)
    }

    /// Zoom says that its second is full.
    pub(crate) fn full(&mut self, now: Instant) {
        self.pace.full(now);
    }

    /// The calls for which there is no hope any more, out of the queues: their time is over, or nobody waits.
    pub(crate) fn sweep(&mut self, now: Instant) -> Vec<Call<J>> {
        self.take_out(|call| now >= call.deadline || !call.job.is_wanted())
    }

    /// The calls that don't outlast a Zoom that is away, out of the queues.
    pub(crate) fn impatient(&mut self) -> Vec<Call<J>> {
        self.take_out(|call| !call.is_patient())
    }

    /// All that waits, out of the queues.
    pub(crate) fn everything(&mut self) -> Vec<Call<J>> {
        self.take_out(|_| true)
    }

    fn take_out(&mut self, over: impl Fn(&Call<J>) -> bool) -> Vec<Call<J>> {
        let mut taken = self.lanes.take_out(&over);
        let out = self.later.extract_if(.., |_, call| over(call)).map(|(_, call)| call);
        taken.extend(out);
        taken
    }
}

/// How long to wait before the next attempt, after so many.
fn back_off(attempts: u32, jitter: f64) -> Duration {
    let longest = BACK_OFF.0.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(BACK_OFF.1);
    longest.mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests;
