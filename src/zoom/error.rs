//! What can go wrong between the hub and Zoom, with Zoom's own words kept.
//!
//! Which error code and HTTP status a client sees for it is decided in `hub::refusal`, not here.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use super::api::TokenKind;

/// A failed call: which one, why, and what Zoom said. Reads `OBF token retrieval failed: User does not exist: x.`
#[derive(Clone, Debug, Error)]
#[error("{call} failed: {detail}")]
pub struct ZoomError {
    /// The call that failed.
    pub call: Call,
    /// Why, as far as the hub acts on it.
    pub cause: Cause,
    /// A sentence for people: Zoom's own where it gave one.
    pub detail: String,
    /// Zoom's answer, if there was one.
    pub said: Option<Said>,
    /// When Zoom asked to be called again.
    pub retry_after: Option<Duration>,
}

/// The calls that the hub makes; reads as in the seed's messages, which people search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `POST /oauth/token`.
    Login,
    /// `GET /users/{userId}/token`.
    Token(TokenKind),
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str("OAuth authentication"),
            Self::Token(kind) => write!(f, "{kind} token retrieval"),
        }
    }
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Zoom's code 1001.
    UserNotFound,
    /// Zoom's codes 4711 and 4700: the app lacks a scope, named in the sentence.
    ScopeMissing,
    /// The login was refused: wrong secret, wrong account, app not activated.
    CredentialsRejected,
    /// The access token is not accepted (401): renewing it is tried once before anybody hears of this.
    AccessTokenRejected,
    /// Any other refusal that won't change by asking again.
    Refused,
    /// An answer that is none: a null or empty token.
    BadAnswer,
    /// An answer that can't be read: a page of HTML with status 200, say. Another time it may be one.
    Garbled,
    /// Too many calls a second.
    RateLimited,
    /// Too many calls a day.
    DailyLimit,
    /// 5xx, no connection, a connection that broke.
    Unavailable,
    /// Zoom did not answer in time.
    TimedOut,
    /// Too many calls wait already: for the queue, or for this one to be served in time.
    QueueFull,
}

/// Zoom's own answer, in the wire's `zoom` field.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// Zoom's code: a number from the API, a word from OAuth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<SaidCode>,
    /// Zoom's sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A code of Zoom's.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum SaidCode {
    /// `124`, say.
    Number(i64),
    /// `invalid_client`, say.
    Word(String),
}

impl fmt::Display for SaidCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl ZoomError {
    /// A failure without an answer of Zoom's.
    pub(crate) fn silent(call: Call, cause: Cause, detail: impl Into<String>) -> Self {
        Self { call, cause, detail: detail.into(), said: None, retry_after: None }
    }
}
