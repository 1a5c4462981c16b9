//! One distribution's rows and their transitions, pure. It holds no token: a row says what became of one.

use jiff::Timestamp;
use serde::Serialize;

use super::moments::iso_8601;
use super::refusal::Code;
use super::requests::{Distribute, Named};
use crate::names::{DistributionId, MeetingId, UserId};

/// A host's press of the button: who is to get a token, and who has.
#[derive(Debug)]
pub struct Distribution {
    id: DistributionId,
    meeting: MeetingId,
    host: UserId,
    rows: Vec<Row>,
    queued: usize,
    delivered: usize,
    /// The rows that ended since the last progress was told.
    changed: Vec<RowIndex>,
}

#[derive(Clone, Debug)]
struct Row {
    named: Named,
    status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Status {
    Queued,
    Ended(Outcome),
}

/// How a row ends. It ends once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many of the user's sessions took the token; at least one.
    Delivered {
        /// How many.
        sessions: usize,
    },
    /// The user got none.
    Failed {
        /// Why.
        code: Code,
        /// A sentence for people.
        error: String,
    },
}

/// A row's place in its distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowIndex(usize);

impl Distribution {
    /// All rows queued, but for names that are no user ID: these have failed already.
    #[must_use]
    pub fn new(id: DistributionId, request: Distribute) -> Self {
        let Distribute { meeting, host, participants } = request;
        let rows: Vec<_> = participants.iter().map(|named| Row::new(named.clone())).collect();
        let ended = rows.iter().enumerate().filter(|(_, row)| row.status != Status::Queued);
        let changed: Vec<_> = ended.map(|(index, _)| RowIndex(index)).collect();
        let queued = rows.len() - changed.len();
        Self { id, meeting, host, rows, queued, delivered: 0, changed }
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

    /// How many rows wait for their outcome.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// How many rows have ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.rows.len() - self.queued
    }

    /// The users whose rows wait for their outcome.
    pub fn queued_users(&self) -> impl Iterator<Item = (RowIndex, &UserId)> {
        self.rows.iter().enumerate().filter_map(|(index, row)| match (&row.named, &row.status) {
            (Named::User(user), Status::Queued) => Some((RowIndex(index), user)),
            _ => None,
        })
    }

    /// A row ends, unless it has already.
    pub fn settle(&mut self, row: RowIndex, outcome: Outcome) {
        let RowIndex(index) = row;
        if let Some(ending) = self.rows.get_mut(index).filter(|row| row.status == Status::Queued) {
            if let Outcome::Delivered { .. } = outcome {
                self.delivered += 1;
            }
            ending.status = Status::Ended(outcome);
            self.queued -= 1;
            self.changed.push(row);
        }
    }

    /// Every row that still waits fails.
    pub fn fail_queued(&mut self, code: Code, error: &str) {
        for row in self.rows.iter_mut().filter(|row| row.status == Status::Queued) {
            row.status = Status::Ended(Outcome::Failed { code, error: error.to_owned() });
        }
        self.queued = 0;
    }

    /// Whether a row has ended that no progress told of.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// How far it is, with the rows that ended since this was last asked.
    #[must_use]
    pub fn progress(&mut self, eta_seconds: u64) -> Progress {
        let changed = std::mem::take(&mut self.changed);
        let done = self.rows.len() - self.queued;
        Progress {
            meeting_id: self.meeting,
            distribution_id: self.id,
            done,
            total: self.rows.len(),
            delivered: self.delivered,
            pending: 0,
            failed: done - self.delivered,
            eta_seconds,
            participants: changed.iter().filter_map(|row| self.rows.get(row.0)).map(Row::report).collect(),
        }
    }

    /// The rows as they stand.
    #[must_use]
    pub fn report(&self) -> Report {
        let participants: Vec<_> = self.rows.iter().map(Row::report).collect();
        let count = |status| participants.iter().filter(|row| row.status == status).count();
        let failed = participants.iter().filter(|row| row.status == Word::Failed);
        Report {
            meeting_id: self.meeting,
            successful: count(Word::Delivered),
            failed: count(Word::Failed),
            failed_users: failed.map(|row| row.user_id.clone()).collect(),
            timestamp: Timestamp::now(),
            distribution_id: self.id,
            total: participants.len(),
            pending: 0,
            pending_users: [],
            participants,
        }
    }
}

impl Row {
    fn new(named: Named) -> Self {
        let status = match &named {
            Named::User(_) => Status::Queued,
            Named::Invalid { reason, .. } => {
                Status::Ended(Outcome::Failed { code: Code::InvalidUserId, error: reason.clone() })
            }
        };
        Self { named, status }
    }

