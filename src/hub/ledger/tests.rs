//! The ledger against a model of the hub around it: users come and go, tokens arrive, get lost or are refused, receipts
//! come or don't, time passes, in any order.

use std::collections::HashMap;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index as Pick;

use super::*;
use crate::hub::requests::{Distribute, Named, Roster};

const BOUNDS: Bounds = Bounds {
    queued: 1000,
    pending: 6,
    remembered: 3,
    hold: Duration::from_secs(100),
    receipt: Duration::from_secs(10),
    remember: Duration::from_secs(50),
};

fn user(n: usize) -> UserId {
    format!("user{n}").parse().unwrap()
}

fn meeting() -> MeetingId {
    "123456789".parse().unwrap()
}

fn distribution(users: impl IntoIterator<Item = usize>, hold: Option<Duration>) -> Distribution {
    let participants = Roster::new(users.into_iter().map(|n| Named::User(user(n))));
    let request = Distribute { meeting: meeting(), host: "host".parse().unwrap(), participants, hold };
    Distribution::new(DistributionId::random(), request)
}

#[derive(Clone, Debug)]
enum What {
    Distribute { users: Vec<usize>, hold: bool },
    Connect { user: usize, acks: bool },
    Disconnect(Pick),
    Finish { which: Pick, minted: bool },
    Receipt(Pick),
    Wait(u64),
    Cancel(Pick),
    Revoke(usize),
    Join { user: usize, confirms: bool },
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        2 => (proptest::collection::vec(0_usize..4, 1..4), prop::bool::weighted(0.8))
            .prop_map(|(users, hold)| What::Distribute { users, hold }),
        4 => (0_usize..4, any::<bool>()).prop_map(|(user, acks)| What::Connect { user, acks }),
        3 => any::<Pick>().prop_map(What::Disconnect),
        6 => (any::<Pick>(), prop::bool::weighted(0.9)).prop_map(|(which, minted)| What::Finish { which, minted }),
        3 => any::<Pick>().prop_map(What::Receipt),
        2 => (1_u64..40).prop_map(What::Wait),
        1 => any::<Pick>().prop_map(What::Cancel),
        1 => (0_usize..4).prop_map(What::Revoke),
        1 => (0_usize..4, any::<bool>()).prop_map(|(user, confirms)| What::Join { user, confirms }),
    ]
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    user: UserId,
    acks: bool,
}

/// The hub around a ledger, in small.
struct World {
    ledger: Ledger,
    now: Instant,
    /// The oldest first.
    sessions: Vec<Session>,
    trying: Vec<Try>,
    /// Whose each delivery was, and how many tokens each row took.
    handed: Vec<(DeliveryId, UserId, At)>,
    tokens: HashMap<At, u8>,
    serials: Vec<Serial>,
    settled: Vec<Serial>,
}

