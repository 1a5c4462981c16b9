//! What is under way: one future a row, all in one place, so that a thousand of them cost an actor no more than one.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::future::{AbortHandle, Abortable, Aborted, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, Stream};

/// Futures by what they are for.
pub(super) struct Attempts<K, T> {
    running: FuturesUnordered<Abortable<LocalBoxFuture<'static, (K, T)>>>,
    handles: HashMap<K, AbortHandle>,
    /// Whoever polls, to be told that there is more.
    waker: Option<Waker>,
}

impl<K: Copy + Eq + Hash + 'static, T: 'static> Attempts<K, T> {
    /// Begins one. What ran for the same is dropped.
    pub(super) fn begin(&mut self, key: K, future: impl Future<Output = T> + 'static) {
        let (handle, registration) = AbortHandle::new_pair();
        let future: LocalBoxFuture<'static, _> = Box::pin(async move { (key, future.await) });
        self.running.push(Abortable::new(future, registration));
        if let Some(before) = self.handles.insert(key, handle) {
            before.abort();
        }
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Drops what runs for this.
    pub(super) fn stop(&mut self, key: &K) {
        if let Some(handle) = self.handles.remove(key) {
            handle.abort();
        }
    }

    /// What came of the next to end.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<(K, T)> {
        if self.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            self.waker = Some(context.waker().clone());
        }
        loop {
            match Pin::new(&mut self.running).poll_next(context) {
                Poll::Ready(Some(Ok((key, result)))) => {
                    self.handles.remove(&key);
                    return Poll::Ready((key, result));
                }
                Poll::Ready(Some(Err(Aborted))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<K, T> Default for Attempts<K, T> {
    fn default() -> Self {
        Self { running: FuturesUnordered::new(), handles: HashMap::new(), waker: None }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::rc::Rc;

    use super::*;

    #[actix::test]
    async fn what_ends_is_told_and_what_is_stopped_is_dropped() {
        let (mut attempts, held) = (Attempts::default(), Rc::new(()));
        let keep = Rc::clone(&held);
        attempts.begin(1, async move {
            pending::<()>().await;
            drop(keep);
            "never"
        });
        attempts.begin(2, ready("done"));
        assert_eq!(poll_fn(|context| attempts.poll(context)).await, (2, "done"));
        attempts.stop(&1);
        attempts.begin(3, ready("next"));
        assert_eq!(poll_fn(|context| attempts.poll(context)).await, (3, "next"));
        assert_eq!(Rc::strong_count(&held), 1);
        assert!(attempts.handles.is_empty());
    }

    #[actix::test]
    async fn a_second_for_the_same_takes_the_firsts_place() {
        let mut attempts = Attempts::default();
        attempts.begin(1, ready("first"));
        attempts.begin(1, ready("second"));
        assert_eq!(poll_fn(|context| attempts.poll(context)).await, (1, "second"));
        assert!(attempts.handles.is_empty());
    }
}
