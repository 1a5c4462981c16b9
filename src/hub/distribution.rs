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
        let queued = rows.iter().filter(|row| row.status == Status::Queued).count();
        Self { id, meeting, host, rows, queued }
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

    /// The users whose rows wait for their outcome.
    pub fn queued_users(&self) -> impl Iterator<Item = (RowIndex, &UserId)> {
        self.rows.iter().enumerate().filter_map(|(index, row)| match (&row.named, &row.status) {
            (Named::User(user), Status::Queued) => Some((RowIndex(index), user)),
            _ => None,
        })
    }

    /// A row ends, unless it has already.
    pub fn settle(&mut self, row: RowIndex, outcome: Outcome) {
        if let Some(row) = self.rows.get_mut(row.0).filter(|row| row.status == Status::Queued) {
            row.status = Status::Ended(outcome);
            self.queued -= 1;
        }
    }

    /// Every row that still waits fails.
    pub fn fail_queued(&mut self, code: Code, error: &str) {
        for row in self.rows.iter_mut().filter(|row| row.status == Status::Queued) {
            row.status = Status::Ended(Outcome::Failed { code, error: error.to_owned() });
        }
        self.queued = 0;
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

impl Report {
    /// About how many bytes its rows hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        let row = |row: &RowReport| 128 + row.user_id.len() + row.error.as_ref().map_or(0, String::len);
        self.participants.iter().map(row).sum()
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
            let mut distribution = distribution(users, invalid);
            for (row, outcome) in steps {
                let before = distribution.queued();
                distribution.settle(RowIndex(row), outcome);
                prop_assert!(distribution.queued() <= before);
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
