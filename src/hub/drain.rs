//! Whether new work is still taken, and how much is under way: set once, when the process is told to stop, and asked
//! wherever work begins. The stop waits for what was admitted, up to its own deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::refusal::Refusal;

/// The gate. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<Gate>);

#[derive(Debug, Default)]
struct Gate {
    begun: AtomicBool,
    under_way: watch::Sender<usize>,
}

/// A piece of work under way. The stop waits until it is dropped.
#[derive(Debug)]
pub struct Work(Drain);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.0.under_way.send_modify(|count| *count -= 1);
    }
}

impl Drain {
    /// From now on new work is refused.
    pub fn begin(&self) {
        self.0.begun.store(true, Ordering::SeqCst);
    }

    /// Whether new work is refused.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::SeqCst)
    }

    /// Lets new work through; keep what it returns until the work is done.
    ///
    /// # Errors
    /// `shutting_down` once draining has begun.
    pub fn admit(&self) -> Result<Work, Refusal> {
        // Counted first and judged then: otherwise the stop could see nothing under way just before this begins.
        self.0.under_way.send_modify(|count| *count += 1);
        let work = Work(self.clone());
        if self.has_begun() { Err(Refusal::shutting_down()) } else { Ok(work) }
    }

    /// Waits until nothing is under way. Give it a deadline.
    pub async fn idle(&self) {
        let mut under_way = self.0.under_way.subscribe();
        // The sender lives as long as `self`, so this ends by the count alone.
        drop(under_way.wait_for(|count| *count == 0).await);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix::clock::timeout;

    use super::super::refusal::Code;
    use super::*;

    #[actix::test]
    async fn a_stop_waits_for_what_was_admitted_and_admits_no_more() {
        let drain = Drain::default();
        let work = drain.admit().unwrap();
        drain.begin();
        assert_eq!(drain.admit().unwrap_err().code, Code::ShuttingDown);
        assert!(timeout(Duration::from_millis(20), drain.idle()).await.is_err());
        drop(work);
        timeout(Duration::from_secs(5), drain.idle()).await.unwrap();
    }
}
