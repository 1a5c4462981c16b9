//! Who a client is, signed as a customer's backend signs it. In `open` mode nobody looks at it, and peers never do.

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use crate::Attempt;

const SECRET: &str = "the-backend-and-the-hub-share-this-secret";
/// What has a hub ask for credentials.
pub(crate) const ASKED_FOR: [(&str, &str); 2] = [("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET", SECRET)];
/// Longer than any run, in seconds.
const LIFE: i64 = 3600;

/// A user's, who may distribute if called host.
pub(crate) fn of(user: &str) -> Attempt<String> {
    let role = if user.starts_with("host") { "host" } else { "participant" };
    let now = Timestamp::now().as_second();
    let claims = json!({"sub": user, "role": role, "iat": now, "exp": now + LIFE});
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}
