//! Why the hub does not do what was asked: one enum of codes, with HTTP status, close code and retry advice decided
//! beside each, and the [`Refusal`] that carries one to the caller.

use std::fmt;
use std::time::Duration;

use actix::MailboxError;
use serde::{Serialize, Serializer};

use crate::identity::Unproven;
use crate::zoom::error::{Cause, Said, ZoomError};

/// Whether asking again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request fails again.
    No,
    /// After a wait of about so many seconds, unless something better is known.
    Later(u64),
    /// At once, at another node: this one is going.
    Elsewhere,
    /// With a fresh credential.
    Fresh,
}

/// Makes the enum and its table from one list, so that no code lacks a row.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $http:expr, $close:expr, $retry:expr;)*) => {
        /// The error codes of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the contract's order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word on the wire, and the reason of a close.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The HTTP status; none where the code never answers a request.
            #[must_use]
            pub fn http(self) -> Option<u16> {
                match self { $(Self::$name => $http,)* }
            }

            /// The close code with which it ends a session; none where it doesn't.
            #[must_use]
            pub fn close(self) -> Option<u16> {
                match self { $(Self::$name => $close,)* }
            }

            /// Whether asking again can help.
            #[must_use]
            pub fn retry(self) -> Retry {
                match self { $(Self::$name => $retry,)* }
            }
        }
    };
}

codes! {
    /// A field is missing or of the wrong kind; `details` names each.
    InvalidRequest = "invalid_request", Some(400), None, Retry::No;
    /// A text that is no user ID.
    InvalidUserId = "invalid_user_id", Some(400), None, Retry::No;
    /// A text that is no meeting ID.
    InvalidMeetingId = "invalid_meeting_id", Some(400), None, Retry::No;
    /// A body that is neither JSON nor a form.
    UnsupportedMediaType = "unsupported_media_type", Some(415), None, Retry::No;
    /// No such path.
    EndpointNotFound = "endpoint_not_found", Some(404), None, Retry::No;
    /// The path has other methods.
    MethodNotAllowed = "method_not_allowed", Some(405), None, Retry::No;
    /// No such event.
    UnknownEvent = "unknown_event", None, None, Retry::No;
    /// Not JSON, not an object, binary; the third in a row closes.
    MalformedFrame = "malformed_frame", Some(400), Some(4400), Retry::No;
    /// Nobody has said who asks, where somebody must.
    NotAuthenticated = "not_authenticated", Some(401), None, Retry::No;
    /// The credential is none, or none of ours; the log alone says which way.
    InvalidCredential = "invalid_credential", Some(401), Some(4401), Retry::No;
    /// The credential's time is over.
    CredentialExpired = "credential_expired", Some(401), Some(4601), Retry::Fresh;
    /// The credential was revoked.
    CredentialRevoked = "credential_revoked", Some(401), Some(4602), Retry::Fresh;
    /// Not your user, role or meeting.
    Forbidden = "forbidden", Some(403), None, Retry::No;
    /// A web page of an origin that is not allowed, or a `Host` that is not ours.
    OriginRefused = "origin_refused", Some(403), None, Retry::No;
    /// Over `MAX_MESSAGE_BYTES`.
    PayloadTooLarge = "payload_too_large", Some(413), Some(1009), Retry::No;
    /// Over `MAX_BATCH`.
    TooManyParticipants = "too_many_participants", Some(413), None, Retry::No;
    /// Too fast for one session, user or address; a session that goes on is closed with it.
    RateLimited = "rate_limited", Some(429), Some(4529), Retry::Later(1);
    /// Over `MAX_SESSIONS`; over `MAX_SESSIONS_PER_USER` the user's oldest is closed with it.
    TooManySessions = "too_many_sessions", Some(503), Some(4409), Retry::No;
    /// A connection did not say in time who it is.
    AuthenticationTimeout = "authentication_timeout", None, Some(4508), Retry::Later(1);
    /// The user has no connected session.
    NotConnected = "not_connected", Some(409), None, Retry::Later(5);
    /// Zoom knows no such user.
    ZoomUserNotFound = "zoom_user_not_found", Some(404), None, Retry::No;
    /// Zoom refused, and would again.
    ZoomRefused = "zoom_refused", Some(502), None, Retry::No;
    /// The Zoom app lacks a scope, which Zoom's message names.
    ZoomScopeMissing = "zoom_scope_missing", Some(502), None, Retry::No;
    /// Zoom refused the app's own credentials.
    ZoomCredentialsRejected = "zoom_credentials_rejected", Some(502), None, Retry::No;
    /// Zoom's answer holds no token.
    ZoomBadAnswer = "zoom_bad_answer", Some(502), None, Retry::No;
    /// Zoom's limit of calls a second.
    ZoomRateLimited = "zoom_rate_limited", Some(503), None, Retry::Later(1);
    /// Zoom's limit of calls a day.
    ZoomDailyLimit = "zoom_daily_limit", Some(503), None, Retry::Later(3600);
    /// Zoom cannot be reached, or fails.
    ZoomUnavailable = "zoom_unavailable", Some(503), None, Retry::Later(5);
    /// It took too long.
    DeadlineExceeded = "deadline_exceeded", Some(504), None, Retry::Later(1);
    /// A queue is full; a session that reads too slowly is closed with it.
    Overloaded = "overloaded", Some(503), Some(4507), Retry::Later(1);
    /// This node is being stopped.
    ShuttingDown = "shutting_down", Some(503), Some(4503), Retry::Elsewhere;
    /// There is no such distribution, or it is remembered no more.
    DistributionNotFound = "distribution_not_found", Some(404), None, Retry::No;
    /// The key was used for something else.
    IdempotencyConflict = "idempotency_conflict", Some(409), None, Retry::No;
    /// A row: it was ended before its token was there.
    Cancelled = "cancelled", None, None, Retry::No;
    /// A row: its user did not come in time.
    HoldExpired = "hold_expired", None, None, Retry::No;
    /// A row: too many absent users are waited for already.
    HoldFull = "hold_full", None, None, Retry::No;
    /// A row: no client of the user's confirmed a token.
    NotAcknowledged = "not_acknowledged", None, None, Retry::No;
    /// A bug; the log has the request ID.
    Internal = "internal", Some(500), Some(4500), Retry::Later(1);
}

