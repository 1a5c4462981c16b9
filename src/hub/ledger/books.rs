//! What follows from a change of one row: the counts, the indexes, the next token, the end of older wishes.

use std::time::Instant;

use super::{At, Ledger, Serial, Step, Try};
use crate::hub::distribution::{Absence, Again, Change, HOLD_EXPIRED, Row, Status};
use crate::hub::refusal::Code;
use crate::names::{DeliveryId, MeetingId, UserId};

impl Ledger {
    /// What is done about a row whose user isn't there.
    pub(super) fn absence(&self, at: At, now: Instant) -> Absence {
        match self.kept.get(&at.0).and_then(|kept| kept.held_until) {
            None => Absence::Fail(Code::NotConnected, "The user is not connected"),
            Some(until) if until <= now => HOLD_EXPIRED,
            Some(_) if self.pending < self.bounds.pending || self.status(at) == Some(Status::Pending) => {
                Absence::Hold
            }
            Some(_) => Absence::Fail(Code::HoldFull, "Too many absent users are waited for already"),
        }
    }

    pub(super) fn attempt(&mut self, at: At, again: Again) {
        let Some(distribution) = self.distribution(at.0) else { return };
        let Some(row) = distribution.row(at.1) else { return };
        let Some(user) = row.user().cloned() else { return };
        let (meeting, first) = (distribution.meeting(), row.status() == Status::Queued);
        let delivery = DeliveryId::random();
        self.index.handing(delivery, at);
        self.under_way.insert(at, delivery);
        self.steps.push_back(Step::Try(Try { at, user, meeting, delivery, first, after: again.after }));
    }

    /// Has something happen to a row, and keeps the books.
    pub(super) fn change<T>(&mut self, at: At, now: Instant, what: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let distribution = &mut self.kept.get_mut(&at.0)?.distribution;
        let row = distribution.row(at.1)?;
        let (was_trying, awaited) = (row.is_trying(), row.awaits());
        let (result, Change { before, after, closed }) = distribution.change(at.1, what)?;
        let row = distribution.row(at.1)?;
        let (is_trying, awaits) = (row.is_trying(), row.awaits());
        let (user, meeting) = (row.user().cloned(), distribution.meeting());
        if distribution.has_changed() {
            self.changed.insert(at.0);
        }
        self.queued =
            self.queued + usize::from(after == Status::Queued) - usize::from(before == Status::Queued);
        self.pending =
            self.pending + usize::from(after == Status::Pending) - usize::from(before == Status::Pending);
        if awaited != awaits {
            self.index.awaits(at, awaited.map(|(from, _)| from), awaits.map(|(from, _)| from));
        }
        if let Some((from, until)) = awaits.filter(|_| awaited != awaits) {
            self.receipts.push_back((until, at, from));
        }
        if was_trying && !is_trying && self.under_way.remove(&at).is_some() {
            self.steps.push_back(Step::Stop(at));
        }
        if let Some(user) = user {
            if closed {
                self.index.close(at, &user);
            }
            if after == Status::Pending && before != Status::Pending {
                self.replace(at, &user, meeting, now);
            }
        }
        if before == Status::Queued && after != Status::Queued {
            self.look_whether_settled(at.0);
        }
        if closed {
            self.look_whether_closed(at.0, now);
        }
        Some(result)
    }

    /// A newer intent takes the place of those that waited for the same user in the same meeting.
    fn replace(&mut self, newer: At, user: &UserId, meeting: MeetingId, now: Instant) {
        let older = |at: &At| {
            at.0 < newer.0
                && self.status(*at) == Some(Status::Pending)
                && self.distribution(at.0).is_some_and(|it| it.meeting() == meeting)
        };
        let older: Vec<_> = self.index.open_rows_of(user).into_iter().filter(older).collect();
        for at in older {
            self.end(at, now, Code::Cancelled, "A newer distribution of this meeting waits for the user");
        }
    }

    pub(super) fn look_whether_settled(&mut self, serial: Serial) {
        let Some(kept) = self.kept.get_mut(&serial) else { return };
        if kept.started && !kept.settled && kept.distribution.counts().queued == 0 {
            kept.settled = true;
            self.steps.push_back(Step::Settled(serial));
            if !kept.distribution.is_open() {
                // One without rows that were ever open closes by no row's doing.
                self.look_whether_closed(serial, Instant::now());
            }
        }
    }
}
