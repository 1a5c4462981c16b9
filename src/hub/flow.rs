//! How fast a session's client sends: against a rate a second, with a burst of twice that.
//!
//! What comes too fast is refused. A client that goes on all the same has a second measure to fill, and is ended with it:
//! answering every refusal would cost more than it does.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::config::Rate;

/// How many refusals a client may gather beyond one for each that was taken, in seconds of its rate.
const PATIENCE: u32 = 10;

/// What becomes of what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is taken.
    Fine,
    /// It is refused; something would be taken after so long.
    TooFast(Duration),
    /// It has gone on for too long.
    Flood,
}

/// The measure of one session; none: it may send as it likes.
#[derive(Debug)]
pub(crate) struct Flow(Option<Measures>);

#[derive(Debug)]
struct Measures {
    taken: DefaultDirectRateLimiter,
    refused: DefaultDirectRateLimiter,
}

impl Flow {
    /// A client that has sent nothing yet.
    pub(crate) fn new(rate: Rate) -> Self {
        let measure =
            |rate, burst: NonZeroU32| RateLimiter::direct(Quota::per_second(rate).allow_burst(burst));
        Self(rate.map(|rate| Measures {
            taken: measure(rate, twice(rate)),
            refused: measure(rate, rate.saturating_mul(NonZeroU32::MIN.saturating_add(PATIENCE - 1))),
        }))
    }

    /// Something came.
    pub(crate) fn take(&self) -> Verdict {
        let Some(Measures { taken, refused }) = &self.0 else {
            return Verdict::Fine;
        };
        match taken.check() {
            Ok(()) => Verdict::Fine,
            Err(_) if refused.check().is_err() => Verdict::Flood,
            Err(until) => Verdict::TooFast(until.wait_time_from(DefaultClock::default().now())),
        }
    }
}

/// What may come at once.
fn twice(rate: NonZeroU32) -> NonZeroU32 {
    rate.saturating_add(rate.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(rate: u32, count: usize) -> Vec<Verdict> {
        let flow = Flow::new(NonZeroU32::new(rate));
        (0..count).map(|_| flow.take()).collect()
    }

    #[test]
    fn twice_the_rate_is_taken_at_once_then_it_is_refused_and_at_last_it_is_enough() {
        // One a second: nothing is made up for while the test runs.
        let all = verdicts(1, 20);
        assert_eq!(all[..2], [Verdict::Fine; 2]);
        for verdict in &all[2..12] {
            assert!(
                matches!(verdict, Verdict::TooFast(wait) if *wait <= Duration::from_secs(1)),
                "{verdict:?}"
            );
        }
        assert_eq!(all[12..], [Verdict::Flood; 8]);
    }

    #[test]
    fn without_a_rate_everything_is_taken() {
        assert!(verdicts(0, 10_000).into_iter().all(|verdict| verdict == Verdict::Fine));
    }
}
