//! Keys of every kind: what each verifies, and what is no key.

use std::fs;
use std::path::PathBuf;

use jsonwebtoken::jwk::Jwk;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};

use super::*;
use crate::config::Auth;
use crate::identity::keys::read_again;

/// A key pair, as whoever signs and whoever verifies hold it.
#[expect(clippy::wildcard_enum_match_arm, reason = "there are more algorithms than a test needs")]
fn pair(algorithm: Algorithm) -> (EncodingKey, String) {
    let (kind, private): (_, fn(&[u8]) -> _) = match algorithm {
        Algorithm::RS256 => (&PKCS_RSA_SHA256, EncodingKey::from_rsa_pem),
        Algorithm::ES256 => (&PKCS_ECDSA_P256_SHA256, EncodingKey::from_ec_pem),
        Algorithm::ES384 => (&PKCS_ECDSA_P384_SHA384, EncodingKey::from_ec_pem),
        Algorithm::EdDSA => (&PKCS_ED25519, EncodingKey::from_ed_pem),
        other => panic!("no pair for {other:?}"),
    };
    let pair = KeyPair::generate_for(kind).unwrap();
    (private(pair.serialize_pem().as_bytes()).unwrap(), pair.public_key_pem())
}

#[test]
fn a_public_key_verifies_its_own_algorithm_alone() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let (key, pem) = pair(algorithm);
        let authority = authority(&[("AUTH_JWT_PUBLIC_KEY_FILE", "/key")], &[("/key", &pem)]).unwrap();
        let claims = claims(json!({"role": "host"}));
        assert!(shown(&authority, &signed(&Header::new(algorithm), &claims, &key)).is_ok(), "{algorithm:?}");
        // The public key taken for a secret, as text and as bytes.
        let der = pem::parse(&pem).unwrap();
        for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), der.contents()] {
            let forged = signed(&Header::default(), &claims, &EncodingKey::from_secret(secret));
            assert_eq!(refused(&authority, &forged), Unproven::Invalid(Flaw::Algorithm), "{algorithm:?}");
        }
        let (strangers, _) = pair(algorithm);
        let forged = signed(&Header::new(algorithm), &claims, &strangers);
        assert_eq!(refused(&authority, &forged), Unproven::Invalid(Flaw::Signature), "{algorithm:?}");
    }
}

#[test]
fn what_is_no_public_key_for_these_algorithms_is_refused_at_the_start() {
    let private = |kind| KeyPair::generate_for(kind).unwrap().serialize_pem();
    let (ed, rsa, ec) = (private(&PKCS_ED25519), private(&PKCS_RSA_SHA256), private(&PKCS_ECDSA_P256_SHA256));
    let (_, other_curve) = pair(Algorithm::ES384);
    for text in ["", "no", &ed, &rsa, &ec, &other_curve, SECRET] {
        let refused = authority(&[("AUTH_JWT_PUBLIC_KEY_FILE", "/key")], &[("/key", text)]);
        assert_eq!(refused.unwrap_err(), KeyError::NoPublicKey("AUTH_JWT_PUBLIC_KEY_FILE"), "{text}");
    }
}

/// The public half of an Ed25519 key, which the crate doesn't write.
fn okp(pem: &str, id: &str) -> Value {
    let der = pem::parse(pem).unwrap();
    let (_, point) = der.contents().split_last_chunk::<32>().unwrap();
    json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64_URL_SAFE_NO_PAD.encode(point), "kid": id})
}

fn jwk(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, algorithm).unwrap()).unwrap();
    jwk["kid"] = json!(id);
    jwk
}

fn of_set(keys: &[Value]) -> Result<Authority, KeyError> {
    let set = json!({"keys": keys}).to_string();
    authority(&[("AUTH_JWKS_FILE", "/set")], &[("/set", &set)])
}

fn named(algorithm: Algorithm, id: Option<&str>) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = id.map(str::to_owned);
    header
}