impl World {
    fn new() -> Self {
        Self {
            ledger: Ledger::new(BOUNDS),
            now: Instant::now(),
            sessions: Vec::new(),
            trying: Vec::new(),
            handed: Vec::new(),
            tokens: HashMap::new(),
            serials: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn go_on(&mut self) {
        while let Some(step) = self.ledger.next_step() {
            match step {
                Step::Try(it) => {
                    self.trying.retain(|other| other.at != it.at);
                    self.trying.push(it);
                }
                Step::Stop(at) => self.trying.retain(|it| it.at != at),
                Step::Settled(serial) => {
                    assert!(!self.settled.contains(&serial), "settled twice");
                    self.settled.push(serial);
                }
                Step::Forgotten(serial) => {
                    self.serials.retain(|other| *other != serial);
                    self.trying.retain(|it| it.at.0 != serial);
                }
            }
        }
    }

    fn is_online(&self, user: &UserId) -> bool {
        self.sessions.iter().any(|session| session.user == *user)
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Distribute { users, hold } => {
                let distribution = distribution(users, hold.then_some(Duration::MAX));
                let Ok(serial) = self.ledger.admit(distribution, self.now) else { return };
                self.serials.push(serial);
                let online: Vec<_> = self.sessions.iter().map(|session| session.user.clone()).collect();
                self.ledger.start(serial, self.now, |user| online.contains(user));
            }
            What::Connect { user: n, acks } => {
                self.sessions.push(Session { id: SessionId::random(), user: user(n), acks });
                drop(self.ledger.arrived(&user(n), &Caller::Anyone, self.now));
            }
            What::Disconnect(which) => {
                if !self.sessions.is_empty() {
                    let session = self.sessions.remove(which.index(self.sessions.len()));
                    self.ledger.left(session.id, self.now);
                }
            }
            What::Finish { which, minted } => {
                if !self.trying.is_empty() {
                    let it = self.trying.remove(which.index(self.trying.len()));
                    self.finish(&it, minted);
                }
            }
            What::Receipt(which) => {
                if let Some((delivery, owner, at)) = which.get_checked(&self.handed).cloned() {
                    let others = self.ledger.receipt(delivery, |user| *user != owner, self.now);
                    assert_eq!(others, None, "a receipt counted that was another user's");
                    let known = self.ledger.receipt(delivery, |user| *user == owner, self.now).is_some();
                    let status = self.ledger.status(at);
                    assert_eq!(status, known.then_some(Status::Acknowledged));
                }
            }
            What::Wait(seconds) => {
                self.now += Duration::from_secs(seconds);
                self.ledger.due(self.now);
            }
            What::Cancel(which) => {
                if let Some(serial) = which.get_checked(&self.serials).copied() {
                    self.ledger.cancel(serial, self.now);
                    assert!(!self.ledger.distribution(serial).unwrap().is_open());
                }
            }
            What::Revoke(n) => {
                let issued_before = Timestamp::now() + std::time::Duration::from_secs(1);
                let matching = Matching { user: Some(user(n)), meeting: None, issued_before };
                self.ledger.revoke(&matching, self.now);
                assert!(self.ledger.index.open_rows_of(&user(n)).is_empty());
            }
            What::Join { user: n, confirms } => {
                let acks = |session: &&Session| session.user == user(n) && session.acks;
                let session = self.sessions.iter().find(acks).filter(|_| confirms).map(|session| session.id);
                let delivery = self.ledger.served(&user(n), meeting(), session, self.now);
                let waits = |at: &At| self.ledger.status(*at) == Some(Status::Pending);
                assert!(!self.ledger.index.open_rows_of(&user(n)).iter().any(waits));
                if let Some(delivery) = delivery {
                    let at = self.ledger.index.delivered(delivery).unwrap();
                    self.handed.push((delivery, user(n), at));
                }
            }
        }
        self.go_on();
    }

    /// As delivery and registry do it.
    fn finish(&mut self, it: &Try, minted: bool) {
        let failed = Attempt::Failed { code: Code::ZoomRefused, error: String::new() };
        let there: Vec<_> = self.sessions.iter().filter(|session| session.user == it.user).collect();
        let confirming: Vec<_> = there.iter().rev().filter(|session| session.acks).collect();
        let other = confirming.iter().find(|session| Some(session.id) != it.after);
        let confirms = other.or(confirming.first()).map(|session| session.id);
        let attempt = match (minted, there.len(), confirms) {
            (false, ..) => failed,
            (true, 0, _) => Attempt::Absent { minted: it.first },
            (true, _, Some(_)) => Attempt::Handed { sessions: 1, confirms },
            (true, sessions, None) => Attempt::Handed { sessions, confirms: None },
        };
        if matches!(attempt, Attempt::Handed { .. }) {
            self.handed.push((it.delivery, it.user.clone(), it.at));
            let tokens = self.tokens.entry(it.at).or_default();
            *tokens += 1;
            assert!(*tokens <= crate::hub::distribution::TOKENS, "a row took a fourth token");
        }
        self.ledger.tried(it.at, it.delivery, attempt, self.now);
    }

    fn check(&self) {
        let (mut queued, mut pending, mut rows) = (0, 0, 0);
        for (serial, kept) in &self.ledger.kept {
            for (index, row) in kept.distribution.rows() {
                let at = At(*serial, index);
                queued += usize::from(row.status() == Status::Queued);
                pending += usize::from(row.status() == Status::Pending);
                rows += 1;
                let tries = self.trying.iter().filter(|it| it.at == at).count();
                assert_eq!(tries, usize::from(row.is_trying()), "a row that is tried is tried once: {row:?}");
                let waits = row.status() == Status::Pending && !row.is_trying();
                assert!(
                    !waits || !self.is_online(row.user().unwrap()),
                    "somebody is there and waits: {row:?}"
                );
                if let Some((session, until)) = row.awaits() {
                    let there = self.sessions.iter().any(|other| other.id == session);
                    assert!(there && until > self.now, "nobody is left to confirm: {row:?}");
                }
            }
            assert!(!kept.started || kept.settled == (kept.distribution.counts().queued == 0));
        }
        assert_eq!((queued, pending, rows), (self.ledger.queued, self.ledger.pending, self.ledger.rows));
        assert!(pending <= BOUNDS.pending && self.ledger.closed.len() <= BOUNDS.remembered);
    }
}

trait PickExt {
    fn get_checked<'a, T>(&self, from: &'a [T]) -> Option<&'a T>;
}

impl PickExt for Pick {
    fn get_checked<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| self.get(from))
    }
}

