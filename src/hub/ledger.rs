//! Every distribution that runs, waits for somebody or is remembered. Pure: it is told what happened and says what to do.
//!
//! An intent is a row that is `pending`: who, which meeting, which host, until when; never a token. A row is in the
//! index before anybody looks whether its user is there, so nobody who arrives in between is missed: whoever comes
//! while a token is on its way makes a route that found nobody try again.

mod books;
mod index;
mod kept;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use foldhash::HashMap;

use super::command::{Action, decide};
use super::distribution::{Again, Attempt, Distribution, Row, RowIndex, Status};
use super::refusal::Code;
use crate::identity::{Caller, Matching};
use crate::names::{DeliveryId, DistributionId, MeetingId, SessionId, UserId};
use index::Index;

/// Rows that are kept in all, of distributions that run, wait or are remembered.
const ROWS: usize = 500_000;
/// Of a user's rows so many, the newest, are looked through for what the user is told on arrival.
const LOOKED_THROUGH: usize = 256;
/// Meetings that a user is told of on arrival.
const MEETINGS: usize = 32;

/// A distribution's place in the order of their beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u64);

#[cfg(test)]
impl Serial {
    /// The one of this number.
    pub(crate) fn of(number: u64) -> Self {
        Self(number)
    }
}

/// A row among all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub Serial, pub RowIndex);

impl At {
    const MIN: Self = Self(Serial(0), RowIndex::MIN);
    const MAX: Self = Self(Serial(u64::MAX), RowIndex::MAX);
}

/// How long and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Rows that may wait for their first token.
    pub queued: usize,
    /// Rows that may wait for their user.
    pub pending: usize,
    /// Distributions that are remembered beside those that run or wait.
    pub remembered: usize,
    /// The longest that a row waits for its user.
    pub hold: Duration,
    /// Until a token counts as lost that a client was to confirm.
    pub receipt: Duration,
    /// How long a distribution is remembered once nothing more becomes of it.
    pub remember: Duration,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A token is to be minted and handed over.
    Try(Try),
    /// What is tried for this row is of no use any more.
    Stop(At),
    /// No row of the distribution is queued any more, for the first time.
    Settled(Serial),
    /// The distribution is forgotten.
    Forgotten(Serial),
}

/// A token to be minted and handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// For which row.
    pub at: At,
    /// Whose.
    pub user: UserId,
    /// For which meeting.
    pub meeting: MeetingId,
    /// What the delivery is called.
    pub delivery: DeliveryId,
    /// Whether it is the row's first; one of a batch.
    pub first: bool,
    /// The session that did not confirm the last one.
    pub after: Option<SessionId>,
}

/// A meeting that was distributed to a user, as the user is told of it on arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The meeting.
    pub meeting: MeetingId,
    /// Its newest distribution.
    pub distribution: DistributionId,
    /// How the user's row stands.
    pub status: Status,
}

/// The ledger.
#[derive(Debug)]
pub struct Ledger {
    bounds: Bounds,
    kept: BTreeMap<Serial, Kept>,
    index: Index,
    /// What may be stopped: the delivery that is under way for a row, until a receipt shows that it was handed over.
    under_way: HashMap<At, DeliveryId>,
    /// When holds end.
    holds: BTreeSet<(Instant, Serial)>,
    /// When receipts are missed, in order; what was confirmed meanwhile is still in it.
    receipts: VecDeque<(Instant, At, SessionId)>,
    /// When distributions are forgotten, in order.
    closed: VecDeque<(Instant, Serial)>,
    queued: usize,
    pending: usize,
    rows: usize,
    next: u64,
    /// Those with rows that changed since the last progress.
    changed: BTreeSet<Serial>,
    steps: VecDeque<Step>,
}

