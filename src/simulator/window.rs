//! The strictest reading of "requests a second": a window of one second that slides with every arrival.
//!
//! Pure: the caller says what time it is. Nothing is smoothed and nothing is saved up, so a client that keeps to this
//! window keeps to whatever Zoom really does. Arrivals are forgotten after a second, so no more are held than the
//! limit let in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far back the window looks.
const WINDOW: Duration = Duration::from_secs(1);

/// The arrivals let in during the last second.
#[derive(Debug, Default)]
pub(super) struct SlidingWindow {
    admitted: VecDeque<Instant>,
}

impl SlidingWindow {
    /// Lets one arrival in unless `limit` others were within the second before it. A refused arrival doesn't count.
    pub(super) fn admits(&mut self, now: Instant, limit: u32) -> bool {
        while self.admitted.front().is_some_and(|then| outside(*then, now)) {
            self.admitted.pop_front();
        }
        let admits = u32::try_from(self.admitted.len()).is_ok_and(|held| held < limit);
        if admits {
            self.admitted.push_back(now);
        }
        admits
    }
}

/// An arrival exactly one second old no longer counts: the window is half open.
fn outside(then: Instant, now: Instant) -> bool {
    now.saturating_duration_since(then) >= WINDOW
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_comes_free_exactly_a_second_after_it_was_taken() {
        let start = Instant::now();
        let mut window = SlidingWindow::default();
        assert!(window.admits(start, 1));
        assert!(!window.admits(start + Duration::from_millis(999), 1));
        assert!(window.admits(start + WINDOW, 1));
    }

    #[test]
    fn a_limit_lowered_in_mid_flight_holds_at_once() {
        let start = Instant::now();
        let mut window = SlidingWindow::default();
        assert!((0..5).all(|_| window.admits(start, 5)));
        assert!(!window.admits(start + Duration::from_millis(500), 2));
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_limit_and_no_arrival_is_refused_below_it(
            gaps in prop::collection::vec(0_u64..400, 1..200),
            limit in 1_u32..12,
        ) {
            let mut now = Instant::now();
            let mut window = SlidingWindow::default();
            let mut admitted: Vec<Instant> = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                let held = admitted.iter().filter(|then| now - **then < WINDOW).count();
                let admits = window.admits(now, limit);
                prop_assert_eq!(admits, held < usize::try_from(limit).unwrap());
                if admits {
                    admitted.push(now);
                }
            }
            for first in &admitted {
                let within = admitted.iter().filter(|it| *it >= first && **it - *first < WINDOW);
                prop_assert!(within.count() <= usize::try_from(limit).unwrap());
            }
        }
    }
}