proptest! {
    #[test]
    fn whatever_happens_everybody_there_is_served_and_nothing_is_left(
        history in proptest::collection::vec(what(), 0..120),
    ) {
        let mut world = World::new();
        for what in history {
            world.happen(what);
            world.check();
        }
        while !world.trying.is_empty() {
            let it = world.trying.remove(0);
            world.finish(&it, true);
            world.go_on();
            world.check();
        }
        for _ in 0..20 {
            world.happen(What::Wait(40));
            while let Some(it) = world.trying.pop() {
                world.finish(&it, true);
                world.go_on();
            }
            world.check();
        }
        prop_assert!(world.ledger.kept.is_empty() && world.ledger.index.is_empty());
        prop_assert!(world.ledger.holds.is_empty() && world.ledger.receipts.is_empty());
        prop_assert!(world.ledger.under_way.is_empty());
    }
}

#[test]
fn the_bound_of_pending_rows_holds_and_the_next_one_fails() {
    let (mut ledger, now) = (Ledger::new(BOUNDS), Instant::now());
    let serial = ledger.admit(distribution(0..8, Some(Duration::MAX)), now).unwrap();
    ledger.start(serial, now, |_| false);
    let codes = |ledger: &Ledger| -> Vec<_> {
        let rows = ledger.distribution(serial).unwrap().rows();
        rows.filter_map(|(_, row)| row.failure().map(|(code, _)| code)).collect()
    };
    assert_eq!((ledger.pending(), codes(&ledger)), (6, vec![Code::HoldFull; 2]));
    ledger.due(now + BOUNDS.hold);
    assert_eq!((ledger.pending(), codes(&ledger).len()), (0, 8));
}

#[test]
fn a_receipt_stops_what_is_under_way_for_its_row_but_not_its_own_delivery() {
    let (mut ledger, now) = (Ledger::new(BOUNDS), Instant::now());
    let serial = ledger.admit(distribution([1], None), now).unwrap();
    ledger.start(serial, now, |_| true);
    let steps = |ledger: &mut Ledger| std::iter::from_fn(|| ledger.next_step()).collect::<Vec<_>>();
    let tried = |steps: &[Step]| match steps {
        [Step::Try(it)] => it.clone(),
        other => panic!("{other:?}"),
    };
    let first = tried(&steps(&mut ledger));
    // No receipt for it: another is under way when it comes after all.
    let confirms = Some(SessionId::random());
    ledger.tried(first.at, first.delivery, Attempt::Handed { sessions: 1, confirms }, now);
    assert_eq!(steps(&mut ledger), [Step::Settled(serial)]);
    ledger.due(now + BOUNDS.receipt);
    tried(&steps(&mut ledger));
    ledger.receipt(first.delivery, |_| true, now).unwrap();
    assert_eq!(steps(&mut ledger), [Step::Stop(first.at)]);
    // A client that is faster than the word of its delivery.
    let serial = ledger.admit(distribution([1], None), now).unwrap();
    ledger.start(serial, now, |_| true);
    let own = tried(&steps(&mut ledger));
    ledger.receipt(own.delivery, |_| true, now).unwrap();
    assert_eq!(steps(&mut ledger), [Step::Settled(serial)]);
    ledger.tried(own.at, own.delivery, Attempt::Handed { sessions: 1, confirms }, now);
    assert_eq!((steps(&mut ledger), ledger.status(own.at)), (vec![], Some(Status::Acknowledged)));
}

#[test]
fn a_newer_intent_takes_the_place_of_an_older_one_of_the_same_meeting() {
    let (mut ledger, now) = (Ledger::new(BOUNDS), Instant::now());
    let serials = [(); 2].map(|()| {
        let serial = ledger.admit(distribution([1], Some(Duration::MAX)), now).unwrap();
        ledger.start(serial, now, |_| false);
        serial
    });
    let statuses = serials.map(|serial| {
        ledger.status(At(serial, ledger.distribution(serial).unwrap().rows().next().unwrap().0))
    });
    assert_eq!(statuses, [Some(Status::Failed), Some(Status::Pending)]);
    let standings = ledger.arrived(&user(1), &Caller::Anyone, now);
    assert_eq!(standings.len(), 1);
    assert_eq!(standings.first().unwrap().status, Status::Pending);
}

#[test]
fn a_hundred_thousand_intents_fit_and_the_bound_holds() {
    let bounds = Bounds { queued: 200_000, pending: 100_000, ..BOUNDS };
    let (mut ledger, now) = (Ledger::new(bounds), Instant::now());
    for batch in 0..101 {
        let users = batch * 1000..(batch + 1) * 1000;
        let serial = ledger.admit(distribution(users, Some(Duration::MAX)), now).unwrap();
        ledger.start(serial, now, |_| false);
    }
    assert_eq!((ledger.pending(), ledger.queued()), (100_000, 0));
}
