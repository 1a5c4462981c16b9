//! One token from the broker, with a deadline, and its line in the audit log.

use std::time::Duration;

use actix::{Addr, MailboxError};

use super::audit::{self, Asked, Subject};
use super::refusal::{Code, Refusal};
use crate::config::Zoom;
use crate::names::{MeetingId, UserId};
use crate::zoom::IssuedToken;
use crate::zoom::api::TokenKind;
use crate::zoom::broker::{Issue, TokenBroker};

/// How long a call may take, from asking the broker to its answer.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Somebody waits for this one token.
    interactive: Duration,
    /// What each call of a batch adds, should every call before it take its full time.
    per_call: Duration,
}

/// What a batch may take beyond its calls.
const BATCH_GRACE: Duration = Duration::from_secs(30);

impl Deadlines {
    /// The deadlines that follow from how long one call may take and how many run at once.
    #[must_use]
    pub fn new(zoom: &Zoom) -> Self {
        let at_once = u32::try_from(zoom.max_concurrency.max(1)).unwrap_or(u32::MAX);
        Self { interactive: zoom.timeout, per_call: zoom.timeout / at_once }
    }

    /// For a token that somebody waits for.
    #[must_use]
    pub fn interactive(self) -> Duration {
        self.interactive
    }

    /// For each token of a batch of `rows`: 30 s, and twice what Zoom needs at its slowest.
    #[must_use]
    pub fn batch(self, rows: usize) -> Duration {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        BATCH_GRACE.saturating_add(self.per_call.saturating_mul(rows).saturating_mul(2))
    }
}

/// Mints a host's ZAK.
pub(crate) async fn zak(
    broker: &Addr<TokenBroker>,
    deadline: Duration,
    host: &UserId,
    meeting: MeetingId,
    asked: &Asked,
) -> Result<IssuedToken, Refusal> {
    let subject = Subject { kind: TokenKind::Zak, user: host, meeting };
    issue(broker, deadline, Issue::Zak { user: host.clone() }, subject, asked).await
}

/// Mints a participant's OBF.
pub(crate) async fn obf(
    broker: &Addr<TokenBroker>,
    deadline: Duration,
    participant: &UserId,
    meeting: MeetingId,
    asked: &Asked,
) -> Result<IssuedToken, Refusal> {
    let subject = Subject { kind: TokenKind::Obf, user: participant, meeting };
    issue(broker, deadline, Issue::Obf { user: participant.clone(), meeting }, subject, asked).await
}

async fn issue(
    broker: &Addr<TokenBroker>,
    deadline: Duration,
    issue: Issue,
    subject: Subject<'_>,
    asked: &Asked,
) -> Result<IssuedToken, Refusal> {
    let issued = match broker.send(issue).timeout(deadline).await {
        Ok(issued) => issued.map_err(Refusal::from),
        Err(MailboxError::Timeout) => Err(too_late(subject.kind, deadline)),
        Err(error @ MailboxError::Closed) => Err(error.into()),
    };
    audit::minted(subject, asked, issued.as_ref().err());
    issued
}

/// The deadline ends while the call waits for its turn or for Zoom: it reads like Zoom's other failures.
fn too_late(kind: TokenKind, deadline: Duration) -> Refusal {
    let seconds = deadline.as_secs_f32();
    Refusal::new(
        Code::DeadlineExceeded,
        format!("{kind} token retrieval failed: no token within {seconds} s"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_time_for_twice_its_calls_at_their_slowest() {
        let deadlines =
            Deadlines { interactive: Duration::from_secs(10), per_call: Duration::from_millis(100) };
        assert_eq!(deadlines.batch(0), Duration::from_secs(30));
        assert_eq!(deadlines.batch(1000), Duration::from_secs(230));
    }
}
