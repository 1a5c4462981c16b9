//! One distribution: a host's press of the button, who is to get a token, and who has. Pure, and without a token.

mod report;
mod row;

use std::time::Duration;

use jiff::Timestamp;

use super::requests::{Distribute, Named};
use crate::names::{DistributionId, MeetingId, UserId};

pub use report::{Counts, Progress, Report, RowReport, Summary};
pub use row::{Absence, Again, Attempt, HOLD_EXPIRED, Row, Status, TOKENS};

/// The distribution.
#[derive(Debug)]
pub struct Distribution {
    id: DistributionId,
    meeting: MeetingId,
    host: UserId,
    /// As it was asked; none: who isn't there gets none.
    hold: Option<Duration>,
    begun: Timestamp,
    rows: Vec<Kept>,
    counts: Counts,
    /// Rows of which something may become without a client's doing.
    open: usize,
    /// The rows that changed since the last progress was told.
    changed: Vec<RowIndex>,
}

#[derive(Debug)]
struct Kept {
    row: Row,
    /// When it last changed.
    at: Timestamp,
    /// Whether it is among the changed ones.
    changed: bool,
}

/// A row's place in its distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowIndex(u32);

/// How a row stood before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its status before.
    pub before: Status,
    /// Its status now.
    pub after: Status,
    /// Whether nothing more will become of it by itself, since just now.
    pub closed: bool,
}

impl Distribution {
    /// All rows queued, but for names that are no user ID: these have failed already.
    #[must_use]
    pub fn new(id: DistributionId, request: Distribute) -> Self {
        let Distribute { meeting, host, participants, hold } = request;
        let begun = Timestamp::now();
        let kept = |named: &Named| Kept { row: Row::new(named.clone()), at: begun, changed: false };
        let rows: Vec<_> = participants.iter().map(kept).collect();
        let mut counts = Counts::default();
        for kept in &rows {
            *counts.of(kept.row.status()) += 1;
        }
        let open = counts.queued;
        let mut distribution =
            Self { id, meeting, host, hold, begun, rows, counts, open, changed: Vec::new() };
        let failed: Vec<_> =
            distribution.rows().filter(|(_, row)| !row.is_open()).map(|(index, _)| index).collect();
        for row in failed {
            distribution.note(row);
        }
        distribution
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> DistributionId {
        self.id
    }

    /// The meeting.
    #[must_use]
    pub fn meeting(&self) -> MeetingId {
        self.meeting
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &UserId {
        &self.host
    }

    /// How long it waits for those who aren't there; none: not at all.
    #[must_use]
    pub fn hold(&self) -> Option<Duration> {
        self.hold
    }

    /// Whether it is what is asked here.
    #[must_use]
    pub fn is(&self, request: &Distribute) -> bool {
        let Distribute { meeting, host, participants, hold } = request;
        let names = self.rows.iter().map(|kept| kept.row.named());
        (self.meeting, &self.host, self.hold) == (*meeting, host, *hold) && names.eq(participants.iter())
    }

    /// When it began.
    #[must_use]
    pub fn begun(&self) -> Timestamp {
        self.begun
    }

    /// How many rows stand how.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether something may become of it without a client's doing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = (RowIndex, &Row)> {
        (0..).map(RowIndex).zip(self.rows.iter().map(|kept| &kept.row))
    }

    /// A row.
    #[must_use]
    pub fn row(&self, row: RowIndex) -> Option<&Row> {
        self.rows.get(row.place()).map(|kept| &kept.row)
    }

    /// Has something happen to a row.
    pub fn change<T>(&mut self, row: RowIndex, what: impl FnOnce(&mut Row) -> T) -> Option<(T, Change)> {
        let kept = self.rows.get_mut(row.place())?;
        let (before, was_open, sessions) = (kept.row.status(), kept.row.is_open(), kept.row.sessions());
        let result = what(&mut kept.row);
        let (after, is_open) = (kept.row.status(), kept.row.is_open());
        let differs = before != after || sessions != kept.row.sessions();
        if differs {
            kept.at = Timestamp::now();
        }
        *self.counts.of(before) -= 1;
        *self.counts.of(after) += 1;
        self.open = self.open + usize::from(is_open) - usize::from(was_open);
        if differs {
            self.note(row);
        }
        Some((result, Change { before, after, closed: was_open && !is_open }))
    }

    /// Whether a row has changed that no progress told of.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// How far it is, with the rows that changed since this was last asked.
    #[must_use]
    pub fn progress(&mut self, eta_seconds: u64) -> Progress {
        let mut changed = Vec::with_capacity(self.changed.len());
        for row in std::mem::take(&mut self.changed) {
            if let Some(kept) = self.rows.get_mut(row.place()) {
                kept.changed = false;
                changed.push(RowReport::new(kept));
            }
        }
        Progress::new(self, changed, eta_seconds)
    }

    /// The rows as they stand.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::new(self)
    }

    /// The counts as they stand.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }

    fn note(&mut self, row: RowIndex) {
        if let Some(kept) = self.rows.get_mut(row.place())
            && !kept.changed
        {
            kept.changed = true;
            self.changed.push(row);
        }
    }
}

impl RowIndex {
    /// The first there can be.
    pub(crate) const MIN: Self = Self(0);
    /// The last there can be.
    pub(crate) const MAX: Self = Self(u32::MAX);

    fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests;
