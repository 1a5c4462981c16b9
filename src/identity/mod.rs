//! Who a caller is: what a credential proves, and whether it still counts.
//!
//! A credential is a JWT that the customer's own backend signs. [`Authority`] makes a [`Caller`] of one, [`Revocations`]
//! holds which no longer count. What a caller may do is decided elsewhere. A crate does the cryptography; nothing of a
//! credential is kept or logged but what it proved, and why one is refused is for the log alone.

mod authority;
mod claims;
mod failures;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod keys;
mod revocations;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use thiserror::Error;

pub use authority::Authority;
pub use failures::{Failures, place};
pub use keys::{KeyError, KeyWatch};
pub use revocations::{Matching, Revocations, TooMany};

use crate::names::{MeetingId, UserId};

/// How far the clocks of the hub and of whoever signs may be apart.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// The longest life of a service's credential, unless a longer one is allowed to everybody.
pub const SERVICE_MAX_TTL: Duration = Duration::from_hours(90 * 24);

/// Who asks, as far as it proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody, in `AUTH_MODE=open`.
    Anyone,
    /// Somebody who has shown no credential, where one is needed.
    Unknown,
    /// Somebody who has shown one that counts.
    Known(Arc<Identity>),
}

/// What a credential proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: whose it is.
    pub user: UserId,
    /// `role`, by default participant.
    pub role: Role,
    /// `meetings`: the only ones that it is good for; none: it is good for any.
    pub meetings: Option<BTreeSet<MeetingId>>,
    /// `iat`: when it was signed, if it says so.
    pub issued_at: Option<Timestamp>,
    /// The one moment of its end: `exp`, and what the clocks may be apart.
    pub expires_at: Timestamp,
}

/// What its owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person or a bot that joins meetings.
    Participant,
    /// Who may start meetings too, as itself.
    Host,
    /// A backend of the customer's, which acts for anybody.
    Service,
}

impl Identity {
    /// Whether it is good for this meeting.
    #[must_use]
    pub fn allows(&self, meeting: MeetingId) -> bool {
        self.meetings.as_ref().is_none_or(|meetings| meetings.contains(&meeting))
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// How long it counts yet.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Duration {
        self.expires_at.duration_since(now).try_into().unwrap_or_default()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Participant => "participant",
            Self::Host => "host",
            Self::Service => "service",
        })
    }
}

/// Why a credential proves nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unproven {
    /// It is none, or none of ours.
    #[error("invalid: {0}")]
    Invalid(Flaw),
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Somebody revoked it.
    #[error("revoked")]
    Revoked,
}

/// What is wrong with a credential: for the log, not for who showed it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Flaw {
    /// It doesn't read as a JWT, or a claim of it as what it must be.
    #[error("malformed")]
    Malformed,
    /// The header names something that must be understood, and is not.
    #[error("critical header")]
    Critical,
    /// Another algorithm than the key's.
    #[error("wrong algorithm")]
    Algorithm,
    /// No key has the header's `kid`, or it names none where there are several keys.
    #[error("unknown key")]
    UnknownKey,
    /// Signed with another key, or changed since.
    #[error("wrong signature")]
    Signature,
    /// A claim that it must have is missing.
    #[error("a claim is missing")]
    MissingClaim,
    /// Signed by another.
    #[error("wrong issuer")]
    Issuer,
    /// For another.
    #[error("wrong audience")]
    Audience,
    /// `nbf` is yet to come.
    #[error("not valid yet")]
    NotYet,
    /// `iat` is yet to come.
    #[error("issued in the future")]
    FromTheFuture,
    /// It lives longer than is allowed.
    #[error("its life is too long")]
    TooLongLived,
    /// `sub` is no user ID.
    #[error("sub is no user ID")]
    Subject,
    /// `role` is none.
    #[error("unknown role")]
    Role,
    /// `meetings` holds what is no meeting ID.
    #[error("meetings holds what is no meeting ID")]
    Meetings,
}

#[cfg(test)]
mod tests;