impl Code {
    /// Whether the caller may try again.
    #[must_use]
    pub fn retryable(self) -> bool {
        self.retry() != Retry::No
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Detail {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

/// A refused request or event.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// When to try again, where that is known.
    pub retry_after: Option<Duration>,
    /// What is wrong with which field.
    pub details: Vec<Detail>,
    /// Zoom's own answer, where the refusal is Zoom's.
    pub zoom: Option<Box<Said>>,
}

impl Refusal {
    /// There is no such distribution, or none that is remembered.
    #[must_use]
    pub fn distribution_not_found() -> Self {
        Self::new(Code::DistributionNotFound, "There is no such distribution")
    }

    /// A refusal that needs no more than its sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None, details: Vec::new(), zoom: None }
    }

    /// It came too fast; something would be taken after so long.
    #[must_use]
    pub fn too_fast(wait: Duration) -> Self {
        let retry_after = Some(wait + Duration::from_millis(999));
        Self { retry_after, ..Self::new(Code::RateLimited, "Too much in too short a time") }
    }

    /// No more sessions are taken.
    #[must_use]
    pub fn too_many_sessions() -> Self {
        Self::new(Code::TooManySessions, "The hub has as many sessions as it may")
    }

    /// New work is not taken any more.
    #[must_use]
    pub fn shutting_down() -> Self {
        Self::new(Code::ShuttingDown, "The hub is shutting down")
    }

    /// Whole seconds after which to try again; none where that cannot help.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let advised = match self.code.retry() {
            Retry::No | Retry::Fresh => None,
            Retry::Elsewhere => Some(1),
            Retry::Later(seconds) => Some(seconds),
        };
        let known = self.retry_after.map(|wait| wait.as_secs().max(1));
        advised.map(|advised| known.unwrap_or(advised))
    }

    /// Whether it came from Zoom or from the way there, which the events' messages tell apart.
    #[must_use]
    pub fn is_zooms(&self) -> bool {
        self.zoom.is_some()
            || matches!(
                self.code,
                Code::ZoomUserNotFound
                    | Code::ZoomRefused
                    | Code::ZoomScopeMissing
                    | Code::ZoomCredentialsRejected
                    | Code::ZoomBadAnswer
                    | Code::ZoomRateLimited
                    | Code::ZoomDailyLimit
                    | Code::ZoomUnavailable
                    | Code::DeadlineExceeded
            )
    }
}

