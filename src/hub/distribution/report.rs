//! What is told of a distribution: shapes on the wire, without a token.

use jiff::Timestamp;
use serde::Serialize;

use super::row::Status;
use super::{Distribution, Kept};
use crate::hub::moments::iso_8601;
use crate::hub::refusal::Code;
use crate::hub::requests::Named;
use crate::names::{DistributionId, MeetingId, UserId};

/// How many rows stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `queued`
    pub queued: usize,
    /// `pending`
    pub pending: usize,
    /// `delivered`
    pub delivered: usize,
    /// `acknowledged`
    pub acknowledged: usize,
    /// `failed`
    pub failed: usize,
}

impl Counts {
    /// The count of a status.
    pub fn of(&mut self, status: Status) -> &mut usize {
        match status {
            Status::Queued => &mut self.queued,
            Status::Pending => &mut self.pending,
            Status::Delivered => &mut self.delivered,
            Status::Acknowledged => &mut self.acknowledged,
            Status::Failed => &mut self.failed,
        }
    }

    /// Users who have a token.
    #[must_use]
    pub fn successful(self) -> usize {
        self.delivered + self.acknowledged
    }
}

/// The data of `meeting:distributed` and of `distribution`: every row. When the first is sent no row is queued, and
/// total = successful + failed + pending.
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
    host_user_id: UserId,
    total: usize,
    pending: usize,
    pending_users: Vec<String>,
    participants: Vec<RowReport>,
}

/// The data of `meeting:progress`: how far a distribution is, and the rows that changed since the last.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub(super) meeting_id: MeetingId,
    pub(super) distribution_id: DistributionId,
    pub(super) done: usize,
    pub(super) total: usize,
    pub(super) delivered: usize,
    pub(super) pending: usize,
    pub(super) failed: usize,
    eta_seconds: u64,
    pub(super) participants: Vec<RowReport>,
}

/// One of the list of distributions: the counts, no rows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    distribution_id: DistributionId,
    meeting_id: MeetingId,
    host_user_id: UserId,
    #[serde(serialize_with = "iso_8601")]
    started_at: Timestamp,
    total: usize,
    queued: usize,
    successful: usize,
    pending: usize,
    failed: usize,
}

/// One participant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowReport {
    user_id: String,
    pub(super) status: Status,
    sessions: usize,
    #[serde(serialize_with = "iso_8601")]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Report {
    /// The counts, for the log.
    #[must_use]
    pub fn in_short(&self) -> String {
        let Self { successful, pending, failed, total, .. } = self;
        format!("{successful} delivered, {pending} pending, {failed} failed of {total}")
    }

    pub(super) fn new(distribution: &Distribution) -> Self {
        let rows = &distribution.rows;
        let named = |status| {
            let rows = rows.iter().map(|kept| &kept.row).filter(move |row| row.status() == status);
            rows.map(|row| name(row.named())).collect()
        };
        let counts = distribution.counts;
        Self {
            meeting_id: distribution.meeting,
            successful: counts.successful(),
            failed: counts.failed,
            failed_users: named(Status::Failed),
            timestamp: Timestamp::now(),
            distribution_id: distribution.id,
            host_user_id: distribution.host.clone(),
            total: rows.len(),
            pending: counts.pending,
            pending_users: named(Status::Pending),
            participants: rows.iter().map(RowReport::new).collect(),
        }
    }

    /// About how many bytes its rows hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.participants.iter().map(RowReport::weight).sum()
    }
}

impl Progress {
    pub(super) fn new(distribution: &Distribution, changed: Vec<RowReport>, eta_seconds: u64) -> Self {
        let counts = distribution.counts;
        Self {
            meeting_id: distribution.meeting,
            distribution_id: distribution.id,
            done: counts.successful() + counts.failed + counts.pending,
            total: distribution.rows.len(),
            delivered: counts.successful(),
            pending: counts.pending,
            failed: counts.failed,
            eta_seconds,
            participants: changed,
        }
    }

    /// About how many bytes its rows hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.participants.iter().map(RowReport::weight).sum()
    }
}

impl Summary {
    pub(super) fn new(distribution: &Distribution) -> Self {
        let counts = distribution.counts;
        Self {
            distribution_id: distribution.id,
            meeting_id: distribution.meeting,
            host_user_id: distribution.host.clone(),
            started_at: distribution.begun,
            total: distribution.rows.len(),
            queued: counts.queued,
            successful: counts.successful(),
            pending: counts.pending,
            failed: counts.failed,
        }
    }
}

impl RowReport {
    pub(super) fn new(kept: &Kept) -> Self {
        let Kept { row, at, .. } = kept;
        let failure = row.failure();
        Self {
            user_id: name(row.named()),
            status: row.status(),
            sessions: row.sessions(),
            at: *at,
            code: failure.map(|(code, _)| code),
            error: failure.map(|(_, error)| error.to_owned()),
        }
    }

    fn weight(&self) -> usize {
        128 + self.user_id.len() + self.error.as_ref().map_or(0, String::len)
    }
}

fn name(named: &Named) -> String {
    match named {
        Named::User(user) => user.to_string(),
        Named::Invalid { given, .. } => given.clone(),
    }
}
