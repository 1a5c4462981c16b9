//! Credentials, signed as a customer's backend does it.

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

/// What the backend and the hub share.
pub const SECRET: &str = "canary-secret.the-backend-and-the-hub-share-it";

/// What puts a hub in `jwt` mode.
pub const JWT: [(&str, &str); 2] = [("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET", SECRET)];

/// How many seconds a credential counts beyond its `exp`.
pub const LEEWAY: i64 = 60;

/// This moment, in seconds since 1970.
pub fn now() -> i64 {
    Timestamp::now().as_second()
}

/// A credential of this user's and role, for an hour, with these claims too or instead.
pub fn credential(user: &str, role: &str, claims: &Value) -> String {
    signed_with(SECRET, user, role, claims)
}

/// The same, signed with another secret.
pub fn signed_with(secret: &str, user: &str, role: &str, claims: &Value) -> String {
    let mut all = json!({"sub": user, "role": role, "iat": now(), "exp": now() + 3600});
    for (name, value) in claims.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    encode(&Header::default(), &all, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// A credential that has been good for an hour, and is for so many seconds yet, less a part of one.
pub fn ending_in(seconds: i64, user: &str, role: &str) -> String {
    let exp = now() + seconds - LEEWAY;
    credential(user, role, &json!({"iat": exp - 3600, "exp": exp}))
}
