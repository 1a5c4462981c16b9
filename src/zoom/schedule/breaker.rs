//! Whether Zoom is there at all. Pure.
//!
//! After 20 failures in a row without a success it opens: calls are no more made to find out, a probe is. Any answer of
//! Zoom's own closes it, a refusal too.

/// Failures in a row that open it.
const OPENS_AFTER: u32 = 20;

/// The breaker.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
}

impl Breaker {
    /// Whether no calls are made.
    pub(crate) fn is_open(&self) -> bool {
        self.failures >= OPENS_AFTER
    }

    /// Zoom answered, whatever it said; whether that closed the breaker.
    pub(crate) fn answered(&mut self) -> bool {
        let was_open = self.is_open();
        self.failures = 0;
        was_open
    }

    /// A call failed without an answer of Zoom's own; whether that opened the breaker.
    pub(crate) fn failed(&mut self) -> bool {
        let was_open = self.is_open();
        self.failures = self.failures.saturating_add(1);
        self.is_open() && !was_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_twenty_failures_in_a_row_and_any_answer_closes_it() {
        let mut breaker = Breaker::default();
        assert!((0..19).all(|_| !breaker.failed()));
        assert!(!breaker.answered());
        assert!((0..19).all(|_| !breaker.failed()) && !breaker.is_open());
        assert!(breaker.failed() && breaker.is_open());
        assert!(!breaker.failed());
        assert!(breaker.answered() && !breaker.is_open());
    }
}
