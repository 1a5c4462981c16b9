//! An actor's futures of one kind, all in one place, so that a thousand of them cost it no more than one: each is polled
//! when it is woken. Of those that are spawned on its context an actor polls all whenever it runs.

use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use foldhash::{HashMap, HashMapExt};
use futures_util::future::{AbortHandle, Abortable, Aborted, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, Stream};

/// Futures by what they are for.
pub(crate) struct UnderWay<K, T> {
    running: FuturesUnordered<Abortable<LocalBoxFuture<'static, (K, T)>>>,
    /// By numbers of the hub's own: nobody chooses them, so the hash needn't withstand chosen ones.
    handles: HashMap<K, AbortHandle>,
    /// Whoever polls, to be told once that there is more.
    waker: Option<Waker>,
}

impl<K: Copy + Eq + Hash + 'static, T: 'static> UnderWay<K, T> {
    /// Begins one. What ran for the same is dropped.
    pub(crate) fn begin(&mut self, key: K, future: impl Future<Output = T> + 'static) {
        let (handle, registration) = AbortHandle::new_pair();
        let future: LocalBoxFuture<'static, _> = Box::pin(async move { (key, future.await) });
        self.running.push(Abortable::new(future, registration));
        if let Some(before) = self.handles.insert(key, handle) {
            before.abort();
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Drops what runs for this.
    pub(crate) fn stop(&mut self, key: &K) {
        if let Some(handle) = self.handles.remove(key) {
            handle.abort();
        }
    }

    /// What came of the next to end. Ask until it is pending.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<(K, T)> {
        loop {
            match Pin::new(&mut self.running).poll_next(context) {
                Poll::Ready(Some(Ok((key, result)))) => {
                    self.handles.remove(&key);
                    return Poll::Ready((key, result));
                }
                Poll::Ready(Some(Err(Aborted))) => {}
                Poll::Ready(None) | Poll::Pending => {
                    if self.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
                        self.waker = Some(context.waker().clone());
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<K, T> Default for UnderWay<K, T> {
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
        let (mut under_way, held) = (UnderWay::default(), Rc::new(()));
        let keep = Rc::clone(&held);
        under_way.begin(1, async move {
            pending::<()>().await;
            drop(keep);
            "never"
        });
        under_way.begin(2, ready("done"));
        assert_eq!(poll_fn(|context| under_way.poll(context)).await, (2, "done"));
        under_way.stop(&1);
        under_way.begin(3, ready("next"));
        assert_eq!(poll_fn(|context| under_way.poll(context)).await, (3, "next"));
        assert_eq!(Rc::strong_count(&held), 1);
        assert!(under_way.handles.is_empty());
    }

    #[actix::test]
    async fn a_second_for_the_same_takes_the_firsts_place() {
        let mut under_way = UnderWay::default();
        under_way.begin(1, ready("first"));
        under_way.begin(1, ready("second"));
        assert_eq!(poll_fn(|context| under_way.poll(context)).await, (1, "second"));
        assert!(under_way.handles.is_empty());
    }
}