impl From<ZoomError> for Refusal {
    fn from(error: ZoomError) -> Self {
        let code = match error.cause {
            Cause::UserNotFound => Code::ZoomUserNotFound,
            Cause::ScopeMissing => Code::ZoomScopeMissing,
            Cause::CredentialsRejected => Code::ZoomCredentialsRejected,
            Cause::AccessTokenRejected | Cause::Refused => Code::ZoomRefused,
            Cause::BadAnswer | Cause::Garbled => Code::ZoomBadAnswer,
            Cause::RateLimited => Code::ZoomRateLimited,
            Cause::DailyLimit => Code::ZoomDailyLimit,
            Cause::Unavailable => Code::ZoomUnavailable,
            Cause::TimedOut => Code::DeadlineExceeded,
            Cause::QueueFull => Code::Overloaded,
        };
        let message = error.to_string();
        Self { retry_after: error.retry_after, zoom: error.said.map(Box::new), ..Self::new(code, message) }
    }
}

/// Which way a credential is invalid is for the log alone.
impl From<Unproven> for Refusal {
    fn from(unproven: Unproven) -> Self {
        match unproven {
            Unproven::Invalid(_) => Self::new(Code::InvalidCredential, "The credential is not valid"),
            Unproven::Expired => Self::new(Code::CredentialExpired, "The credential has expired"),
            Unproven::Revoked => Self::new(Code::CredentialRevoked, "The credential was revoked"),
        }
    }
}

/// An actor did not answer: in time, or ever again.
impl From<MailboxError> for Refusal {
    fn from(error: MailboxError) -> Self {
        match error {
            MailboxError::Timeout => Self::new(Code::DeadlineExceeded, "It took too long"),
            MailboxError::Closed => Self::new(Code::Internal, "The hub cannot do this any more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
    }

    #[test]
    fn the_close_codes_range_is_the_retry_advice() {
        for code in Code::ALL {
            match code.close() {
                Some(4400..4500 | 1009) => assert!(!code.retryable(), "{code}"),
                Some(4500..4600) => assert!(code.retryable(), "{code}"),
                Some(4600..4700) => assert_eq!(code.retry(), Retry::Fresh, "{code}"),
                Some(other) => panic!("{code} closes with {other}"),
                None => {}
            }
        }
    }

    #[test]
    fn every_429_and_503_says_when_to_come_back() {
        let may_be = |code: &&Code| code.retryable() && matches!(code.http(), Some(429 | 503));
        for code in Code::ALL.iter().filter(may_be) {
            assert!(Refusal::new(*code, "").retry_after_seconds().is_some(), "{code}");
        }
    }

    #[test]
    fn what_zoom_says_of_the_wait_counts_more_than_the_rule() {
        let wait = |seconds| Refusal {
            retry_after: Some(Duration::from_secs(seconds)),
            ..Refusal::new(Code::ZoomRateLimited, "")
        };
        assert_eq!(wait(7).retry_after_seconds(), Some(7));
        assert_eq!(wait(0).retry_after_seconds(), Some(1));
    }
}
