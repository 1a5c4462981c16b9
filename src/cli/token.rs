//! `token`: a credential for development, signed as the customer's backend signs it.
//!
//! The credential alone goes to standard output, so that `TOKEN=$(zoom-token-hub token …)` holds it; what there is to say
//! of it goes to standard error. Deliberately absent: checking one, which is the hub's, and signing with a private key,
//! which only your backend has.

use std::fmt;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use thiserror::Error;

use super::Failure;
use crate::config::{Auth, Config, Jwt, KeySource};
use crate::identity::SERVICE_MAX_TTL;
use crate::names::{InvalidMeetingId, InvalidUserId, MeetingId, UserId};

/// How long a credential is good for unless something else is asked for, in seconds.
const TTL: u64 = 3600;

/// What the credential is to say.
#[derive(Args, Debug)]
pub(super) struct Asked {
    /// The user whom it names: a Zoom user ID or an e-mail address.
    #[arg(long, value_name = "ID")]
    user: String,
    /// What the user may do.
    #[arg(long, value_enum, default_value_t = Role::Participant)]
    role: Role,
    /// A meeting that it is for; may be given again. Without one it is for any.
    #[arg(long = "meeting", value_name = "ID")]
    meetings: Vec<String>,
    /// How long it is good for [default: 3600, or `AUTH_JWT_MAX_TTL_SECONDS` where that is less].
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u64>,
}

/// What a credential's user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// Gets its own OBF tokens.
    Participant,
    /// Starts meetings and distributes, and all that a participant may.
    Host,
    /// Acts for anybody: a backend.
    Service,
}

/// Why no credential is signed.
#[derive(Debug, Error)]
pub(super) enum TokenError {
    #[error("--user={0:?}: {1}")]
    User(String, InvalidUserId),
    #[error("--meeting={0:?}: {1}")]
    Meeting(String, InvalidMeetingId),
    #[error("--ttl={ttl}: use 1 to {longest} seconds; {why}")]
    Life { ttl: u64, longest: u64, why: &'static str },
    #[error(
        "AUTH_MODE is open, which needs no credential; to sign one, set AUTH_MODE=jwt and AUTH_JWT_SECRET"
    )]
    NotNeeded,
    #[error("{name} holds no secret to sign with; sign credentials with your own private key")]
    NoSecret { name: &'static str },
    #[error("the credential could not be signed: {0}")]
    Unsigned(jsonwebtoken::errors::Error),
}

impl TokenError {
    /// Whether something else must be asked for.
    pub(super) fn is_told_wrongly(&self) -> bool {
        !matches!(self, Self::Unsigned(_))
    }
}

/// What stands in the credential.
#[derive(Debug, Serialize)]
struct Claims {
    sub: UserId,
    iat: u64,
    exp: u64,
    role: Role,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    meetings: Vec<MeetingId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
}

/// Whose it is, what it allows, and until when.
impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sub, role, meetings, exp, .. } = self;
        write!(f, "a credential of {sub}, role {}, for ", role.word())?;
        let meetings: Vec<_> = meetings.iter().map(ToString::to_string).collect();
        match meetings.as_slice() {
            [] => f.write_str("any meeting")?,
            [one] => write!(f, "meeting {one}")?,
            some => write!(f, "meetings {}", some.join(", "))?,
        }
        let end = i64::try_from(*exp).ok().and_then(|exp| Timestamp::from_second(exp).ok());
        end.map_or(Ok(()), |end| write!(f, ", until {end}"))
    }
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Host => "host",
            Self::Service => "service",
        }
    }
}

/// Signs a credential and prints it.
pub(super) fn token(asked: Asked) -> Result<(), Failure> {
    let Auth::Jwt(jwt) = Config::load()?.auth else {
        return Err(TokenError::NotNeeded.into());
    };
    let now = Timestamp::now().as_second().unsigned_abs();
    let key = key(&jwt.keys)?;
    let claims = claims(asked, &jwt, now)?;
    let signed = encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(TokenError::Unsigned)?;
    writeln!(io::stdout().lock(), "{signed}")?;
    // Whoever doesn't hear it has the credential all the same.
    writeln!(io::stderr(), "zoom-token-hub: {claims}").ok();
    Ok(())
}

fn key(keys: &KeySource) -> Result<EncodingKey, TokenError> {
    match keys {
        KeySource::Secret { current, .. } => Ok(EncodingKey::from_secret(current.secret().as_bytes())),
        KeySource::PublicKey(held) | KeySource::Jwks(held) => Err(TokenError::NoSecret { name: held.name }),
    }
}

/// What is asked for, as far as the hub would take it.
fn claims(asked: Asked, jwt: &Jwt, now: u64) -> Result<Claims, TokenError> {
    let sub = asked.user.parse().map_err(|why| TokenError::User(asked.user, why))?;
    let meeting = |text: String| text.parse().map_err(|why| TokenError::Meeting(text, why));
    let meetings = asked.meetings.into_iter().map(meeting).collect::<Result<_, _>>()?;
    let (longest, why) = match asked.role {
        Role::Participant | Role::Host => (jwt.max_ttl, "AUTH_JWT_MAX_TTL_SECONDS allows no more"),
        Role::Service => (
            jwt.max_ttl.max(SERVICE_MAX_TTL),
            "AUTH_JWT_MAX_TTL_SECONDS, and 90 days for a service in any case, allow no more",
        ),
    };
    let longest = longest.as_secs();
    let ttl = asked.ttl.unwrap_or(TTL.min(longest));
    if !(1..=longest).contains(&ttl) {
        return Err(TokenError::Life { ttl, longest, why });
    }
    let (iss, aud) = (jwt.issuer.clone(), jwt.audience.clone());
    Ok(Claims { sub, iat: now, exp: now + ttl, role: asked.role, meetings, iss, aud })
}
