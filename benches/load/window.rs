//! One second that slides with every arrival: the strictest reading of "calls a second".
//!
//! Pure: the caller says what time it is. What is refused doesn't count.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// The arrivals of the last second.
#[derive(Debug, Default)]
pub(crate) struct SlidingWindow {
    arrivals: VecDeque<Instant>,
}

impl SlidingWindow {
    /// Lets an arrival in unless `most` others came in during the second before it.
    pub(crate) fn admits(&mut self, now: Instant, most: usize) -> bool {
        while self.arrivals.front().is_some_and(|then| now.saturating_duration_since(*then) >= SECOND) {
            self.arrivals.pop_front();
        }
        let admits = self.arrivals.len() < most;
        if admits {
            self.arrivals.push_back(now);
        }
        admits
    }

    /// How many came in during the second before the last arrival, itself among them.
    pub(crate) fn held(&self) -> usize {
        self.arrivals.len()
    }
}
