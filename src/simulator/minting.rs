//! The tokens that the simulator issues: texts shaped as Zoom's JWTs, good for nothing.
//!
//! Nothing is signed: the third part is random, so that every token is unlike every other and none can pass for real.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::names::{MeetingId, UserId};
use crate::secret::Secret;
use crate::zoom::api::{SIMULATOR, TokenKind};

/// The first part of every token. It names an algorithm because Zoom's does; the third part is no signature.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a simulated token says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Always `simulator`.
    pub iss: String,
    /// `zak` or `onbehalf`.
    #[serde(rename = "type")]
    pub kind: TokenKind,
    /// The user that the token was asked for, as the call spelled it.
    pub sub: String,
    /// The meeting that the call named, in digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<String>,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// 128 random bits in 32 hexadecimal digits: no two tokens have the same.
    pub jti: String,
}

impl Claims {
    /// The claims of a new token, issued `now` (seconds since 1970) and good for `ttl` seconds.
    pub(super) fn new(
        kind: TokenKind,
        user: &UserId,
        meeting: Option<MeetingId>,
        now: i64,
        ttl: u64,
    ) -> Self {
        Self {
            iss: SIMULATOR.into(),
            kind,
            sub: user.to_string(),
            meeting: meeting.map(|meeting| meeting.to_string()),
            iat: now,
            exp: now.saturating_add(i64::try_from(ttl).unwrap_or(i64::MAX)),
            jti: format!("{:032x}", rand::random::<u128>()),
        }
    }

    /// Reads a token that the simulator issued; `None` if it is none. For tests that follow a token to its owner.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(_header), Some(claims), Some(_random), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
        serde_json::from_slice(&claims).ok().filter(|it: &Self| it.iss == SIMULATOR)
    }

    /// The token that says this.
    ///
    /// # Errors
    /// Only the serializer's own, which strings and numbers never cause.
    pub(super) fn token(&self) -> Result<Secret, serde_json::Error> {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?);
        let header = BASE64_URL_SAFE_NO_PAD.encode(HEADER);
        Ok(Secret::new(format!("{header}.{claims}.{}", random_text())))
    }
}

/// 256 random bits as base64url: a token that tells nothing, or the third part of one that does.
pub(super) fn random_text() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims(meeting: Option<MeetingId>, ttl: u64) -> Claims {
        let user = "Alice@example.com".parse().unwrap();
        Claims::new(TokenKind::Obf, &user, meeting, 1_000, ttl)
    }

    fn part(token: &Secret, index: usize) -> Vec<u8> {
        let part = token.reveal().split('.').nth(index).unwrap();
        BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
    }

    #[test]
    fn a_token_has_three_parts_and_says_whose_it_is_and_when_it_ends() {
        let claims = claims("123 456 789".parse().ok(), 1_800);
        let token = claims.token().unwrap();
        assert_eq!(token.reveal().split('.').count(), 3);
        assert_eq!(part(&token, 0), HEADER.as_bytes());
        let said: Value = serde_json::from_slice(&part(&token, 1)).unwrap();
        let expected = json!({
            "iss": "simulator", "type": "onbehalf", "sub": "Alice@example.com", "meeting": "123456789",
            "iat": 1_000, "exp": 2_800, "jti": claims.jti,
        });
        assert_eq!(said, expected);
        assert_eq!(Claims::read(token.reveal()), Some(claims));
    }

    #[test]
    fn without_a_meeting_there_is_no_such_claim() {
        let token = claims(None, 60).token().unwrap();
        assert!(!String::from_utf8(part(&token, 1)).unwrap().contains("meeting"));
    }

    #[test]
    fn the_same_call_never_gets_the_same_token() {
        let (one, other) = (claims(None, 60), claims(None, 60));
        assert_ne!(one.jti, other.jti);
        assert_ne!(one.token().unwrap(), other.token().unwrap());
        assert_ne!(one.token().unwrap(), one.token().unwrap());
    }

    #[test]
    fn a_life_beyond_all_time_ends_at_the_end_of_it() {
        assert_eq!(claims(None, u64::MAX).exp, i64::MAX);
    }

    #[test]
    fn what_is_no_simulated_token_is_not_read() {
        for text in ["", "a.b.c", "a.e30.c", "eyJhbGciOiJIUzI1NiJ9"] {
            assert_eq!(Claims::read(text), None, "{text}");
        }
    }
}
