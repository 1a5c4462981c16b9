//! What goes over the wire to and from Zoom, as types: shared by the client and the simulator, so that both speak
//! of the same bodies. No behaviour, no HTTP. Facts from Zoom's public documentation and observed answers.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::names::MeetingId;
use crate::secret::{self, Secret};

/// The form body of `POST /oauth/token`. In the body, not in the query: so the account ID stays out of access logs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginForm {
    /// Always [`GRANT_TYPE`].
    pub grant_type: String,
    /// The account whose token is asked for.
    pub account_id: String,
}

/// The grant of a Server-to-Server OAuth app.
pub const GRANT_TYPE: &str = "account_credentials";

/// The answer to a login.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginAnswer {
    /// The access token.
    #[serde(serialize_with = "secret::revealed")]
    pub access_token: Secret,
    /// `bearer`.
    #[serde(default)]
    pub token_type: String,
    /// Its life in seconds, usually 3599.
    pub expires_in: u64,
    /// The granted scopes, separated by spaces.
    #[serde(default)]
    pub scope: String,
    /// The account's regional API host, where Zoom names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
}

/// A refused login, usually with HTTP 400.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginRefusal {
    /// The sentence, `Invalid client_id or client_secret` say.
    #[serde(default)]
    pub reason: String,
    /// The word, `invalid_client` say.
    #[serde(default)]
    pub error: String,
}

/// The kinds of token that the hub asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenKind {
    /// A host's Zoom access key: it *is* the user.
    #[serde(rename = "zak")]
    Zak,
    /// An on-behalf-of token: meeting-bound and single-use.
    #[serde(rename = "onbehalf")]
    Obf,
}

impl TokenKind {
    /// The `type` of the query. Always sent: without it Zoom returns a deprecated kind.
    #[must_use]
    pub fn query(self) -> &'static str {
        match self {
            Self::Zak => "zak",
            Self::Obf => "onbehalf",
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zak => "ZAK",
            Self::Obf => "OBF",
        })
    }
}

/// The query of `GET /users/{userId}/token`.
#[derive(Clone, Debug, Deserialize)]
pub struct TokenQuery {
    /// Which kind; without it Zoom returns a deprecated one.
    #[serde(rename = "type")]
    pub kind: Option<TokenKind>,
    /// Its life in seconds; Zoom's default is 7200.
    pub ttl: Option<u64>,
    /// The meeting that an OBF token is bound to.
    pub meeting_id: Option<String>,
}

/// What to leave as it is in one path segment (RFC 3986 unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path and query of one token call, below the API's base URL.
#[must_use]
pub fn token_path(
    kind: TokenKind,
    user: &str,
    meeting: Option<MeetingId>,
    ttl_seconds: u64,
) -> impl fmt::Display {
    let user = utf8_percent_encode(user, SEGMENT);
    let kind = kind.query();
    fmt::from_fn(move |f| {
        write!(f, "/users/{user}/token?type={kind}&ttl={ttl_seconds}")?;
        meeting.map_or(Ok(()), |meeting| write!(f, "&meeting_id={meeting}"))
    })
}

/// The answer of a token call. Zoom is known to answer 200 with a null token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// The token, a JWT.
    #[serde(serialize_with = "revealed_or_null")]
    pub token: Option<Secret>,
}

#[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn revealed_or_null<S: serde::Serializer>(token: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    token.as_ref().map(Secret::reveal).serialize(serializer)
}

/// A refused API call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiRefusal {
    /// Zoom's number: 124 an access token that is no longer good, 1001 an unknown user, 4711 a missing scope, …
    pub code: i64,
    /// Zoom's sentence.
    #[serde(default)]
    pub message: String,
}

/// The claims that the hub reads of a token, without verifying it: only its owner and Zoom can judge it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TokenClaims {
    /// When it ends, in seconds since 1970.
    pub exp: Option<i64>,
    /// Who made it.
    pub iss: Option<String>,
}

/// The `iss` of the tokens that the simulator makes.
pub const SIMULATOR: &str = "simulator";

/// Zoom's numbers in [`ApiRefusal::code`] that mean something to the hub.
pub mod code {
    /// The access token is invalid or has run out.
    pub const ACCESS_TOKEN: i64 = 124;
    /// The user does not exist.
    pub const USER_NOT_FOUND: i64 = 1001;
    /// The app lacks a scope.
    pub const SCOPE_MISSING: [i64; 2] = [4711, 4700];
    /// Too many calls.
    pub const RATE_LIMIT: i64 = 429;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_cannot_leave_its_path_segment() {
        let path = token_path(TokenKind::Zak, "a/../b?c#d%é@x", None, 60);
        assert_eq!(path.to_string(), "/users/a%2F..%2Fb%3Fc%23d%25%C3%A9%40x/token?type=zak&ttl=60");
    }

    #[test]
    fn an_obf_names_its_meeting() {
        let path = token_path(TokenKind::Obf, "u", Some("123456789".parse().unwrap()), 1800);
        assert_eq!(path.to_string(), "/users/u/token?type=onbehalf&ttl=1800&meeting_id=123456789");
    }

    #[test]
    fn a_null_token_is_read_as_none() {
        assert!(serde_json::from_str::<TokenAnswer>(r#"{"token":null}"#).unwrap().token.is_none());
        assert!(serde_json::from_str::<TokenAnswer>("{}").unwrap().token.is_none());
    }
}
