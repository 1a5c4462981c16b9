//! A token and its life, pure: when the access token must be renewed, when an issued token ends.

use std::rc::Rc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::api::{LoginAnswer, SIMULATOR, TokenClaims};
use super::granted::Granted;
use crate::secret::Secret;

/// An access token is never kept longer, whatever Zoom says.
const LONGEST_LEASE: Duration = Duration::from_mins(55);
/// An access token is renewed this long before it ends, so that no call starts with one about to end.
const MARGIN: Duration = Duration::from_mins(5);

/// The access token for as long as the hub may use it.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    /// The token; only the broker's calls to Zoom reveal it.
    pub(crate) token: Secret,
    /// The API's base URL that goes with it.
    pub(crate) api_url: Rc<str>,
    /// What came with it.
    pub(crate) granted: Rc<Granted>,
    fresh_until: Instant,
}

impl Lease {
    /// The lease that a login at `now` gives.
    pub(crate) fn new(answer: LoginAnswer, api_url: Rc<str>, granted: Rc<Granted>, now: Instant) -> Self {
        let life = Duration::from_secs(answer.expires_in);
        // A life within the margin would be no lease at all, and each call a login: a tenth of it is kept.
        let usable = life.saturating_sub(MARGIN).max(life / 10).min(LONGEST_LEASE);
        Self { token: answer.access_token, api_url, granted, fresh_until: now + usable }
    }

    /// Whether a call may start with it at `now`.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        now < self.fresh_until
    }
}

/// A token that Zoom issued for one user.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token, for its owner alone.
    pub token: Secret,
    /// When the hub got it.
    pub issued_at: Timestamp,
    /// When it ends: its own `exp` where it is a JWT that says so, else what was asked for.
    pub expires_at: Timestamp,
    /// Whether it says itself that the simulator made it.
    pub simulated: bool,
}

impl IssuedToken {
    /// A token that arrived at `now`, for which a life of `ttl` was asked.
    pub(crate) fn new(token: Secret, ttl: Duration, now: Timestamp) -> Self {
        let stated = stated(token.reveal()).unwrap_or_default();
        let end = stated.exp.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let expires_at = end.unwrap_or_else(|| now.checked_add(ttl).unwrap_or(Timestamp::MAX));
        let simulated = stated.iss.as_deref() == Some(SIMULATOR);
        Self { token, issued_at: now, expires_at, simulated }
    }

    /// How long it lives yet.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Duration {
        self.expires_at.duration_since(now).try_into().unwrap_or(Duration::ZERO)
    }

    /// How long it lives from when the hub got it.
    #[must_use]
    pub fn life(&self) -> Duration {
        self.left(self.issued_at)
    }
}

/// A JWT's claims, read and not verified: only Zoom can judge the token.
fn stated(token: &str) -> Option<TokenClaims> {
    let mut parts = token.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&claims).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lease(expires_in: u64, now: Instant) -> Lease {
        let answer = LoginAnswer {
            access_token: Secret::new("t".into()),
            token_type: "bearer".into(),
            expires_in,
            scope: String::new(),
            api_url: None,
        };
        let granted = Granted { scopes: Vec::new(), clock_off: None };
        Lease::new(answer, "https://api.zoom.us/v2".into(), granted.into(), now)
    }

    fn jwt(claims: &str) -> Secret {
        Secret::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn an_hour_less_five_minutes_is_kept_and_never_more_than_fifty_five() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(lease(3599, now).is_fresh(after(3298)));
        assert!(!lease(3599, now).is_fresh(after(3299)));
        assert!(lease(86_400, now).is_fresh(after(3299)));
        assert!(!lease(86_400, now).is_fresh(after(3300)));
        assert!(lease(60, now).is_fresh(after(5)));
        assert!(!lease(60, now).is_fresh(after(6)));
    }

    #[test]
    fn the_tokens_own_expiry_counts_and_else_what_was_asked_for() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let ttl = Duration::from_mins(30);
        let seconds = |token| IssuedToken::new(token, ttl, now).expires_at.as_second();
        assert_eq!(seconds(jwt(r#"{"exp":1000060}"#)), 1_000_060);
        for opaque in [jwt("{}"), jwt(r#"{"exp":"soon"}"#), jwt("["), Secret::new("opaque".into())] {
            assert_eq!(seconds(opaque), 1_001_800);
        }
    }

    #[test]
    fn a_token_of_the_simulators_says_so_itself() {
        let simulated = |claims| IssuedToken::new(jwt(claims), Duration::ZERO, Timestamp::now()).simulated;
        assert!(simulated(r#"{"iss":"simulator"}"#));
        assert!(!simulated(r#"{"iss":"zoom"}"#) && !simulated("{}"));
    }

    #[test]
    fn a_token_that_has_run_out_has_no_life() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let token = IssuedToken::new(jwt(r#"{"exp":999999}"#), Duration::from_secs(1), now);
        assert_eq!(token.life(), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_text_and_no_claim_makes_the_reading_panic(text in ".{0,60}", exp in any::<i64>()) {
            prop_assert!(stated(&text).is_none());
            let claims_text = format!(r#"{{"exp":{exp}}}"#);
            let claims = stated(jwt(&claims_text).reveal()).unwrap();
            prop_assert_eq!(claims.exp, Some(exp));
            let token = IssuedToken::new(jwt(&claims_text), Duration::from_secs(1), Timestamp::now());
            prop_assert_eq!(token.life().is_zero(), token.expires_at <= token.issued_at);
        }
    }
}
