//! Which of the calls that wait comes next. Pure.
//!
//! Calls that somebody waits for come before batches, but take at most three of four places while a batch waits. Among
//! them users take turns, so that one who asks without end is served as often as everybody else; among batches the
//! batches take turns, so that a small one doesn't wait behind a large one.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::names::UserId;

/// Places in a row that go to calls somebody waits for, while a batch waits too.
const IN_A_ROW: u32 = 3;

/// Whose turn a call takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Somebody waits for this one token, which is this user's.
    Interactive(UserId),
    /// One of many.
    Batch(Batch),
}

/// Many calls that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    id: u64,
    /// Whether nobody waits for it in person: it outlasts a Zoom that is away.
    pub(crate) patient: bool,
}

impl Batch {
    /// A batch for a caller who waits for its answer.
    #[must_use]
    pub fn awaited() -> Self {
        Self { id: rand::random(), patient: false }
    }

    /// A batch that ends when it is done.
    #[must_use]
    pub fn patient() -> Self {
        Self { id: rand::random(), patient: true }
    }
}

/// What waits, in its order.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    interactive: Turns<UserId, T>,
    batches: Turns<Batch, T>,
    in_a_row: u32,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { interactive: Turns::default(), batches: Turns::default(), in_a_row: 0 }
    }
}

impl<T> Lanes<T> {
    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.interactive.len + self.batches.len
    }

    /// Takes a call in behind those of its own.
    pub(crate) fn push(&mut self, lane: &Lane, item: T) {
        match lane {
            Lane::Interactive(user) => self.interactive.queue(user).push_back(item),
            Lane::Batch(batch) => self.batches.queue(batch).push_back(item),
        }
    }

    /// Takes a call back in that had its turn already, before those of its own.
    pub(crate) fn push_again(&mut self, lane: &Lane, item: T) {
        match lane {
            Lane::Interactive(user) => self.interactive.queue(user).push_front(item),
            Lane::Batch(batch) => self.batches.queue(batch).push_front(item),
        }
    }

    /// The next call.
    pub(crate) fn pop(&mut self) -> Option<T> {
        if self.in_a_row >= IN_A_ROW
            && let Some(item) = self.batches.pop()
        {
            self.in_a_row = 0;
            return Some(item);
        }
        let Some(item) = self.interactive.pop() else {
            self.in_a_row = 0;
            return self.batches.pop();
        };
        self.in_a_row = if self.batches.len > 0 { self.in_a_row + 1 } else { 0 };
        Some(item)
    }

    /// At most so many places until a call that would be taken in now has its turn.
    pub(crate) fn ahead_of(&self, lane: &Lane) -> usize {
        match lane {
            Lane::Interactive(user) => {
                let ahead = self.interactive.ahead_of(user);
                if self.batches.len > 0 {
                    ahead + (ahead + 1) / usize::try_from(IN_A_ROW).unwrap_or(1)
                } else {
                    ahead
                }
            }
            Lane::Batch(_) => self.len(),
        }
    }

    /// Takes out what no longer has to wait.
    pub(crate) fn take_out(&mut self, mut over: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut taken = self.interactive.take_out(&mut over);
        taken.extend(self.batches.take_out(&mut over));
        taken
    }
}

/// Queues that take turns.
#[derive(Debug)]
struct Turns<K, T> {
    queues: HashMap<K, VecDeque<T>>,
    order: VecDeque<K>,
    len: usize,
}

impl<K, T> Default for Turns<K, T> {
    fn default() -> Self {
        Self { queues: HashMap::new(), order: VecDeque::new(), len: 0 }
    }
}

impl<K: Clone + Eq + Hash, T> Turns<K, T> {
    /// The queue of a key, which is about to have one item more.
    fn queue(&mut self, key: &K) -> &mut VecDeque<T> {
        self.len += 1;
        if !self.queues.contains_key(key) {
            self.order.push_back(key.clone());
        }
        self.queues.entry(key.clone()).or_default()
    }

    fn pop(&mut self) -> Option<T> {
        let key = self.order.pop_front()?;
        let queue = self.queues.get_mut(&key)?;
        let item = queue.pop_front()?;
        self.len -= 1;
        if queue.is_empty() {
            self.queues.remove(&key);
        } else {
            self.order.push_back(key);
        }
        Some(item)
    }

    fn ahead_of(&self, key: &K) -> usize {
        let own = self.queues.get(key).map_or(0, VecDeque::len);
        self.len.min((own + 1).saturating_mul(self.order.len()))
    }

