//! Engine.IO's heartbeat: the server asks after an interval, the client has a time-out to answer. Pure.

use std::time::{Duration, Instant};

/// When the next question is due, or the answer to the last.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    due: Instant,
    asked: bool,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing yet.
    Wait,
    /// Ask.
    Ask,
    /// The client didn't answer in time.
    Dead,
}

impl Heartbeat {
    /// The first question is due after an interval, not at once.
    pub(super) fn new(now: Instant, interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout, due: now + interval, asked: false }
    }

    /// When there is next something to be done.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// What is to be done now. The time-out counts from when the question was due.
    pub(super) fn at(&mut self, now: Instant) -> Beat {
        let answer_by = if self.asked { self.due } else { self.due + self.timeout };
        if now >= answer_by {
            Beat::Dead
        } else if self.asked || now < self.due {
            Beat::Wait
        } else {
            self.asked = true;
            self.due = answer_by;
            Beat::Ask
        }
    }

    /// The client answered. An answer without a question changes nothing.
    pub(super) fn answered(&mut self, now: Instant) {
        if self.asked {
            self.asked = false;
            self.due = now + self.interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(millis: u64) -> (Instant, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        (start + Duration::from_millis(millis), move |millis| start + Duration::from_millis(millis))
    }

    #[test]
    fn it_asks_once_an_interval_and_ends_without_an_answer() {
        let (start, at) = after(0);
        let mut heart = Heartbeat::new(start, Duration::from_millis(300), Duration::from_millis(200));
        assert_eq!(heart.at(at(299)), Beat::Wait);
        assert_eq!((heart.at(at(301)), heart.at(at(302))), (Beat::Ask, Beat::Wait));
        heart.answered(at(310));
        assert_eq!((heart.at(at(609)), heart.at(at(610))), (Beat::Wait, Beat::Ask));
        assert_eq!((heart.at(at(809)), heart.at(at(810))), (Beat::Wait, Beat::Dead));
    }

    #[test]
    fn who_was_never_asked_for_want_of_a_timer_is_dead_all_the_same() {
        let (start, at) = after(0);
        let mut heart = Heartbeat::new(start, Duration::from_millis(300), Duration::from_millis(200));
        assert_eq!(heart.at(at(500)), Beat::Dead);
    }

    #[test]
    fn an_answer_that_nobody_asked_for_puts_nothing_off() {
        let (start, at) = after(0);
        let mut heart = Heartbeat::new(start, Duration::from_millis(300), Duration::from_millis(200));
        heart.answered(at(200));
        assert_eq!(heart.at(at(300)), Beat::Ask);
    }
}
