//! `token`: the credential that it prints is what a backend would sign, nothing else is printed with it, and what the hub
//! would not take is not signed.

use std::collections::HashSet;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::harness::program::{Ended, Start};

const KEY: &str = "hush-hush-hush-hush-hush-hush-32";
const WITH_SECRET: [(&str, &str); 2] = [("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET", KEY)];
const DAY: i64 = 86_400;

async fn token(variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
    run(Start::with(variables), arguments).await
}

async fn run(start: Start, arguments: &[&str]) -> Ended {
    let ended = start.arguments(&["token"]).arguments(arguments).run().await;
    assert!(!format!("{ended:?}").contains("hush"), "{ended:?}");
    ended
}

/// The claims of the one credential that it printed, which this key signed.
fn printed(ended: &Ended, key: &str) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let credential = ended.out.strip_suffix('\n').unwrap();
    assert!(!credential.contains(char::is_whitespace), "{credential}");
    assert_eq!(decode_header(credential).unwrap().alg, Algorithm::HS256);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_aud = false;
    validation.required_spec_claims = HashSet::from(["exp".to_owned(), "sub".to_owned()]);
    let key = DecodingKey::from_secret(key.as_bytes());
    let claims: Value = decode(credential, &key, &validation).unwrap().claims;
    // Whoever keeps what was said of it keeps no piece of it.
    assert!(!credential.split('.').any(|piece| ended.err.contains(piece)), "{}", ended.err);
    claims
}

/// The claims without the two times, and the seconds between those.
fn timeless(mut claims: Value) -> (Value, i64) {
    let mut take = |name: &str| claims.as_object_mut().unwrap().remove(name).unwrap().as_i64().unwrap();
    let (issued, end) = (take("iat"), take("exp"));
    let age = Timestamp::now().as_second() - issued;
    assert!((0..60).contains(&age), "issued {age} s ago");
    (claims, end - issued)
}

/// It signed nothing, and says so in one line.
fn refused(ended: &Ended, line: &str) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
    assert_eq!(ended.err, format!("zoom-token-hub: {line}\n"));
}

#[actix_web::test]
async fn it_prints_a_participants_credential_for_an_hour_unless_told_otherwise() {
    let ended = token(&WITH_SECRET, &["--user", "Alice@Example.com"]).await;
    let (claims, life) = timeless(printed(&ended, KEY));
    assert_eq!(claims, json!({"sub": "Alice@Example.com", "role": "participant"}));
    assert_eq!(life, 3600);
}

#[actix_web::test]
async fn the_credential_says_what_was_asked_for_and_what_the_hub_is_told_to_expect() {
    let told = [("AUTH_JWT_ISSUER", "https://backend.example"), ("AUTH_JWT_AUDIENCE", "a hub")];
    let asked = ["--user", "host@example.com", "--role", "host", "--ttl", "60"];
    let meetings = ["--meeting", "123 456 7890", "--meeting", "012345678"];
    let ended = token(&[&WITH_SECRET[..], &told].concat(), &[&asked[..], &meetings].concat()).await;
    let (claims, life) = timeless(printed(&ended, KEY));
    let expected = json!({
        "sub": "host@example.com",
        "role": "host",
        "meetings": ["1234567890", "012345678"],
        "iss": "https://backend.example",
        "aud": "a hub",
    });
    assert_eq!((claims, life), (expected, 60));
}

#[actix_web::test]
async fn one_line_beside_it_says_whose_it_is_what_for_and_until_when() {
    let asked = ["--user", "host@example.com", "--role", "host"];
    for (meetings, said) in [
        (&[][..], "any meeting"),
        (&["--meeting", "123-456-789"], "meeting 123456789"),
        (&["--meeting", "123456789", "--meeting", "1234567890"], "meetings 123456789, 1234567890"),
    ] {
        let ended = token(&WITH_SECRET, &[&asked[..], meetings].concat()).await;
        let end = Timestamp::from_second(printed(&ended, KEY)["exp"].as_i64().unwrap()).unwrap();
        let line = format!("a credential of host@example.com, role host, for {said}, until {end}");
        assert_eq!(ended.err, format!("zoom-token-hub: {line}\n"));
    }
}

