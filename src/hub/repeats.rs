//! Requests that were made under a name of the caller's: the same again is the same one. Pure.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::ledger::Serial;
use super::requests::IdempotencyKey;
use crate::names::UserId;

/// What a caller called a request: the name is the caller's own, another's of the same text is another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    /// The credential's user; where there are none, the host.
    pub(crate) owner: UserId,
    /// The name.
    pub(crate) key: IdempotencyKey,
}

/// The names, each for so long; beyond so many the oldest are forgotten.
#[derive(Debug)]
pub(crate) struct Repeats {
    life: Duration,
    most: usize,
    known: HashMap<Named, Serial>,
    /// When each is forgotten, in order.
    order: VecDeque<(Instant, Named, Serial)>,
}

impl Repeats {
    /// None.
    #[must_use]
    pub(crate) fn new(life: Duration, most: usize) -> Self {
        Self { life, most, known: HashMap::new(), order: VecDeque::new() }
    }

    /// What was begun under this name.
    pub(crate) fn find(&mut self, named: &Named, now: Instant) -> Option<Serial> {
        while let Some((_, named, serial)) = self.order.pop_front_if(|(until, ..)| *until <= now) {
            self.drop(&named, serial);
        }
        self.known.get(named).copied()
    }

    /// Something was begun under this name.
    pub(crate) fn remember(&mut self, named: Named, serial: Serial, now: Instant) {
        if self.order.len() >= self.most
            && let Some((_, oldest, serial)) = self.order.pop_front()
        {
            self.drop(&oldest, serial);
        }
        self.order.push_back((now + self.life, named.clone(), serial));
        self.known.insert(named, serial);
    }

    /// It came to nothing.
    pub(crate) fn forget(&mut self, named: &Named) {
        self.known.remove(named);
    }

    /// Forgets a name, unless it stands for something newer by now.
    fn drop(&mut self, named: &Named, serial: Serial) {
        if self.known.get(named) == Some(&serial) {
            self.known.remove(named);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(owner: &str, key: &str) -> Named {
        Named { owner: owner.parse().unwrap(), key: IdempotencyKey::new(key).unwrap() }
    }

    #[test]
    fn a_name_is_its_owners_and_counts_for_so_long() {
        let (now, life) = (Instant::now(), Duration::from_secs(10));
        let mut repeats = Repeats::new(life, 9);
        repeats.remember(named("ann", "k"), Serial::of(1), now);
        assert_eq!(repeats.find(&named("ANN", "k"), now), Some(Serial::of(1)));
        assert_eq!(repeats.find(&named("ben", "k"), now), None);
        assert_eq!(repeats.find(&named("ann", "k"), now + life), None);
        assert!(repeats.order.is_empty());
    }

    #[test]
    fn what_came_to_nothing_is_not_remembered_and_its_time_ends_no_newer_one() {
        let (now, life) = (Instant::now(), Duration::from_secs(10));
        let mut repeats = Repeats::new(life, 9);
        repeats.remember(named("ann", "k"), Serial::of(1), now);
        repeats.forget(&named("ann", "k"));
        let later = now + life / 2;
        assert_eq!(repeats.find(&named("ann", "k"), later), None);
        repeats.remember(named("ann", "k"), Serial::of(2), later);
        assert_eq!(repeats.find(&named("ann", "k"), now + life), Some(Serial::of(2)));
    }

    #[test]
    fn beyond_so_many_the_oldest_is_forgotten() {
        let now = Instant::now();
        let mut repeats = Repeats::new(Duration::from_secs(10), 2);
        for (n, key) in ["a", "b", "c"].into_iter().enumerate() {
            repeats.remember(named("ann", key), Serial::of(u64::try_from(n).unwrap()), now);
        }
        let found = ["a", "b", "c"].map(|key| repeats.find(&named("ann", key), now).is_some());
        assert_eq!(found, [false, true, true]);
        assert_eq!((repeats.known.len(), repeats.order.len()), (2, 2));
    }

    #[test]
    fn a_key_is_visible_ascii() {
        let longest = "x".repeat(128);
        for (text, good) in
            [("a", true), ("~!", true), (&*longest, true), ("", false), ("a b", false), ("é", false)]
        {
            assert_eq!(IdempotencyKey::new(text).is_some(), good, "{text:?}");
        }
        assert!(IdempotencyKey::new(&"x".repeat(129)).is_none());
    }
}
