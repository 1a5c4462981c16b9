//! A credential's claims, turned into an [`Identity`] once the signature has been found good.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Flaw, Identity, LEEWAY, Role, SERVICE_MAX_TTL, Unproven};

/// What is looked at beside what the crate has verified.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: String,
    exp: Seconds,
    #[serde(default)]
    iat: Option<Seconds>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    meetings: Option<Vec<Meeting>>,
}

/// Seconds since 1970 (RFC 7519 lets them have fractions).
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Fraction(f64),
}

/// A meeting's ID, which some write as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Meeting {
    Text(String),
    Number(u64),
}

impl Seconds {
    fn moment(&self) -> Option<Timestamp> {
        let since = match self {
            Self::Whole(seconds) => SignedDuration::from_secs(*seconds),
            Self::Fraction(seconds) => SignedDuration::try_from_secs_f64(*seconds).ok()?,
        };
        Timestamp::UNIX_EPOCH.checked_add(since).ok()
    }
}

impl Claims {
    /// Who this is, unless it says what it must not, or lives longer than `max_ttl`.
    pub(super) fn identity(self, now: Timestamp, max_ttl: Duration) -> Result<Identity, Unproven> {
        let flawed = Unproven::Invalid;
        let exp = self.exp.moment().ok_or(flawed(Flaw::TooLongLived))?;
        let expires_at = exp.checked_add(LEEWAY).map_err(|_beyond_all_time| flawed(Flaw::TooLongLived))?;
        let issued_at = match self.iat {
            None => None,
            Some(seconds) => Some(seconds.moment().ok_or(flawed(Flaw::Malformed))?),
        };
        let role = match self.role.as_deref() {
            None | Some("participant") => Role::Participant,
            Some("host") => Role::Host,
            Some("service") => Role::Service,
            Some(_) => return Err(flawed(Flaw::Role)),
        };
        let meeting = |meeting: Meeting| match meeting {
            Meeting::Text(text) => text.parse(),
            Meeting::Number(number) => number.to_string().parse(),
        };
        let meetings = self.meetings.map(|meetings| meetings.into_iter().map(meeting).collect()).transpose();
        let identity = Identity {
            user: self.sub.parse().map_err(|_reserved| flawed(Flaw::Subject))?,
            role,
            meetings: meetings.map_err(|_odd| flawed(Flaw::Meetings))?,
            issued_at,
            expires_at,
        };
        if issued_at.is_some_and(|issued_at| issued_at.duration_since(now) > LEEWAY) {
            return Err(flawed(Flaw::FromTheFuture));
        }
        let longest = if role == Role::Service { max_ttl.max(SERVICE_MAX_TTL) } else { max_ttl };
        let life = exp.duration_since(issued_at.unwrap_or(now));
        if life > SignedDuration::try_from(longest).unwrap_or(SignedDuration::MAX) {
            return Err(flawed(Flaw::TooLongLived));
        }
        if identity.is_expired(now) {
            return Err(Unproven::Expired);
        }
        Ok(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_counts_until_its_one_moment_and_not_at_it() {
        let identity = |milliseconds| {
            let claims = r#"{"sub": "ann", "iat": 1000, "exp": 2000}"#;
            let claims: Claims = serde_json::from_str(claims).unwrap();
            let now = Timestamp::from_millisecond(milliseconds).unwrap();
            claims.identity(now, Duration::from_hours(1)).map(|identity| identity.left(now))
        };
        assert_eq!(identity(2_059_999), Ok(Duration::from_millis(1)));
        assert_eq!(identity(2_060_000), Err(Unproven::Expired));
    }
}
