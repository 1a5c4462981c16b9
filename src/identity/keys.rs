//! The keys that credentials are verified with, and their being read again when their files change.
//!
//! A key says itself which algorithms it is for; what a credential's header says only has to be one of them. So neither
//! `none` nor a public key in the place of a secret gets anywhere.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use log::{info, warn};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::claims::Claims;
use super::{Flaw, LEEWAY, Unproven};
use crate::config::{Held, Jwt, KeySource};
use crate::secret::Secret;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

const HMAC: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
const RSA: &[Algorithm] = &[Algorithm::RS256];
const EC: &[Algorithm] = &[Algorithm::ES256];
const ED: &[Algorithm] = &[Algorithm::EdDSA];

/// An uncompressed point of P-256, which is what ES256 is for.
const P256_POINT_BYTES: usize = 65;

/// A key that is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// Not PEM, a private key, another curve.
    #[error("{0}: name a PEM file of one public key (-----BEGIN PUBLIC KEY-----) for RS256, ES256 or EdDSA")]
    NoPublicKey(&'static str),
    /// Not a set of keys.
    #[error("{0}: name a JSON file of the form {{\"keys\": […]}}")]
    NoKeySet(&'static str),
    /// A set without a key that counts.
    #[error("{0}: the set has no public key for RS256, ES256 or EdDSA")]
    NoUsableKey(&'static str),
    /// Only when a file is read again.
    #[error("{0}: the secret is too short")]
    ShortSecret(&'static str),
    /// Only when a file is read again.
    #[error("{0}: the file can't be read")]
    Unreadable(&'static str),
}

/// Every key that counts.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// Whether a credential says which of them it is signed with. Else each is tried.
    named: bool,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    verifies: DecodingKey,
    validation: Validation,
}

impl KeySet {
    /// The keys as they stand now.
    fn read(jwt: &Jwt) -> Result<Self, KeyError> {
        let key = |(verifies, algorithms), id| Key { id, verifies, validation: validation(jwt, algorithms) };
        match &jwt.keys {
            KeySource::Secret { current, previous } => {
                let held = [Some(current), previous.as_ref()].into_iter().flatten();
                let keys = held.map(|held| Ok(key(secret(held)?, None)));
                Ok(Self { keys: keys.collect::<Result<_, _>>()?, named: false })
            }
            KeySource::PublicKey(held) => {
                let public = public_key(held.text.reveal().as_bytes());
                let public = public.ok_or(KeyError::NoPublicKey(held.name))?;
                Ok(Self { keys: vec![key(public, None)], named: false })
            }
            KeySource::Jwks(held) => {
                let set: JwkSet = serde_json::from_str(held.text.reveal())
                    .map_err(|_quotes_it| KeyError::NoKeySet(held.name))?;
                let keys: Vec<_> =
                    set.keys.iter().filter_map(|jwk| Some(key(of_set(jwk)?, id(jwk)))).collect();
                if keys.len() < set.keys.len() {
                    warn!("{}: {} keys of the set are not used", held.name, set.keys.len() - keys.len());
                }
                if keys.is_empty() {
                    Err(KeyError::NoUsableKey(held.name))
                } else {
                    Ok(Self { keys, named: true })
                }
            }
        }
    }

    /// The claims of a credential that one of the keys has signed.
    pub(super) fn verify(&self, credential: &Secret) -> Result<Claims, Unproven> {
        let header = decode_header(credential.reveal()).map_err(|error| unproven(error.kind()))?;
        if header.crit.is_some() {
            return Err(Unproven::Invalid(Flaw::Critical));
        }
        let mut outcome = Err(Unproven::Invalid(Flaw::UnknownKey));
        for Key { verifies, validation, .. } in self.keys.iter().filter(|key| self.fits(key, &header)) {
            outcome = decode(credential.reveal(), verifies, validation)
                .map(|verified| verified.claims)
                .map_err(|error| unproven(error.kind()));
            if !matches!(outcome, Err(Unproven::Invalid(Flaw::Signature))) {
                break;
            }
        }
        outcome
    }

    fn fits(&self, key: &Key, header: &Header) -> bool {
        match &header.kid {
            _ if !self.named => true,
            Some(id) => key.id.as_ref() == Some(id),
            None => self.keys.len() == 1,
        }
    }
}

/// What a credential must say, whoever signed it. The crate's defaults are too kind: by them a missing `iss` or `aud`
/// passes, and `nbf` is not looked at.
fn validation(jwt: &Jwt, algorithms: &[Algorithm]) -> Validation {
    let mut validation = Validation {
        algorithms: algorithms.to_vec(),
        leeway: LEEWAY.as_secs().unsigned_abs(),
        validate_nbf: true,
        validate_aud: jwt.audience.is_some(),
        ..Validation::default()
    };
    let mut required = vec!["exp", "sub"];
    if let Some(audience) = &jwt.audience {
        validation.set_audience(&[audience]);
        required.push("aud");
    }
    if let Some(issuer) = &jwt.issuer {
        validation.set_issuer(&[issuer]);
        required.push("iss");
    }
    validation.set_required_spec_claims(&required);
    validation
}

fn secret(held: &Held) -> Result<(DecodingKey, &'static [Algorithm]), KeyError> {
    if held.is_too_short() {
        return Err(KeyError::ShortSecret(held.name));
    }
    Ok((DecodingKey::from_secret(held.secret().as_bytes()), HMAC))
}

fn public_key(pem: &[u8]) -> Option<(DecodingKey, &'static [Algorithm])> {
    // The crate reads a private key as if it were a public one, and then nothing verifies.
    if pem.windows(11).any(|text| text == b"PRIVATE KEY") {
        return None;
    }
    let rsa = DecodingKey::from_rsa_pem(pem).map(|key| (key, RSA));
    let ec = || DecodingKey::from_ec_pem(pem).ok().filter(is_p256).map(|key| (key, EC));
    let ed = || DecodingKey::from_ed_pem(pem).ok().map(|key| (key, ED));
    rsa.ok().or_else(ec).or_else(ed)
}

fn is_p256(key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(|point| point.len() == P256_POINT_BYTES)
}

fn id(jwk: &Jwk) -> Option<String> {
    jwk.common.key_id.clone()
}

/// A key of a set, if it is a public one for signatures. A symmetric one in a file that is made to be published is a
/// trap, not a secret.
#[expect(clippy::wildcard_enum_match_arm, reason = "what the crate may add later is no key to the hub")]
fn of_set(jwk: &Jwk) -> Option<(DecodingKey, &'static [Algorithm])> {
    let (algorithms, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (RSA, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (EC, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (ED, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    if !for_signatures || jwk.common.key_algorithm.is_some_and(|named| named != name) {
        return None;
    }
    Some((DecodingKey::from_jwk(jwk).ok()?, algorithms))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what the crate may add later is malformed to the hub")]
fn unproven(kind: &ErrorKind) -> Unproven {
    Unproven::Invalid(match kind {
        ErrorKind::ExpiredSignature => return Unproven::Expired,
        ErrorKind::InvalidSignature => Flaw::Signature,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm
        | ErrorKind::InvalidKeyFormat => Flaw::Algorithm,
        ErrorKind::MissingRequiredClaim(_) => Flaw::MissingClaim,
        ErrorKind::InvalidIssuer => Flaw::Issuer,
        ErrorKind::InvalidAudience => Flaw::Audience,
        ErrorKind::ImmatureSignature => Flaw::NotYet,
        _ => Flaw::Malformed,
    })
}

/// Reads the keys again when their files change. Until a file holds a key again, the one before counts.
#[derive(Debug)]
pub struct KeyWatch {
    jwt: Jwt,
    tells: watch::Sender<Arc<KeySet>>,
}

/// The keys, and their watch.
pub(super) fn keys(jwt: &Jwt) -> Result<(watch::Receiver<Arc<KeySet>>, KeyWatch), KeyError> {
    let (tells, keys) = watch::channel(Arc::new(KeySet::read(jwt)?));
    Ok((keys, KeyWatch { jwt: jwt.clone(), tells }))
}

impl KeyWatch {
    /// Watches for ever.
    pub async fn run(mut self) {
        let mut told = None;
        while self.files() > 0 {
            sleep(LOOK).await;
            // A disk may be slow; no other work waits for it.
            let looked = spawn_blocking({
                let jwt = self.jwt.clone();
                move || read_again(&jwt)
            });
            match looked.await {
                Ok(Ok(None)) => told = None,
                Ok(Ok(Some((jwt, keys)))) => {
                    info!("the keys have changed: {} count", keys.keys.len());
                    self.tells.send_replace(Arc::new(keys));
                    (self.jwt, told) = (jwt, None);
                }
                Ok(Err(error)) if told.as_ref() == Some(&error) => {}
                Ok(Err(error)) => {
                    warn!("{error}; the keys as they were still count");
                    told = Some(error);
                }
                Err(failed) => warn!("the keys could not be read again: {failed}"),
            }
        }
    }

    fn files(&self) -> usize {
        held(&self.jwt.keys).filter(|held| held.file.is_some()).count()
    }
}

fn held(keys: &KeySource) -> impl Iterator<Item = &Held> {
    let (one, other) = match keys {
        KeySource::Secret { current, previous } => (current, previous.as_ref()),
        KeySource::PublicKey(held) | KeySource::Jwks(held) => (held, None),
    };
    [Some(one), other].into_iter().flatten()
}

/// What the files hold now, if that is not what they held.
pub(super) fn read_again(jwt: &Jwt) -> Result<Option<(Jwt, KeySet)>, KeyError> {
    let again = |held: &Held| match &held.file {
        None => Ok(held.clone()),
        Some(path) => {
            Ok(Held { text: text_of(path).ok_or(KeyError::Unreadable(held.name))?, ..held.clone() })
        }
    };
    let keys = match &jwt.keys {
        KeySource::Secret { current, previous } => {
            let previous = previous.as_ref().map(again).transpose()?;
            KeySource::Secret { current: again(current)?, previous }
        }
        KeySource::PublicKey(held) => KeySource::PublicKey(again(held)?),
        KeySource::Jwks(held) => KeySource::Jwks(again(held)?),
    };
    if keys == jwt.keys {
        return Ok(None);
    }
    let jwt = Jwt { keys, ..jwt.clone() };
    let set = KeySet::read(&jwt)?;
    Ok(Some((jwt, set)))
}

fn text_of(path: &PathBuf) -> Option<Secret> {
    fs::read_to_string(path).ok().map(Secret::new)
}
