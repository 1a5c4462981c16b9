//! How callers are known: anybody is anyone, or each shows a credential that the customer's own backend signed.
//!
//! Whoever can reach the hub decides what must be said: on loopback in development nothing, elsewhere the mode, and
//! production takes no mode of trust. Deliberately absent: whether a key is one, which shows when the hub reads it.

use std::path::PathBuf;
use std::time::Duration;

use super::error::ConfigError;
use super::variables::Variables;
use super::{Environment, Listen, read};
use crate::secret::Secret;

/// The shortest secret, in bytes: as long as what HS256 makes of it (RFC 7518, 3.2).
const SECRET_MIN_BYTES: usize = 32;

const MODE: &str = "AUTH_MODE";
/// A variable that holds a secret, and the one that names a file of it.
const SECRET: [&str; 2] = ["AUTH_JWT_SECRET", "AUTH_JWT_SECRET_FILE"];
const PREVIOUS: [&str; 2] = ["AUTH_JWT_SECRET_PREVIOUS", "AUTH_JWT_SECRET_PREVIOUS_FILE"];
const PUBLIC_KEY: &str = "AUTH_JWT_PUBLIC_KEY_FILE";
const JWKS: &str = "AUTH_JWKS_FILE";

/// How callers are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Any caller may name any user: for development and for networks where every caller is trusted.
    Open,
    /// Every caller shows a credential.
    Jwt(Jwt),
}

/// What a credential must be to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt {
    /// What it is verified with.
    pub keys: KeySource,
    /// `AUTH_JWT_ISSUER`, by default none: who must have signed it.
    pub issuer: Option<String>,
    /// `AUTH_JWT_AUDIENCE`, by default none: whom it must be for.
    pub audience: Option<String>,
    /// `AUTH_JWT_MAX_TTL_SECONDS`, by default a day: the longest life of a person's.
    pub max_ttl: Duration,
}

/// Where the keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// `AUTH_JWT_SECRET`, shared with whoever signs.
    Secret {
        /// What is signed with now.
        current: Held,
        /// `AUTH_JWT_SECRET_PREVIOUS`: what was signed with before, and still counts.
        previous: Option<Held>,
    },
    /// `AUTH_JWT_PUBLIC_KEY_FILE`: one public key, as PEM.
    PublicKey(Held),
    /// `AUTH_JWKS_FILE`: a set of public keys, as JSON.
    Jwks(Held),
}

/// A text that a variable holds, or a file that it names and that may change while the hub runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The variable.
    pub name: &'static str,
    /// The text as it was at the start.
    pub text: Secret,
    /// The file.
    pub file: Option<PathBuf>,
}

impl Held {
    /// The text as a secret: a file may end in a line break, which is no part of it.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.text.reveal().trim_end_matches(['\r', '\n'])
    }

    /// Whether it is too short for a secret.
    #[must_use]
    pub fn is_too_short(&self) -> bool {
        self.secret().len() < SECRET_MIN_BYTES
    }
}

impl Auth {
    /// The mode, as far as it may be had where the hub listens, and in `jwt` mode what it takes.
    pub(super) fn from_variables(
        variables: &Variables,
        environment: Environment,
        listen: Listen,
        notices: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        // Read before it is decided whether it is used: a slip in it is one all the same.
        let with = Jwt::from_variables(variables)?;
        let production = environment == Environment::Production;
        let sheltered = !production && listen.is_loopback();
        match variables.text(MODE)? {
            Some("jwt") => KeySource::from_variables(variables).map(with).map(Self::Jwt),
            Some("open") if production => Err(ConfigError::OpenInProduction),
            Some("open") => {
                if !sheltered {
                    notices
                        .push("AUTH_MODE=open: whoever reaches this hub can get anyone's tokens".to_owned());
                }
                no_keys(variables)
            }
            None if sheltered => no_keys(variables),
            None => Err(ConfigError::AuthModeNotSaid { production }),
            Some(other) if production => Err(ConfigError::unusable(MODE, other, "use jwt")),
            Some(other) => Err(ConfigError::unusable(MODE, other, "use jwt, or open in development")),
        }
    }
}

/// The mode without credentials. Whoever sets a key means to have them checked.
fn no_keys(variables: &Variables) -> Result<Auth, ConfigError> {
    for name in [SECRET, PREVIOUS, [PUBLIC_KEY, JWKS]].into_iter().flatten() {
        if variables.text(name)?.is_some() {
            return Err(ConfigError::KeyInOpenMode { name });
        }
    }
    Ok(Auth::Open)
}

impl Jwt {
    /// All but the keys.
    fn from_variables(variables: &Variables) -> Result<impl FnOnce(KeySource) -> Self, ConfigError> {
        let issuer = variables.text("AUTH_JWT_ISSUER")?.map(str::to_owned);
        let audience = variables.text("AUTH_JWT_AUDIENCE")?.map(str::to_owned);
        let max_ttl = read::life(variables, "AUTH_JWT_MAX_TTL_SECONDS", 86_400)?;
        Ok(move |keys| Self { keys, issuer, audience, max_ttl })
    }
}

impl KeySource {
    fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let current = secret(variables, SECRET)?;
        let previous = secret(variables, PREVIOUS)?;
        let (public_key, jwks) = (file(variables, PUBLIC_KEY)?, file(variables, JWKS)?);
        let set = [&current, &public_key, &jwks].map(|held| held.as_ref().map(|held| held.name));
        let mut set = set.into_iter().flatten();
        if let (Some(name), Some(other)) = (set.next(), set.next()) {
            return Err(ConfigError::Twice { name, other });
        }
        match (current, previous, public_key.map(Self::PublicKey).or(jwks.map(Self::Jwks))) {
            (Some(current), previous, _) => Ok(Self::Secret { current, previous }),
            (None, Some(previous), _) => Err(ConfigError::PreviousWithoutSecret { name: previous.name }),
            (None, None, Some(public)) => Ok(public),
            (None, None, None) => Err(ConfigError::NoKey),
        }
    }
}

/// A secret that a variable holds, or a file that the other names.
fn secret(variables: &Variables, [name, file_name]: [&'static str; 2]) -> Result<Option<Held>, ConfigError> {
    let given = variables.text(name)?;
    let given = given.map(|text| Held { name, text: Secret::new(text.to_owned()), file: None });
    let held = match (given, file(variables, file_name)?) {
        (Some(_), Some(_)) => return Err(ConfigError::Twice { name, other: file_name }),
        (given, held) => given.or(held),
    };
    if let Some(held) = &held {
        read::own(held.name, held.secret())?;
        if held.is_too_short() {
            return Err(ConfigError::ShortSecret { name: held.name, least: SECRET_MIN_BYTES });
        }
    }
    Ok(held)
}

/// What the file holds that a variable names.
fn file(variables: &Variables, name: &'static str) -> Result<Option<Held>, ConfigError> {
    let path = variables.text(name)?.map(PathBuf::from);
    Ok(variables.file(name)?.map(|text| Held { name, text: text.clone(), file: path }))
}

#[cfg(test)]
mod tests;
