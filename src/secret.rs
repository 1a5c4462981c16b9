//! A string that must not be seen: tokens, the client secret, the access token.
//!
//! `Debug` hides it, there is no `Display` and no `Serialize`, so a log line, an error text or a careless derive
//! cannot show it; the memory is wiped when the last clone goes. Who must write it on a wire says so where it
//! happens, with [`Secret::reveal`] or `#[serde(serialize_with = "secret::revealed")]`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

/// A shared secret text. Clones share one copy of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes a text into keeping.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The text itself: for the wire to its owner or to Zoom, for nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether both are the very same copy, which tells a renewed token from the one that it replaced.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Writes a secret on the wire to whom it belongs; for `#[serde(serialize_with = "…")]`.
///
/// # Errors
/// Only the serializer's own.
pub fn revealed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = Secret::new("eyJhbGciOi".into());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[secret] Some([secret])");
    }

    #[test]
    fn a_clone_is_the_same_copy_and_an_equal_text_is_not() {
        let secret = Secret::new("one".into());
        assert!(secret.is(&secret.clone()));
        assert!(!secret.is(&Secret::new("one".into())));
        assert_eq!(secret, Secret::new("one".into()));
    }
}
