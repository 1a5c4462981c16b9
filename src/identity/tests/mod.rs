//! Credentials of every kind, shown to an authority: what counts, what is refused, and which way.

mod keys;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::{Config, Variables};
use crate::secret::Secret;

const SECRET: &str = "a-secret-of-thirty-two-bytes-or-more";
const OTHER: &str = "another-secret-of-thirty-two-bytes-.";

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Claims of a participant's for an hour, changed by these; `null` takes one away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({"sub": "ann@example.com", "iat": now(), "exp": now() + 3600});
    let (Value::Object(all), Value::Object(changes)) = (&mut claims, changes) else { panic!("no object") };
    all.extend(changes);
    all.retain(|_, value| !value.is_null());
    claims
}

fn signed(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    encode(header, claims, key).unwrap()
}

fn by_secret(claims: &Value, secret: &str) -> String {
    signed(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes()))
}

fn authority(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Authority, KeyError> {
    let mode = [("AUTH_MODE", "jwt")];
    let mut variables = Variables::from_pairs(mode.into_iter().chain(variables.iter().copied()));
    for (path, text) in files {
        variables = variables.with_file(path, text);
    }
    Ok(Authority::new(&Config::from_variables(&variables).unwrap().auth)?.0)
}

fn of_secret(more: &[(&str, &str)]) -> Authority {
    authority(&[&[("AUTH_JWT_SECRET", SECRET)], more].concat(), &[]).unwrap()
}

fn shown(authority: &Authority, credential: &str) -> Result<Arc<Identity>, Unproven> {
    match authority.identify(&Secret::new(credential.to_owned()), "a test")? {
        Caller::Known(identity) => Ok(identity),
        caller @ (Caller::Anyone | Caller::Unknown) => panic!("{caller:?}"),
    }
}

fn refused(authority: &Authority, credential: &str) -> Unproven {
    shown(authority, credential).unwrap_err()
}

fn flawed(changes: Value) -> Unproven {
    refused(&of_secret(&[]), &by_secret(&claims(changes), SECRET))
}

#[test]
fn a_credential_tells_who_its_owner_is_and_until_when() {
    let claims = claims(json!({"role": "host", "meetings": ["123 456 789", 987_654_321_u64]}));
    let ann = shown(&of_secret(&[]), &by_secret(&claims, SECRET)).unwrap();
    assert_eq!((ann.user.as_str(), ann.role), ("ann@example.com", Role::Host));
    assert_eq!(ann.issued_at.unwrap().as_second(), claims["iat"]);
    assert_eq!(ann.expires_at.as_second(), claims["exp"].as_i64().unwrap() + 60);
    assert!(ann.allows("123456789".parse().unwrap()) && ann.allows("987654321".parse().unwrap()));
    assert!(!ann.allows("111222333".parse().unwrap()));
}

#[test]
fn who_says_no_role_is_a_participant_and_who_names_no_meeting_may_join_any() {
    let ann = shown(&of_secret(&[]), &by_secret(&claims(json!({})), SECRET)).unwrap();
    assert_eq!((ann.role, &ann.meetings), (Role::Participant, &None));
    let none = shown(&of_secret(&[]), &by_secret(&claims(json!({"meetings": []})), SECRET)).unwrap();
    assert!(!none.allows("123456789".parse().unwrap()), "an empty list is none, not any");
}

#[test]
fn each_flaw_is_told_apart_for_the_log() {
    use Flaw::{FromTheFuture, Malformed, Meetings, MissingClaim, NotYet, Role, Subject, TooLongLived};
    for (changes, flaw) in [
        (json!({"exp": null}), Malformed),
        (json!({"sub": null}), Malformed),
        (json!({"exp": "soon"}), Malformed),
        (json!({"sub": 7}), Malformed),
        (json!({"sub": "me"}), Subject),
        (json!({"role": "admin"}), Role),
        (json!({"role": 1}), Malformed),
        (json!({"meetings": ["12"]}), Meetings),
        (json!({"meetings": "123456789"}), Malformed),
        (json!({"nbf": now() + 120}), NotYet),
        (json!({"iat": now() + 120}), FromTheFuture),
        (json!({"exp": now() + 86_400 + 120}), TooLongLived),
        (json!({"exp": now() + 86_400 + 120, "iat": null}), TooLongLived),
        (json!({"exp": now() + 3600, "iat": now() - 86_400}), TooLongLived),
        (json!({"exp": u64::MAX}), TooLongLived),
        (json!({"exp": 1e300}), MissingClaim),
        (json!({"role": "service", "exp": now() + 91 * 86_400}), TooLongLived),
    ] {
        assert_eq!(flawed(changes.clone()), Unproven::Invalid(flaw), "{changes}");
    }
    assert_eq!(flawed(json!({"exp": now() - 61})), Unproven::Expired);
}

#[test]
fn clocks_may_be_a_minute_apart_and_a_service_lives_longer() {
    for changes in [
        json!({"exp": now() - 30, "iat": now() - 3600}),
        json!({"nbf": now() + 30, "iat": now() + 30}),
        json!({"exp": now() + 86_400}),
        json!({"exp": now() + 3600, "iat": null}),
        json!({"role": "service", "exp": now() + 90 * 86_400}),
        json!({"exp": f64::from(u32::try_from(now()).unwrap()) + 0.5}),
    ] {
        let credential = by_secret(&claims(changes.clone()), SECRET);
        assert!(shown(&of_secret(&[]), &credential).is_ok(), "{changes}");
    }
}

#[test]
fn issuer_and_audience_are_required_where_they_are_set_and_ignored_where_not() {
    let strict = of_secret(&[("AUTH_JWT_ISSUER", "shop"), ("AUTH_JWT_AUDIENCE", "hub")]);
    let show = |authority, changes| shown(authority, &by_secret(&claims(changes), SECRET)).err();
    assert_eq!(show(&strict, json!({"iss": "shop", "aud": "hub"})), None);
    assert_eq!(show(&strict, json!({"iss": "shop", "aud": ["hub", "other"]})), None);
    for (changes, flaw) in [
        (json!({"aud": "hub"}), Flaw::MissingClaim),
        (json!({"iss": "shop"}), Flaw::MissingClaim),
        (json!({"iss": "else", "aud": "hub"}), Flaw::Issuer),
        (json!({"iss": "shop", "aud": "else"}), Flaw::Audience),
        (json!({"iss": "shop", "aud": []}), Flaw::Audience),
    ] {
        assert_eq!(show(&strict, changes.clone()), Some(Unproven::Invalid(flaw)), "{changes}");
    }
    assert_eq!(show(&of_secret(&[]), json!({"iss": "anybody", "aud": "anything"})), None);
}

#[test]
fn what_the_secret_did_not_sign_is_refused() {
    let authority = of_secret(&[]);
    let good = by_secret(&claims(json!({})), SECRET);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let forged = part(&claims(json!({"role": "service"})));
    let none =
        |alg: &str| format!("{}.{}.", part(&json!({"alg": alg, "typ": "JWT"})), part(&claims(json!({}))));
    for (credential, flaw) in [
        (format!("{header}.{forged}.{signature}"), Flaw::Signature),
        (format!("{head}."), Flaw::Signature),
        (by_secret(&claims(json!({})), OTHER), Flaw::Signature),
        (none("none"), Flaw::Malformed),
        (none("NONE"), Flaw::Malformed),
        (none("RS256"), Flaw::Algorithm),
        (String::new(), Flaw::Malformed),
        ("a.b.c".to_owned(), Flaw::Malformed),
        (format!("{good}.x"), Flaw::Malformed),
        (good.replace('.', " "), Flaw::Malformed),
    ] {
        assert_eq!(refused(&authority, &credential), Unproven::Invalid(flaw), "{credential}");
    }
    let header = Header { crit: Some(vec!["exp".to_owned()]), ..Header::default() };
    let critical = signed(&header, &claims(json!({})), &EncodingKey::from_secret(SECRET.as_bytes()));
    assert_eq!(refused(&authority, &critical), Unproven::Invalid(Flaw::Critical));
}

#[test]
fn a_secret_is_good_for_each_of_its_algorithms_and_the_one_before_it_still_counts() {
    let rotating = of_secret(&[("AUTH_JWT_SECRET_PREVIOUS", OTHER)]);
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for secret in [SECRET, OTHER] {
            let key = EncodingKey::from_secret(secret.as_bytes());
            let credential = signed(&Header::new(algorithm), &claims(json!({})), &key);
            assert!(shown(&rotating, &credential).is_ok(), "{algorithm:?}");
        }
    }
    let expired = by_secret(&claims(json!({"exp": now() - 100})), OTHER);
    assert_eq!(refused(&rotating, &expired), Unproven::Expired, "not a wrong signature");
}