#[test]
fn a_set_of_keys_is_asked_for_the_one_that_the_credential_names() {
    let (one, _) = pair(Algorithm::ES256);
    let (other, pem) = pair(Algorithm::EdDSA);
    let (third, _) = pair(Algorithm::RS256);
    let keys =
        [jwk(&one, Algorithm::ES256, "one"), okp(&pem, "other"), jwk(&third, Algorithm::RS256, "third")];
    let set = of_set(&keys).unwrap();
    let show = |header: &Header, key| shown(&set, &signed(header, &claims(json!({})), key)).err();
    assert_eq!(show(&named(Algorithm::ES256, Some("one")), &one), None);
    assert_eq!(show(&named(Algorithm::EdDSA, Some("other")), &other), None);
    assert_eq!(show(&named(Algorithm::RS256, Some("third")), &third), None);
    for (header, key, flaw) in [
        (named(Algorithm::ES256, Some("gone")), &one, Flaw::UnknownKey),
        (named(Algorithm::ES256, None), &one, Flaw::UnknownKey),
        (named(Algorithm::ES256, Some("other")), &one, Flaw::Algorithm),
    ] {
        assert_eq!(show(&header, key), Some(Unproven::Invalid(flaw)), "{header:?}");
    }
    let alone = of_set(&[jwk(&one, Algorithm::ES256, "one")]).unwrap();
    assert!(shown(&alone, &signed(&named(Algorithm::ES256, None), &claims(json!({})), &one)).is_ok());
}

#[test]
fn a_secret_in_a_set_is_no_key() {
    let (good, _) = pair(Algorithm::ES256);
    let oct = json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(SECRET), "kid": "oct", "alg": "HS256"});
    let set = of_set(&[jwk(&good, Algorithm::ES256, "good"), oct.clone()]).unwrap();
    let header = named(Algorithm::HS256, Some("oct"));
    let forged = signed(&header, &claims(json!({})), &EncodingKey::from_secret(SECRET.as_bytes()));
    assert_eq!(refused(&set, &forged), Unproven::Invalid(Flaw::UnknownKey));
    for keys in [&[oct][..], &[]] {
        assert_eq!(of_set(keys).unwrap_err(), KeyError::NoUsableKey("AUTH_JWKS_FILE"));
    }
    let refused = authority(&[("AUTH_JWKS_FILE", "/set")], &[("/set", SECRET)]).unwrap_err();
    assert_eq!(refused, KeyError::NoKeySet("AUTH_JWKS_FILE"));
}

#[test]
fn a_key_of_a_set_that_is_for_something_else_is_not_used() {
    let (key, _) = pair(Algorithm::ES256);
    for (field, value) in [("use", "enc"), ("alg", "ES384")] {
        let mut other = jwk(&key, Algorithm::ES256, "one");
        other[field] = json!(value);
        assert_eq!(of_set(&[other]).unwrap_err(), KeyError::NoUsableKey("AUTH_JWKS_FILE"), "{field}");
    }
}

/// A secret in a file of its own, which goes with it.
struct SecretFile(PathBuf);

impl SecretFile {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("zoom-token-hub-{}", rand::random::<u64>()));
        fs::write(&path, format!("{SECRET}\n")).unwrap();
        Self(path)
    }

    fn config(&self) -> Auth {
        let (path, text) = (self.0.to_str().unwrap(), format!("{SECRET}\n"));
        let variables = Variables::from_pairs([("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET_FILE", path)]);
        Config::from_variables(&variables.with_file(path, &text)).unwrap().auth
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

#[actix_web::test]
async fn a_file_is_read_again_when_it_changes() {
    let file = SecretFile::new();
    let (authority, watch) = Authority::new(&file.config()).unwrap();
    let watching = actix_web::rt::spawn(watch.unwrap().run());
    let (old, new) = (by_secret(&claims(json!({})), SECRET), by_secret(&claims(json!({})), OTHER));
    assert!(shown(&authority, &old).is_ok());
    fs::write(&file.0, OTHER).unwrap();
    let changed = async {
        while shown(&authority, &new).is_err() {
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    };
    actix_web::rt::time::timeout(Duration::from_secs(20), changed).await.unwrap();
    assert_eq!(refused(&authority, &old), Unproven::Invalid(Flaw::Signature));
    watching.abort();
}

#[test]
fn a_file_that_holds_no_key_any_more_or_is_gone_changes_nothing() {
    let file = SecretFile::new();
    let Auth::Jwt(jwt) = file.config() else { panic!("jwt mode") };
    let name = "AUTH_JWT_SECRET_FILE";
    assert!(read_again(&jwt).unwrap().is_none());
    fs::write(&file.0, "short").unwrap();
    assert_eq!(read_again(&jwt).unwrap_err(), KeyError::ShortSecret(name));
    fs::remove_file(&file.0).unwrap();
    assert_eq!(read_again(&jwt).unwrap_err(), KeyError::Unreadable(name));
    fs::write(&file.0, OTHER).unwrap();
    assert!(read_again(&jwt).unwrap().is_some());
}
