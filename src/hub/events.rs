//! What the hub tells a session: the shapes are the wire's, the names are the contract's; how they become text is the
//! carrier's business.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::distribution::{Progress, Report, Status, Summary};
use super::ledger::Standing;
use super::moments::{Life, iso_8601};
use super::refusal::{Code, Detail, Refusal};
use super::watches::{PresenceChange, PresenceState};
use crate::identity::{Caller, Role};
use crate::names::{DeliveryId, DistributionId, MeetingId, SessionId, UserId};
use crate::secret::{self, Secret};
use crate::zoom::IssuedToken;
use crate::zoom::error::Said;

/// The events that the hub sends, in the order of `docs/protocol.md`.
pub const SERVER_EVENTS: &[&str] = &[
    "authenticated",
    "meeting:started",
    "meeting:credentials",
    "meeting:progress",
    "meeting:distributed",
    "distribution",
    "presence:state",
    "presence:change",
    "error",
    "pong",
];

/// An event of the hub's; what is written of it is its data. Cheap to clone: the secret and the long report are shared.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ServerEvent {
    /// `authenticated`
    Authenticated(Authenticated),
    /// `meeting:started`
    Started(MeetingStarted),
    /// `meeting:credentials`
    Credentials(MeetingCredentials),
    /// `meeting:progress`
    Progress(Arc<Progress>),
    /// `meeting:distributed`
    Distributed(Arc<Report>),
    /// `error`
    Error(Arc<ErrorEvent>),
    /// `pong`
    Pong(Pong),
    /// `distribution`
    Distribution(DistributionEvent),
    /// `presence:state`
    PresenceState(Arc<PresenceState>),
    /// `presence:change`
    PresenceChange(Arc<PresenceChange>),
}

impl ServerEvent {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Authenticated(_) => "authenticated",
            Self::Started(_) => "meeting:started",
            Self::Credentials(_) => "meeting:credentials",
            Self::Progress(_) => "meeting:progress",
            Self::Distributed(_) => "meeting:distributed",
            Self::Error(_) => "error",
            Self::Pong(_) => "pong",
            Self::Distribution(_) => "distribution",
            Self::PresenceState(_) => "presence:state",
            Self::PresenceChange(_) => "presence:change",
        }
    }
}

impl DistributionEvent {
    /// The list.
    #[must_use]
    pub fn list(distributions: Arc<[Summary]>) -> Self {
        Self::List { distributions }
    }
}

impl ServerEvent {
    /// About how many bytes it holds in memory and on the wire; what it weighs while it waits.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Started(MeetingStarted { zak_token: token, .. })
            | Self::Credentials(MeetingCredentials { obf_token: token, .. }) => 512 + token.reveal().len(),
            Self::Progress(progress) => 512 + progress.weight(),
            Self::Distributed(report) | Self::Distribution(DistributionEvent::One(report)) => {
                512 + report.weight()
            }
            Self::Distribution(DistributionEvent::List { distributions }) => 512 + 384 * distributions.len(),
            Self::PresenceState(state) => 512 + state.weight(),
            Self::PresenceChange(change) => 512 + change.weight(),
            Self::Authenticated(_) | Self::Error(_) | Self::Pong(_) => 512,
        }
    }
}

impl ServerEvent {
    /// When the token in it ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Started(started) => Some(started.life.end()),
            Self::Credentials(credentials) => Some(credentials.life.end()),
            Self::Authenticated(_)
            | Self::Progress(_)
            | Self::Distributed(_)
            | Self::Distribution(_)
            | Self::PresenceState(_)
            | Self::PresenceChange(_)
            | Self::Error(_)
            | Self::Pong(_) => None,
        }
    }
}

/// The data of `authenticated`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authenticated {
    success: bool,
    user_id: UserId,
    socket_id: SessionId,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
    #[serde(flatten)]
    credential: Option<Proven>,
    meetings: Vec<Distributed>,
}

/// A meeting that was distributed to the user before.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Distributed {
    meeting_id: MeetingId,
    distribution_id: DistributionId,
    status: Status,
}

/// The data of `distribution`: one with its rows, or the list of them.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum DistributionEvent {
    /// One.
    One(Arc<Report>),
    /// The list, the newest first.
    List {
        /// Their counts.
        distributions: Arc<[Summary]>,
    },
}

/// What the session's credential proved, and until when it counts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proven {
    role: Role,
    #[serde(serialize_with = "iso_8601")]
    expires_at: Timestamp,
}