    fn take_out(&mut self, over: &mut impl FnMut(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for queue in self.queues.values_mut() {
            if queue.iter().any(&mut *over) {
                let (out, stay) = queue.drain(..).partition::<Vec<_>, _>(|item| over(item));
                taken.extend(out);
                queue.extend(stay);
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        self.order.retain(|key| self.queues.contains_key(key));
        self.len -= taken.len();
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user(n: usize) -> Lane {
        Lane::Interactive(format!("u{n}").parse().unwrap())
    }

    fn all<T>(lanes: &mut Lanes<T>) -> Vec<T> {
        std::iter::from_fn(|| lanes.pop()).collect()
    }

    #[test]
    fn a_batch_that_waits_gets_one_place_of_four() {
        let (mut lanes, batch) = (Lanes::default(), Lane::Batch(Batch::patient()));
        for n in 0..9 {
            lanes.push(&user(0), format!("i{n}"));
            lanes.push(&batch, format!("b{n}"));
        }
        let order = all(&mut lanes).join(" ");
        assert_eq!(order, "i0 i1 i2 b0 i3 i4 i5 b1 i6 i7 i8 b2 b3 b4 b5 b6 b7 b8");
    }

    #[test]
    fn a_repeated_call_comes_before_those_of_its_own_alone() {
        let mut lanes = Lanes::default();
        lanes.push(&user(1), "b0");
        lanes.push(&user(0), "a1");
        lanes.push_again(&user(0), "a0");
        assert_eq!(all(&mut lanes), ["b0", "a0", "a1"]);
    }

    #[test]
    fn a_small_batch_does_not_wait_behind_a_large_one() {
        let (mut lanes, large, small) =
            (Lanes::default(), Lane::Batch(Batch::patient()), Lane::Batch(Batch::awaited()));
        (0..400).for_each(|_| lanes.push(&large, "large"));
        (0..20).for_each(|_| lanes.push(&small, "small"));
        let order = all(&mut lanes);
        assert_eq!(order.iter().rposition(|&it| it == "small"), Some(39));
    }

    #[test]
    fn what_is_taken_out_leaves_the_rest_in_its_order() {
        let mut lanes = Lanes::default();
        (0..10).for_each(|n| lanes.push(&user(n % 2), n));
        let mut out = lanes.take_out(|n| n % 4 == 0);
        out.sort_unstable();
        assert_eq!((out, lanes.len()), (vec![0, 4, 8], 7));
        let rest = all(&mut lanes);
        assert_eq!((rest.len(), lanes.len()), (7, 0));
        assert!(rest.iter().filter(|n| **n % 2 == 1).is_sorted());
    }

    proptest! {
        /// However many calls each user makes: while two users wait, neither is served twice more than the other; and
        /// while a batch waits, it is never passed over more than three times in a row.
        #[test]
        fn turns_are_fair(
            calls in proptest::collection::vec((0..5_usize, any::<bool>()), 1..200),
        ) {
            let mut lanes = Lanes::default();
            let batches: Vec<_> = (0..5).map(|_| Lane::Batch(Batch::patient())).collect();
            let mut waiting = HashMap::new();
            for &(n, batch) in &calls {
                let lane = if batch { batches[n].clone() } else { user(n) };
                *waiting.entry(lane.clone()).or_insert(0_usize) += 1;
                lanes.push(&lane.clone(), lane);
            }
            let total = waiting.clone();
            let mut served: HashMap<Lane, usize> = HashMap::new();
            let mut passed_over = 0;
            for _ in 0..calls.len() {
                let batch_waits = waiting.iter().any(|(lane, &n)| n > 0 && matches!(lane, Lane::Batch(_)));
                let lane = lanes.pop().unwrap();
                passed_over = match lane {
                    Lane::Interactive(_) if batch_waits => passed_over + 1,
                    Lane::Interactive(_) | Lane::Batch(_) => 0,
                };
                prop_assert!(passed_over <= 3);
                *waiting.get_mut(&lane).unwrap() -= 1;
                *served.entry(lane.clone()).or_default() += 1;
                for (other, &all) in &total {
                    let alike = matches!(other, Lane::Batch(_)) == matches!(lane, Lane::Batch(_));
                    let got = served.get(other).copied().unwrap_or(0);
                    if alike && got < all {
                        prop_assert!(served[&lane] <= got + 1, "{:?} before {:?}", lane, other);
                    }
                }
            }
            prop_assert!(lanes.pop().is_none());
        }

        /// The bound on how many come before a call holds.
        #[test]
        fn no_more_come_before_a_call_than_was_said(
            calls in proptest::collection::vec((0..4_usize, any::<bool>()), 0..60),
            mine in 0..4_usize,
        ) {
            let (mut lanes, batch) = (Lanes::default(), Lane::Batch(Batch::patient()));
            for (n, is_batch) in calls {
                lanes.push(&if is_batch { batch.clone() } else { user(n) }, false);
            }
            let said = lanes.ahead_of(&user(mine));
            lanes.push(&user(mine), true);
            let before = all(&mut lanes).iter().position(|&it| it).unwrap();
            prop_assert!(before <= said, "{} came before, {} were said", before, said);
        }
    }
}
