//! Who takes part: good credentials of several users and roles, and credentials that count for nothing.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::record::Whose;
use crate::harness::MEETING;
use crate::harness::credentials::{credential, ending_in, now, signed_with};

pub const ALICE: &str = "alice@example.com";
pub const BOB: &str = "bob@example.com";
pub const DAVE: &str = "dave@example.com";
pub const EVE: &str = "eve@example.com";
pub const HOST: &str = "host@example.com";
pub const BACKEND: &str = "backend@example.com";
/// The simulator lets this one wait.
pub const SLOW: &str = "slow-sam@example.com";
/// Zoom refuses this one, and echoes what it was shown.
pub const ECHO: &str = "echo@example.com";
/// Whom Zoom gives nothing that could be used; the token is broken off in the middle for two of them.
pub const UNSERVED: [&str; 4] = [ECHO, "torn@example.com", "garbled@example.com", "missing@example.com"];

/// What the backend signed with before, and still counts.
pub const PREVIOUS: &str = "canary-previous.what-the-backend-signed-with-before";
/// A claim in every credential that is none of the hub's business.
pub const NOTE: &str = "canary-note.what-the-backend-alone-knows";
const STRANGERS_SECRET: &str = "a-secret-that-the-hub-has-never-heard-of";

#[derive(Clone, Debug)]
pub struct Credential {
    pub name: &'static str,
    pub user: &'static str,
    pub token: String,
    /// Whose tokens may be answered to who shows it.
    pub whose: Whose,
    /// The code that it is refused with, if it counts for nothing.
    pub refused: Option<&'static str>,
}

/// Claims with the note among them.
pub fn noted(mut claims: Value) -> Value {
    claims["note"] = NOTE.into();
    claims
}

fn good(user: &'static str, role: &str, claims: Value) -> Credential {
    let whose = if role == "service" { Whose::Anybodys } else { Whose::Only(user) };
    Credential { name: user, user, token: credential(user, role, &noted(claims)), whose, refused: None }
}

/// Those that count, of everybody who gets something.
pub fn good_ones() -> Vec<Credential> {
    let mut old = good(DAVE, "participant", json!({}));
    old.token = signed_with(PREVIOUS, DAVE, "participant", &noted(json!({})));
    vec![
        good(ALICE, "participant", json!({})),
        good(BOB, "participant", json!({"meetings": [MEETING]})),
        old,
        good(EVE, "host", json!({})),
        good(SLOW, "participant", json!({})),
        good(HOST, "host", json!({"meetings": [MEETING, "987654321"]})),
        good(BACKEND, "service", json!({})),
    ]
}

/// Those of the users whom Zoom gives nothing.
pub fn unserved() -> Vec<Credential> {
    UNSERVED.map(|user| good(user, "host", json!({}))).into()
}

/// Those that count for nothing.
pub fn bad_ones() -> Vec<Credential> {
    let bad = |name, token, refused| Credential {
        name,
        user: ALICE,
        token,
        whose: Whose::Nobodys,
        refused: Some(refused),
    };
    let odd = |claims| credential(ALICE, "participant", &noted(claims));
    let forged = signed_with(STRANGERS_SECRET, ALICE, "service", &noted(json!({})));
    let (_, claims_and_signature) = forged.split_once('.').unwrap();
    let (claims, _) = claims_and_signature.split_once('.').unwrap();
    let unsigned = format!("{}.{claims}.", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
    let invalid = "invalid_credential";
    vec![
        bad("what is none", "canary.credential-that-is-none.8Hq2Zr5Lw0".to_owned(), invalid),
        bad("an unsigned one", unsigned, invalid),
        bad("a forged one", forged, invalid),
        bad("one that is not valid yet", odd(json!({"nbf": now() + 300})), invalid),
        bad("one that lives too long", odd(json!({"exp": now() + 100_000})), invalid),
        bad("one of an unknown role", odd(json!({"role": NOTE})), invalid),
        bad("one whose claims are malformed", odd(json!({"meetings": NOTE})), invalid),
        bad("one of no user", odd(json!({"sub": [NOTE]})), invalid),
        bad("an expired one", ending_in(-5, ALICE, "host"), "credential_expired"),
    ]
}