#[actix_web::test]
async fn the_secret_may_be_in_the_env_file_or_in_a_file_of_its_own_and_the_previous_one_signs_nothing() {
    let previous = "hush-as-before-hush-as-before-32";
    let dotenv = format!("AUTH_MODE=jwt\nAUTH_JWT_SECRET={KEY}\nAUTH_JWT_SECRET_PREVIOUS={previous}\n");
    printed(&run(Start::with(&[]).dotenv(&dotenv), &["--user", "a"]).await, KEY);
    let start = Start::with(&WITH_SECRET[..1]);
    let path = start.folder().put("key", &format!("{KEY}\n"));
    printed(&run(start.and(&[("AUTH_JWT_SECRET_FILE", &path)]), &["--user", "a"]).await, KEY);
}

#[actix_web::test]
async fn it_lives_no_longer_than_the_hub_takes_it() {
    let life = async |longest: &str, arguments: &[&str]| {
        let variables = [&WITH_SECRET[..], &[("AUTH_JWT_MAX_TTL_SECONDS", longest)]].concat();
        token(&variables, &[&["--user", "a"], arguments].concat()).await
    };
    let good_for = |ended: &Ended| timeless(printed(ended, KEY)).1;
    assert_eq!(good_for(&life("", &["--ttl", "86400"]).await), DAY);
    let line = "use 1 to 86400 seconds; AUTH_JWT_MAX_TTL_SECONDS allows no more";
    for (role, ttl) in [("participant", "86401"), ("host", "86401"), ("participant", "0")] {
        let ended = life("", &["--role", role, "--ttl", ttl]).await;
        refused(&ended, &format!("--ttl={ttl}: {line}"));
    }
    // Unless more is asked for, no more than that.
    assert_eq!(good_for(&life("600", &[]).await), 600);
    let service = ["--role", "service", "--ttl"];
    assert_eq!(good_for(&life("", &[&service[..], &["7776000"]].concat()).await), 90 * DAY);
    let line = "--ttl=7776001: use 1 to 7776000 seconds; AUTH_JWT_MAX_TTL_SECONDS, and 90 days for a service in any \
                case, allow no more";
    refused(&life("", &[&service[..], &["7776001"]].concat()).await, line);
    assert_eq!(good_for(&life("31536000", &[&service[..], &["31536000"]].concat()).await), 365 * DAY);
}

#[actix_web::test]
async fn without_a_secret_to_sign_with_it_says_what_would_do() {
    let open =
        "AUTH_MODE is open, which needs no credential; to sign one, set AUTH_MODE=jwt and AUTH_JWT_SECRET";
    for variables in [&[][..], &[("AUTH_MODE", "open")]] {
        refused(&token(variables, &["--user", "a"]).await, open);
    }
    for name in ["AUTH_JWT_PUBLIC_KEY_FILE", "AUTH_JWKS_FILE"] {
        let start = Start::with(&WITH_SECRET[..1]);
        let path = start.folder().put("keys", "whatever");
        let ended = run(start.and(&[(name, &path)]), &["--user", "a"]).await;
        let line = format!("{name} holds no secret to sign with; sign credentials with your own private key");
        refused(&ended, &line);
    }
    // As a hub with the same variables would.
    let ended = token(&WITH_SECRET[..1], &["--user", "a"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(
        ended.err.starts_with("zoom-token-hub: AUTH_MODE=\"jwt\": set AUTH_JWT_SECRET,"),
        "{}",
        ended.err
    );
}

#[actix_web::test]
async fn who_or_what_cannot_be_named_is_refused() {
    let ended = token(&WITH_SECRET, &["--user", "me"]).await;
    refused(&ended, "--user=\"me\": name the user: \"me\", \".\" and \"..\" are not accepted");
    let ended = token(&WITH_SECRET, &["--user", "a", "--meeting", "123456789", "--meeting", "12"]).await;
    let line = "a meeting ID is 9 to 11 digits; spaces and dashes between them are fine";
    refused(&ended, &format!("--meeting=\"12\": {line}"));
    for wrong in [&[][..], &["--user", "a", "--role", "admin"], &["--user", "a", "--ttl", "1h"]] {
        let ended = token(&WITH_SECRET, wrong).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
    }
}
