//! Credentials and sets of keys of any bytes: nothing counts that wasn't signed with the key, and what was signed still has
//! to say what it must.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::value::RawValue;

use super::{Authority, Caller, LEEWAY, Role, SERVICE_MAX_TTL};
use crate::config::{Auth, Held, Jwt, KeySource};
use crate::secret::Secret;

const KEY: &str = "a-secret-of-thirty-two-bytes-or-more";
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;
const MAX_TTL: Duration = Duration::from_hours(24);

fn authority(keys: KeySource) -> Option<Authority> {
    let jwt = Jwt { keys, issuer: None, audience: None, max_ttl: MAX_TTL };
    Authority::new(&Auth::Jwt(jwt)).ok().map(|(authority, _)| authority)
}

fn held(text: &str) -> Held {
    Held { name: "AUTH_JWT_SECRET", text: Secret::new(text.to_owned()), file: None }
}

/// A credential with this header and these claims, signed by HS256 whatever the header says.
fn signed(header: &[u8], claims: &[u8], key: &[u8]) -> Option<Secret> {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature =
        crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), Algorithm::HS256).ok()?;
    Some(Secret::new(format!("{message}.{signature}")))
}

/// A whole credential, which nobody signed; and claims, or a header and claims on the next line, signed with the key. In
/// claims the byte 1 stands for this moment, in seconds, and the byte 2 for an hour from now: who counts is alive.
///
/// # Panics
/// Something that must hold of them doesn't.
pub fn credentials(bytes: &[u8]) {
    let keys = KeySource::Secret { current: held(KEY), previous: None };
    let Some(authority) = authority(keys) else { return };
    if let Ok(text) = std::str::from_utf8(bytes) {
        let caller = authority.identify(&Secret::new(text.to_owned()), "fuzzing");
        assert!(caller.is_err(), "nobody signed this: {caller:?}");
    }
    counts(&authority, HEADER, bytes);
    if let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
        let (header, claims) = bytes.split_at(at);
        counts(&authority, header, claims);
    }
}

/// What a credential says that is signed with the key, and is believed.
fn counts(authority: &Authority, header: &[u8], claims: &[u8]) {
    let now = Timestamp::now();
    let claims = &dated(claims, now);
    let Some(credential) = signed(header, claims, KEY.as_bytes()) else { return };
    let Ok(Caller::Known(identity)) = authority.identify(&credential, "fuzzing") else { return };
    // What is believed, seen with other eyes.
    let (header, claims) = (members(header), members(claims));
    assert_eq!(header.get("alg").map(String::as_str), Some(r#""HS256""#), "{header:?}");
    let sub = claims.get("sub").and_then(|sub| serde_json::from_str::<String>(sub).ok());
    assert_eq!(sub.and_then(|sub| sub.parse().ok()).as_ref(), Some(&identity.user), "{claims:?}");
    let names_meetings = claims.get("meetings").is_some_and(|meetings| meetings != "null");
    assert_eq!(identity.meetings.is_some(), names_meetings, "{claims:?}");
    assert!(identity.expires_at > now, "{identity:?}");
    let longest = if identity.role == Role::Service { SERVICE_MAX_TTL } else { MAX_TTL };
    // From the moment it was signed, or from now; a second is for the time that this takes.
    let since = identity.issued_at.unwrap_or(now);
    let longest =
        SignedDuration::try_from(longest).unwrap_or_default() + LEEWAY + SignedDuration::from_secs(1);
    assert!(identity.expires_at.duration_since(since) <= longest, "{identity:?}");
    assert!(since.duration_since(now) <= LEEWAY + SignedDuration::from_secs(1), "{identity:?}");
}

/// The members of an object, unread: what nobody looks at may be no UTF-8 and no number that there is.
fn members(json: &[u8]) -> BTreeMap<String, String> {
    let json = String::from_utf8_lossy(json);
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(&json).unwrap_or_default();
    members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()
}

fn dated(claims: &[u8], now: Timestamp) -> Vec<u8> {
    let mut dated = Vec::new();
    for byte in claims {
        match byte {
            1 => dated.extend(now.as_second().to_string().into_bytes()),
            2 => dated.extend((now.as_second() + 3600).to_string().into_bytes()),
            other => dated.push(*other),
        }
    }
    dated
}

/// The text of a file, as a set of keys and as a public key. What is one is no secret: nothing counts that is signed with
/// its text.
///
/// # Panics
/// Something counts.
pub fn key_set(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for keys in [KeySource::Jwks(held(text)), KeySource::PublicKey(held(text))] {
        if let Some(authority) = authority(keys) {
            let claims = dated(b"{\"sub\":\"ann\",\"exp\":\x02}", Timestamp::now());
            let credential = signed(HEADER, &claims, bytes);
            let caller = credential.map(|credential| authority.identify(&credential, "fuzzing"));
            assert!(!matches!(caller, Some(Ok(_))), "{caller:?}");
        }
    }
}
