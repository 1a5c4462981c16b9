//! Zoom's answers of any bytes: what is made of them is bounded, and says nothing of the secrets that went with the call.

use std::time::{Duration, Instant, SystemTime};

use awc::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::answer::{self, Answer};
use super::api::TokenKind;
use super::error::{SaidCode, ZoomError};
use super::granted::Granted;
use super::lease::{IssuedToken, Lease};
use super::limits::Limits;
use crate::secret::Secret;

const STATUSES: [u16; 9] = [200, 204, 302, 400, 401, 404, 429, 500, 999];
/// Where these bytes stand in a body, Zoom echoes a secret.
const ECHOES: [(u8, &str); 2] = [(0x01, "hush-hush-one"), (0x02, "aHVzaC10d28=")];
/// As many characters of Zoom's as are passed on.
const SENTENCE: usize = 300;
const LONGEST_LEASE: Duration = Duration::from_mins(55);

/// A status and a body, as the answer to a login and to a token call; and the body as a token's own claims.
///
/// # Panics
/// Something that must hold of them doesn't.
pub fn zoom_answer(bytes: &[u8]) {
    let Some((status, body)) = bytes.split_first() else { return };
    if ECHOES.iter().any(|(_, secret)| body.windows(secret.len()).any(|part| part == secret.as_bytes())) {
        return;
    }
    let mut echoed = Vec::new();
    for byte in body {
        match ECHOES.iter().find(|(mark, _)| mark == byte) {
            Some((_, secret)) => echoed.extend_from_slice(secret.as_bytes()),
            None => echoed.push(*byte),
        }
    }
    let Some(status) = STATUSES.get(usize::from(*status) % STATUSES.len()) else { return };
    let now = Instant::now();
    let answer = Answer { status: *status, limits: Limits::default(), date: None, body: echoed, at: now };
    let secrets = ECHOES.map(|(_, secret)| Secret::new(secret.to_owned()));
    let [one, two] = &secrets;
    match answer::login(&answer, &[one, two]) {
        Ok(login) => {
            let granted = Granted::new(&login.scope, None, SystemTime::UNIX_EPOCH);
            assert!(granted.missing_scopes().count() <= 2);
            let lease = Lease::new(login, "https://api.zoom.us/v2".into(), granted.into(), now);
            assert!(!lease.is_fresh(now + LONGEST_LEASE));
        }
        Err(error) => tells_nothing(&error, *status, &secrets),
    }
    match answer::token(TokenKind::Obf, &answer, one) {
        Ok(token) => lives(token),
        Err(error) => tells_nothing(&error, *status, &secrets[..1]),
    }
    lives(Secret::new(format!("e30.{}.x", URL_SAFE_NO_PAD.encode(body))));
}

fn tells_nothing(error: &ZoomError, status: u16, secrets: &[Secret]) {
    let all = format!("{error} {error:?}");
    assert!(secrets.iter().all(|secret| !all.contains(secret.reveal())), "{all}");
    let said = error.said.as_ref();
    let code = said.and_then(|said| said.code.as_ref()).map(SaidCode::to_string).unwrap_or_default();
    let message = said.and_then(|said| said.message.clone()).unwrap_or_default();
    for text in [&error.detail, &code, &message] {
        assert!(text.chars().count() <= SENTENCE && !text.contains(char::is_control), "{text}");
    }
    assert_eq!(said.map(|said| said.status), Some(status));
}

fn lives(token: Secret) {
    let text = token.reveal().to_owned();
    let token = IssuedToken::new(token, Duration::from_mins(30), Timestamp::UNIX_EPOCH);
    assert_eq!(token.life().is_zero(), token.expires_at <= token.issued_at);
    assert!(text.len() < 24 || !format!("{token:?}").contains(&text), "{token:?}");
}

const NAMES: [&str; 4] = ["retry-after", "x-ratelimit-type", "x-ratelimit-limit", "x-ratelimit-remaining"];

/// The headers about limits, a line each: its first byte says which.
///
/// # Panics
/// Something that must hold of them doesn't.
pub fn zoom_limits(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some((which, value)) = line.split_first()
            && let Some(name) = NAMES.get(usize::from(*which) % NAMES.len())
            && let Ok(value) = HeaderValue::from_bytes(value)
        {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let limits = Limits::of(&headers, now);
    assert!(limits.retry_after.is_none_or(|wait| wait <= Duration::from_hours(24)), "{limits:?}");
    assert!(limits.retry_after.is_none() || headers.contains_key(RETRY_AFTER), "{limits:?}");
    assert!(limits.per_second.is_none_or(|calls| calls.is_finite() && calls >= 1.0), "{limits:?}");
}
