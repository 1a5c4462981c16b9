//! How callers are known, in words, for whoever starts the hub or checks it; never a key.

use crate::config::KeySource;

/// What credentials are checked with.
pub(super) fn checked(keys: &KeySource) -> String {
    match keys {
        KeySource::Secret { current, previous: None } => {
            format!("jwt, HS256, HS384 or HS512 by {}", current.name)
        }
        KeySource::Secret { current, previous: Some(previous) } => {
            format!("jwt, HS256, HS384 or HS512 by {}, or still by {}", current.name, previous.name)
        }
        KeySource::PublicKey(key) => format!("jwt, by the public key of {}", key.name),
        KeySource::Jwks(keys) => format!("jwt, by the public keys of {}", keys.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, Config, Variables};

    fn said(pairs: &[(&str, &str)]) -> String {
        let key = "hush-hush-hush-hush-hush-hush-32";
        let pairs = pairs.iter().copied().chain([("AUTH_MODE", "jwt")]);
        let config = Config::from_variables(&Variables::from_pairs(pairs).with_file("/f", key)).unwrap();
        match config.auth {
            Auth::Jwt(jwt) => checked(&jwt.keys),
            Auth::Open => panic!("it's open"),
        }
    }

    #[test]
    fn every_source_of_keys_is_named_by_its_variable() {
        let by_file = [("AUTH_JWT_SECRET_FILE", "/f")];
        assert_eq!(said(&by_file), "jwt, HS256, HS384 or HS512 by AUTH_JWT_SECRET_FILE");
        let rotating = [by_file[0], ("AUTH_JWT_SECRET_PREVIOUS", "hush-as-before-hush-as-before-32")];
        let and_still = "or still by AUTH_JWT_SECRET_PREVIOUS";
        assert_eq!(
            said(&rotating),
            format!("jwt, HS256, HS384 or HS512 by AUTH_JWT_SECRET_FILE, {and_still}")
        );
        let public_key = said(&[("AUTH_JWT_PUBLIC_KEY_FILE", "/f")]);
        assert_eq!(public_key, "jwt, by the public key of AUTH_JWT_PUBLIC_KEY_FILE");
        assert_eq!(said(&[("AUTH_JWKS_FILE", "/f")]), "jwt, by the public keys of AUTH_JWKS_FILE");
    }
}