#[derive(Debug)]
struct Kept {
    distribution: Distribution,
    held_until: Option<Instant>,
    started: bool,
    settled: bool,
    /// Whether nothing more becomes of it: it waits to be forgotten.
    closed: bool,
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            kept: BTreeMap::new(),
            index: Index::default(),
            under_way: HashMap::default(),
            holds: BTreeSet::new(),
            receipts: VecDeque::new(),
            closed: VecDeque::new(),
            queued: 0,
            pending: 0,
            rows: 0,
            next: 0,
            changed: BTreeSet::new(),
            steps: VecDeque::new(),
        }
    }

    /// What is to be done next. Ask until it is nothing.
    #[must_use]
    pub fn next_step(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// A distribution.
    #[must_use]
    pub fn distribution(&self, serial: Serial) -> Option<&Distribution> {
        self.kept.get(&serial).map(|kept| &kept.distribution)
    }

    /// A distribution, to ask for its progress.
    pub fn distribution_mut(&mut self, serial: Serial) -> Option<&mut Distribution> {
        self.kept.get_mut(&serial).map(|kept| &mut kept.distribution)
    }

    /// Which distribution has this name.
    #[must_use]
    pub fn named(&self, id: DistributionId) -> Option<Serial> {
        self.index.named(id)
    }

    /// All of them, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Distribution> {
        self.kept.values().rev().map(|kept| &kept.distribution)
    }

    /// Rows that wait for their first token.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Rows that wait for their user.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// The distributions of which a row has changed since this was last asked.
    pub fn changed(&mut self) -> BTreeSet<Serial> {
        std::mem::take(&mut self.changed)
    }

    /// The host has its ZAK: every row that waits is tried, where its user is there.
    pub fn start(&mut self, serial: Serial, now: Instant, is_online: impl Fn(&UserId) -> bool) {
        let Some(kept) = self.kept.get_mut(&serial) else { return };
        kept.started = true;
        let queued = kept.distribution.rows().filter(|(_, row)| row.status() == Status::Queued);
        let rows: Vec<_> = queued.filter_map(|(index, row)| Some((index, row.user()?.clone()))).collect();
        for (row, user) in rows {
            let at = At(serial, row);
            if is_online(&user) {
                self.attempt(at, Again { after: None });
            } else {
                let absence = self.absence(at, now);
                self.change(at, now, |row| row.missing(absence));
            }
        }
        self.look_whether_settled(serial);
    }

    /// What was tried for a row has ended.
    pub fn tried(&mut self, at: At, delivery: DeliveryId, attempt: Attempt, now: Instant) {
        if !matches!(attempt, Attempt::Handed { .. }) {
            self.index.not_handed(delivery);
        }
        let (absence, until) = (self.absence(at, now), now + self.bounds.receipt);
        self.no_longer_under_way(at, delivery);
        let again = self.change(at, now, |row| row.tried(attempt, absence, until));
        if let Some(again) = again.flatten() {
            self.attempt(at, again);
        }
    }

    /// A session of the user's has come; answers what was distributed to the user before.
    pub fn arrived(&mut self, user: &UserId, caller: &Caller, now: Instant) -> Vec<Standing> {
        for at in self.index.open_rows_of(user) {
            let Some(meeting) = self.distribution(at.0).map(Distribution::meeting) else { continue };
            if decide(caller, Action::Obf(user, meeting)).is_ok() {
                if let Some(again) = self.change(at, now, Row::arrived).flatten() {
                    self.attempt(at, again);
                }
            } else if self.status(at) == Some(Status::Pending) {
                self.end(at, now, Code::Forbidden, "The user's credential is not good for this meeting");
            }
        }
        self.standings(user, caller)
    }

    /// A session has ended: what it has not confirmed is lost.
    pub fn left(&mut self, session: SessionId, now: Instant) {
        for at in self.index.awaited_from(session) {
            self.missed(at, session, now);
        }
    }

    /// A client has a token, it says, on a session that is these users'. Answers whose it was.
    pub fn receipt(
        &mut self,
        delivery: DeliveryId,
        is_users: impl Fn(&UserId) -> bool,
        now: Instant,
    ) -> Option<(MeetingId, UserId)> {
        let at = self.index.delivered(delivery)?;
        let distribution = self.distribution(at.0)?;
        let (meeting, user) = (distribution.meeting(), distribution.row(at.1)?.user()?.clone());
        if !is_users(&user) {
            return None;
        }
        // Its own end is about to be told, and is let be: it says in the log that the token was handed over.
        self.no_longer_under_way(at, delivery);
        self.change(at, now, Row::acknowledge)?;
        Some((meeting, user))
    }

    /// A user asked for a token of a meeting's and has got it: what waited to give one is done. Answers what the delivery
    /// is called, where something did.
    pub fn served(
        &mut self,
        user: &UserId,
        meeting: MeetingId,
        confirms: Option<SessionId>,
        now: Instant,
    ) -> Option<DeliveryId> {
        let of_meeting = |at: &At| self.distribution(at.0).is_some_and(|it| it.meeting() == meeting);
        let rows: Vec<_> = self.index.open_rows_of(user).into_iter().filter(of_meeting).collect();
        let newest = rows.last().copied()?;
        let until = now + self.bounds.receipt;
        for at in &rows {
            let confirms = confirms.filter(|_| *at == newest);
            self.change(*at, now, |row| row.served(confirms, until));
        }
        let delivery = DeliveryId::random();
        self.index.handing(delivery, newest);
        Some(delivery)
    }

    /// Ends what is queued or pending in a distribution.
    pub fn cancel(&mut self, serial: Serial, now: Instant) {
        self.end_all(serial, now, Code::Cancelled, "The distribution was cancelled");
    }

    /// Ends what waits for users whose credentials count no more.
    pub fn revoke(&mut self, matching: &Matching, now: Instant) {
        for at in self.index.open_rows() {
            let Some(distribution) = self.distribution(at.0) else { continue };
            let user = distribution.row(at.1).and_then(Row::user);
            let concerns =
                |user| matching.concerns_intent(user, distribution.meeting(), distribution.begun());
            if user.is_some_and(concerns) {
                self.end(at, now, Code::CredentialRevoked, "The user's credentials were revoked");
            }
        }
    }

    /// The hub stops: what waits for a token fails; with `held`, what waits for its user too.
    pub fn stop(&mut self, held: bool, now: Instant) {
        let error = "The hub was stopped before this token was there";
        for at in self.index.open_rows() {
            if held || self.status(at) == Some(Status::Queued) {
                self.end(at, now, Code::ShuttingDown, error);
            }
        }
    }

    /// Sees to what was due by now.
    pub fn due(&mut self, now: Instant) {
        while let Some((_, at, from)) = self.receipts.pop_front_if(|(until, _, _)| *until <= now) {
            self.missed(at, from, now);
        }
        while let Some((_, serial)) = self.holds.first().copied().filter(|(until, _)| *until <= now) {
            self.holds.pop_first();
            for at in self.rows_of(serial, Row::is_open) {
                self.change(at, now, Row::hold_expired);
            }
        }
        while let Some((_, serial)) = self.closed.pop_front_if(|(until, _)| *until <= now) {
            self.forget(serial);
        }
    }

    fn no_longer_under_way(&mut self, at: At, delivery: DeliveryId) {
        if self.under_way.get(&at) == Some(&delivery) {
            self.under_way.remove(&at);
        }
    }

    fn missed(&mut self, at: At, from: SessionId, now: Instant) {
        if let Some(again) = self.change(at, now, |row| row.missed(from)).flatten() {
            self.attempt(at, again);
        }
    }

    fn standings(&self, user: &UserId, caller: &Caller) -> Vec<Standing> {
        let mut standings: Vec<Standing> = Vec::new();
        for at in self.index.newest_rows_of(user).take(LOOKED_THROUGH) {
            let Some(distribution) = self.distribution(at.0) else { continue };
            let Some(row) = distribution.row(at.1) else { continue };
            let meeting = distribution.meeting();
            if standings.iter().any(|standing| standing.meeting == meeting)
                || decide(caller, Action::Obf(user, meeting)).is_err()
            {
                continue;
            }
            standings.push(Standing { meeting, distribution: distribution.id(), status: row.status() });
            if standings.len() == MEETINGS {
                break;
            }
        }
        standings
    }

    fn end_all(&mut self, serial: Serial, now: Instant, code: Code, error: &str) {
        for at in self.rows_of(serial, Row::is_open) {
            self.end(at, now, code, error);
        }
    }

    fn end(&mut self, at: At, now: Instant, code: Code, error: &str) {
        self.change(at, now, |row| row.end(code, error));
    }

    fn rows_of(&self, serial: Serial, which: impl Fn(&Row) -> bool) -> Vec<At> {
        let rows = self.distribution(serial).into_iter().flat_map(Distribution::rows);
        rows.filter(|(_, row)| which(row)).map(|(index, _)| At(serial, index)).collect()
    }

    fn status(&self, at: At) -> Option<Status> {
        Some(self.distribution(at.0)?.row(at.1)?.status())
    }
}

#[cfg(test)]
mod tests;