#[test]
fn what_was_revoked_counts_no_more_and_what_is_signed_afterwards_does() {
    let authority = of_secret(&[]);
    let revocations = authority.revocations().unwrap();
    let moment = Timestamp::now();
    let revoke = |user: Option<&str>, meeting: Option<&str>| {
        let (user, meeting) = (user.and_then(|it| it.parse().ok()), meeting.and_then(|it| it.parse().ok()));
        revocations.add(Matching { user, meeting, issued_before: moment }, moment).unwrap();
    };
    let counts = |changes| shown(&authority, &by_secret(&claims(changes), SECRET)).err();
    let before = moment.as_second() - 5;
    revoke(Some("ANN@example.com"), None);
    assert_eq!(counts(json!({"iat": before})), Some(Unproven::Revoked));
    assert_eq!(counts(json!({"iat": null})), Some(Unproven::Revoked), "it doesn't say when");
    assert_eq!(counts(json!({"iat": moment.as_second() + 1})), None);
    assert_eq!(counts(json!({"sub": "bob", "iat": before})), None);
    revoke(None, Some("123456789"));
    assert_eq!(
        counts(json!({"sub": "bob", "iat": before, "meetings": ["123456789"]})),
        Some(Unproven::Revoked)
    );
    assert_eq!(counts(json!({"sub": "bob", "iat": before, "meetings": ["987654321"]})), None);
    assert_eq!(counts(json!({"sub": "bob", "iat": before})), None, "good for any meeting: it names none");
    revoke(None, None);
    assert_eq!(counts(json!({"sub": "bob", "iat": before})), Some(Unproven::Revoked));
}

#[test]
fn in_open_mode_nobody_looks_at_a_credential() {
    let variables = Variables::from_pairs([("PORT", "0")]);
    let (open, watch) = Authority::new(&Config::from_variables(&variables).unwrap().auth).unwrap();
    assert!(watch.is_none() && !open.asks() && open.revocations().is_none());
    assert_eq!(open.identify(&Secret::new("junk".to_owned()), "a test"), Ok(Caller::Anyone));
}

proptest! {
    #[test]
    fn no_text_makes_the_reading_panic(text in ".{0,200}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 3)) {
        let authority = of_secret(&[]);
        for credential in [text, parts.join(".")] {
            prop_assert!(matches!(refused(&authority, &credential), Unproven::Invalid(_)));
        }
    }
}