impl Authenticated {
    /// From now on what is the user's reaches the session.
    #[must_use]
    pub fn now(user_id: UserId, socket_id: SessionId, caller: &Caller, standings: Vec<Standing>) -> Self {
        let credential = match caller {
            Caller::Known(identity) => Some(Proven { role: identity.role, expires_at: identity.expires_at }),
            Caller::Anyone | Caller::Unknown => None,
        };
        let distributed = |standing: Standing| Distributed {
            meeting_id: standing.meeting,
            distribution_id: standing.distribution,
            status: standing.status,
        };
        let meetings = standings.into_iter().map(distributed).collect();
        Self { success: true, user_id, socket_id, timestamp: Timestamp::now(), credential, meetings }
    }
}

/// The data of `meeting:started`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeetingStarted {
    meeting_id: MeetingId,
    #[serde(serialize_with = "secret::revealed")]
    zak_token: Secret,
    #[serde(flatten)]
    life: Life,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
}

impl MeetingStarted {
    /// The host's ZAK.
    #[must_use]
    pub fn new(meeting_id: MeetingId, zak: &IssuedToken) -> Self {
        Self { meeting_id, zak_token: zak.token.clone(), life: zak.into(), timestamp: zak.issued_at }
    }
}

/// The data of `meeting:credentials`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeetingCredentials {
    meeting_id: MeetingId,
    #[serde(serialize_with = "secret::revealed")]
    obf_token: Secret,
    #[serde(flatten)]
    life: Life,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<DeliveryId>,
}

impl MeetingCredentials {
    /// The meeting that the OBF is for.
    #[must_use]
    pub fn meeting(&self) -> MeetingId {
        self.meeting_id
    }

    /// What its receipt names; none where nobody waits for one.
    #[must_use]
    pub fn delivery(&self) -> Option<DeliveryId> {
        self.delivery_id
    }

    /// A participant's OBF.
    #[must_use]
    pub fn new(meeting_id: MeetingId, obf: &IssuedToken, delivery_id: Option<DeliveryId>) -> Self {
        let (obf_token, life, timestamp) = (obf.token.clone(), obf.into(), obf.issued_at);
        Self { meeting_id, obf_token, life, timestamp, delivery_id }
    }
}

/// The data of `pong`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pong {
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
}

impl Pong {
    /// The answer to a ping.
    #[must_use]
    pub fn now() -> Self {
        Self { timestamp: Timestamp::now() }
    }
}

/// The data of `error`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorEvent {
    message: String,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<FrameName>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zoom: Option<Box<Said>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl ErrorEvent {
    /// A refusal of the event called `event`. For Zoom's failures the message is the seed's, the rest is in `error`.
    #[must_use]
    pub fn new(refusal: Refusal, event: Option<String>, frame: Option<&FrameId>) -> Self {
        let seeds = match event.as_deref() {
            Some("meeting:start") => Some("Failed to start meeting"),
            Some("meeting:join") => Some("Failed to join meeting"),
            Some("meeting:distribute") => Some("Failed to distribute tokens"),
            Some(_) | None => None,
        };
        let retry_after_seconds = refusal.retry_after_seconds();
        let (message, error) = match seeds {
            Some(seeds) if refusal.is_zooms() => (seeds.to_owned(), Some(refusal.message)),
            Some(_) | None => (refusal.message, None),
        };
        Self {
            message,
            code: refusal.code,
            event,
            id: frame.and_then(FrameId::name).cloned(),
            retryable: refusal.code.retryable(),
            retry_after_seconds,
            details: refusal.details,
            zoom: refusal.zoom,
            error,
        }
    }
}

/// What a client's frame was called, by the client or by its carrier: the answers to it carry the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameId {
    /// The client's own word.
    Named(FrameName),
    /// The carrier's acknowledgement.
    Acknowledgement {
        /// Its number.
        id: i64,
        /// The name of the event that is the answer; an `error` is one always.
        by: &'static str,
    },
}

impl FrameId {
    /// The client's own word, where it is one.
    #[must_use]
    pub fn name(&self) -> Option<&FrameName> {
        match self {
            Self::Named(name) => Some(name),
            Self::Acknowledgement { .. } => None,
        }
    }
}

/// A word of at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameName(Arc<str>);

impl FrameName {
    /// Takes a text of at most 64 bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= 64).then(|| Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_text_of_an_event_shows_a_token() {
        let token = Secret::new("eyJhbGciOi".into());
        let token =
            IssuedToken { token, issued_at: Timestamp::now(), expires_at: Timestamp::now(), simulated: true };
        let meeting = "123456789".parse().unwrap();
        let started = ServerEvent::Started(MeetingStarted::new(meeting, &token));
        let credentials = ServerEvent::Credentials(MeetingCredentials::new(meeting, &token, None));
        assert!(!format!("{started:?}{credentials:?}").contains("eyJ"));
    }
}
