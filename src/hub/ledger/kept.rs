//! Which distributions are kept: from their beginning until they are forgotten, and no more than fit.

use std::time::Instant;

use super::{Kept, Ledger, ROWS, Serial, Step};
use crate::hub::distribution::Distribution;
use crate::hub::refusal::{Code, Refusal};

impl Ledger {
    /// Takes a distribution in; nothing is tried before it starts.
    ///
    /// # Errors
    /// `overloaded`: too much waits already.
    pub fn admit(&mut self, distribution: Distribution, now: Instant) -> Result<Serial, Refusal> {
        if self.queued + distribution.counts().queued > self.bounds.queued {
            return Err(Refusal::new(Code::Overloaded, "Too many tokens are waiting to be distributed"));
        }
        self.make_room(distribution.len())?;
        let serial = Serial(self.next);
        self.next += 1;
        self.queued += distribution.counts().queued;
        self.rows += distribution.len();
        let held_until = distribution.hold().map(|hold| now + hold.min(self.bounds.hold));
        if let Some(until) = held_until {
            self.holds.insert((until, serial));
        }
        self.index.add(serial, &distribution);
        self.kept
            .insert(serial, Kept { distribution, held_until, started: false, settled: false, closed: false });
        Ok(serial)
    }

    /// The host has no ZAK: the distribution never was.
    pub fn abandon(&mut self, serial: Serial) {
        self.forget(serial);
    }

    pub(super) fn look_whether_closed(&mut self, serial: Serial, now: Instant) {
        let Some(kept) = self.kept.get_mut(&serial) else { return };
        if kept.distribution.is_open() || !kept.started || kept.closed {
            return;
        }
        kept.closed = true;
        if let Some(until) = kept.held_until.take() {
            self.holds.remove(&(until, serial));
        }
        self.closed.push_back((now + self.bounds.remember, serial));
        while self.closed.len() > self.bounds.remembered {
            if let Some((_, oldest)) = self.closed.pop_front() {
                self.forget(oldest);
            }
        }
    }

    /// Forgets the oldest that are closed until so many more rows fit.
    fn make_room(&mut self, rows: usize) -> Result<(), Refusal> {
        while self.rows + rows > ROWS {
            let Some((_, oldest)) = self.closed.pop_front() else {
                let message = "Too many distributions wait for their participants";
                return Err(Refusal::new(Code::Overloaded, message));
            };
            self.forget(oldest);
        }
        Ok(())
    }

    pub(super) fn forget(&mut self, serial: Serial) {
        let Some(Kept { distribution, held_until, .. }) = self.kept.remove(&serial) else { return };
        if let Some(until) = held_until {
            self.holds.remove(&(until, serial));
        }
        let counts = distribution.counts();
        self.queued -= counts.queued;
        self.pending -= counts.pending;
        self.rows -= distribution.len();
        self.changed.remove(&serial);
        self.index.remove(serial, &distribution);
        self.steps.push_back(Step::Forgotten(serial));
    }
}