    fn report(&self) -> RowReport {
        let user_id = match &self.named {
            Named::User(user) => user.to_string(),
            Named::Invalid { given, .. } => given.clone(),
        };
        let (status, sessions, code, error) = match &self.status {
            Status::Queued => (Word::Queued, 0, None, None),
            Status::Ended(Outcome::Delivered { sessions }) => (Word::Delivered, *sessions, None, None),
            Status::Ended(Outcome::Failed { code, error }) => {
                (Word::Failed, 0, Some(*code), Some(error.clone()))
            }
        };
        RowReport { user_id, status, sessions, code, error }
    }
}

/// The data of `meeting:distributed`. When it is sent no row is queued, and total = successful + failed + pending.
/// Nobody is pending while absent users are not held: an absent one has failed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    meeting_id: MeetingId,
    successful: usize,
    failed: usize,
    failed_users: Vec<String>,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
    distribution_id: DistributionId,
    total: usize,
    pending: usize,
    pending_users: [String; 0],
    participants: Vec<RowReport>,
}

/// The data of `meeting:progress`: how far a distribution is, and the rows that ended since the last.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    meeting_id: MeetingId,
    distribution_id: DistributionId,
    done: usize,
    total: usize,
    delivered: usize,
    pending: usize,
    failed: usize,
    eta_seconds: u64,
    participants: Vec<RowReport>,
}

impl Progress {
    /// About how many bytes its rows hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.participants.iter().map(RowReport::weight).sum()
    }
}

impl Report {
    /// About how many bytes its rows hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.participants.iter().map(RowReport::weight).sum()
    }

    /// The counts, for the log.
    #[must_use]
    pub fn summary(&self) -> String {
        format!("{} delivered, {} failed of {}", self.successful, self.failed, self.total)
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RowReport {
    user_id: String,
    status: Word,
    sessions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl RowReport {
    fn weight(&self) -> usize {
        128 + self.user_id.len() + self.error.as_ref().map_or(0, String::len)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Queued,
    Delivered,
    Failed,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::requests::Roster;
    use super::*;

    fn distribution(users: usize, invalid: usize) -> Distribution {
        let valid = (0..users).map(|n| Named::User(format!("u{n}").parse().unwrap()));
        let bad = (0..invalid).map(|n| Named::Invalid { given: format!("bad{n}"), reason: "why".into() });
        let request = Distribute {
            meeting: "123456789".parse().unwrap(),
            host: "host".parse().unwrap(),
            participants: Roster::new(valid.chain(bad)),
        };
        Distribution::new(DistributionId::random(), request)
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            (1_usize..4).prop_map(|sessions| Outcome::Delivered { sessions }),
            Just(Outcome::Failed { code: Code::NotConnected, error: "gone".into() }),
        ]
    }

    #[test]
    fn a_name_that_is_no_user_id_has_failed_from_the_start() {
        let report = distribution(1, 1).report();
        assert_eq!((report.total, report.failed, report.failed_users), (2, 1, vec!["bad0".to_owned()]));
    }

    #[test]
    fn a_row_ends_once() {
        let mut distribution = distribution(1, 0);
        distribution.settle(RowIndex(0), Outcome::Delivered { sessions: 2 });
        distribution.settle(RowIndex(0), Outcome::Failed { code: Code::Internal, error: String::new() });
        distribution.fail_queued(Code::ShuttingDown, "late");
        let report = distribution.report();
        assert_eq!((report.successful, report.failed, distribution.queued()), (1, 0, 0));
    }

    proptest! {
        #[test]
        fn the_counts_add_up_whatever_happens(
            users in 0_usize..20,
            invalid in 0_usize..4,
            steps in proptest::collection::vec((0_usize..24, outcome()), 0..60),
            stop in any::<bool>(),
        ) {
            let (mut distribution, mut told) = (distribution(users, invalid), 0);
            for (row, outcome) in steps {
                let before = distribution.queued();
                distribution.settle(RowIndex(row), outcome);
                prop_assert!(distribution.queued() <= before);
                if row % 3 == 0 {
                    let progress = distribution.progress(0);
                    prop_assert_eq!(progress.done, progress.delivered + progress.failed);
                    told += progress.participants.len();
                    prop_assert_eq!(told, progress.done);
                }
            }
            if stop {
                distribution.fail_queued(Code::ShuttingDown, "stop");
            }
            let report = distribution.report();
            prop_assert_eq!(distribution.queued(), distribution.queued_users().count());
            prop_assert_eq!(report.total, report.successful + report.failed + distribution.queued());
            prop_assert_eq!(report.failed, report.failed_users.len());
            prop_assert_eq!(report.total, users + invalid);
        }
    }
}
