//! One token from the broker, with a deadline, its line in the audit log and its place in the tally.

use std::time::Duration;

use actix::{Addr, MailboxError};
use jiff::Timestamp;

use super::audit::{self, Asked, Subject};
use super::refusal::{Code, Refusal};
use super::tally::Tally;
use crate::config::Zoom;
use crate::names::{MeetingId, UserId};
use crate::zoom::IssuedToken;
use crate::zoom::api::TokenKind;
use crate::zoom::broker::{Issue, Mint, TokenBroker};
use crate::zoom::schedule::{Batch, Lane};

/// How long a call may take, from asking the broker to its answer.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Somebody waits for this one token.
    interactive: Duration,
    /// What a call of a batch adds at its slowest: by the pace, or, where there is none, should each take its full time.
    per_call: Duration,
    /// Whether there is a pace.
    paced: Option<u32>,
    max_queued: u32,
    /// No token is handed out with less life.
    min_life: Duration,
}

/// What a batch may take beyond its calls.
const BATCH_GRACE: Duration = Duration::from_mins(1);
/// How long a batch may take that is answered in one piece: proxies and clients wait a minute.
const AT_ONCE: Duration = Duration::from_secs(55);

impl Deadlines {
    /// The deadlines that follow from how long one call may take and how many may start.
    #[must_use]
    pub fn new(zoom: &Zoom) -> Self {
        let at_once = u32::try_from(zoom.max_concurrency.max(1)).unwrap_or(u32::MAX);
        let paced = (zoom.rate_per_second > 0).then_some(zoom.rate_per_second);
        let per_call = paced.map_or(zoom.timeout / at_once, |rate| Duration::from_secs(1) / rate);
        let max_queued = u32::try_from(zoom.max_queued).unwrap_or(u32::MAX);
        Self { interactive: zoom.timeout, per_call, paced, max_queued, min_life: zoom.min_life }
    }

    /// For a token that somebody waits for.
    #[must_use]
    pub fn interactive(self) -> Duration {
        self.interactive
    }

    /// For a token of a batch. The broker has a deadline of its own for each, by what is ahead of it; this one is for a
    /// broker that fails to keep it.
    #[must_use]
    pub fn batch(self) -> Duration {
        BATCH_GRACE.saturating_add(self.per_call.saturating_mul(self.max_queued).saturating_mul(2))
    }

    /// Refuses a batch that pace alone would stretch longer than a caller waits for one answer.
    ///
    /// # Errors
    /// `too_many_participants`, with the way out.
    pub fn fits_one_answer(self, rows: usize) -> Result<(), Refusal> {
        let Some(rate) = self.paced else { return Ok(()) };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let takes = self.per_call.saturating_mul(rows);
        if takes <= AT_ONCE {
            return Ok(());
        }
        let (seconds, most) = (takes.as_secs(), AT_ONCE.as_secs() * u64::from(rate));
        Err(Refusal::new(
            Code::TooManyParticipants,
            format!(
                "At {rate} calls a second to Zoom {rows} tokens take {seconds} s: at most {most} fit in one answer; \
                 POST /api/meetings/distribute hands out any number"
            ),
        ))
    }
}

/// What mints: the broker, how long that may take, and what it has come to.
#[derive(Clone, Debug)]
pub struct Minting {
    /// The one that calls Zoom.
    pub broker: Addr<TokenBroker>,
    /// How long a call may take.
    pub deadlines: Deadlines,
    /// Where each is counted.
    pub tally: Tally,
}

/// Mints a host's ZAK.
pub(crate) async fn zak(
    minting: &Minting,
    host: &UserId,
    meeting: MeetingId,
    asked: &Asked,
) -> Result<IssuedToken, Refusal> {
    let subject = Subject { kind: TokenKind::Zak, user: host, meeting };
    let call = Mint::Zak { user: host.clone() }.interactive();
    issue(minting, minting.deadlines.interactive(), call, subject, asked).await
}

/// Mints a participant's OBF: as one of a batch, or for somebody who waits for it.
pub(crate) async fn obf(
    minting: &Minting,
    batch: Option<Batch>,
    participant: &UserId,
    meeting: MeetingId,
    asked: &Asked,
) -> Result<IssuedToken, Refusal> {
    let subject = Subject { kind: TokenKind::Obf, user: participant, meeting };
    let mint = Mint::Obf { user: participant.clone(), meeting };
    let (deadline, call) = match batch {
        Some(batch) => (minting.deadlines.batch(), Issue { mint, lane: Lane::Batch(batch) }),
        None => (minting.deadlines.interactive(), mint.interactive()),
    };
    issue(minting, deadline, call, subject, asked).await
}

async fn issue(
    minting: &Minting,
    deadline: Duration,
    issue: Issue,
    subject: Subject<'_>,
    asked: &Asked,
) -> Result<IssuedToken, Refusal> {
    let Minting { broker, deadlines, tally } = minting;
    let issued = match broker.send(issue).timeout(deadline).await {
        Ok(Ok(token)) if token.left(Timestamp::now()) < deadlines.min_life => Err(stale(subject.kind)),
        Ok(issued) => issued.map_err(Refusal::from),
        Err(MailboxError::Timeout) => Err(too_late(subject.kind, deadline)),
        Err(error @ MailboxError::Closed) => Err(error.into()),
    };
    audit::minted(subject, asked, issued.as_ref().err());
    tally.note(subject.kind, issued.as_ref().err());
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

/// What is left of its life is too short to be of use.
pub(crate) fn stale(kind: TokenKind) -> Refusal {
    let message = "the token that was there had less than MIN_TOKEN_LIFE_SECONDS left";
    Refusal::new(Code::DeadlineExceeded, format!("{kind} token retrieval failed: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Variables};

    fn deadlines(variables: &[(&str, &str)]) -> Deadlines {
        let variables = Variables::from_pairs(variables.iter().copied());
        Deadlines::new(&Config::from_variables(&variables).unwrap().zoom)
    }

    #[test]
    fn a_batch_has_time_for_all_that_may_be_ahead_of_it() {
        let deadlines = deadlines(&[("ZOOM_RATE_PER_SECOND", "10"), ("MAX_QUEUED", "1000")]);
        assert_eq!(deadlines.batch(), Duration::from_secs(60 + 200));
    }

    #[test]
    fn a_batch_that_pace_stretches_beyond_an_answer_is_refused() {
        let free = deadlines(&[("ZOOM_RATE_PER_SECOND", "4")]);
        assert!(free.fits_one_answer(220).is_ok());
        let refusal = free.fits_one_answer(221).unwrap_err();
        assert_eq!(refusal.code, Code::TooManyParticipants);
        assert!(refusal.message.contains("/api/meetings/distribute"), "{}", refusal.message);
        assert!(deadlines(&[("ZOOM_RATE_PER_SECOND", "0")]).fits_one_answer(10_000).is_ok());
    }
}
