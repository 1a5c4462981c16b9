//! Makes a caller of a credential, or of none.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use log::info;
use tokio::sync::watch;

use super::keys::{self, KeyError, KeySet, KeyWatch};
use super::{Caller, Failures, Identity, Revocations, Unproven};
use crate::config::Auth;
use crate::secret::Secret;

/// Whom to believe. Clones believe the same.
#[derive(Clone, Debug)]
pub struct Authority(Option<Verifier>);

#[derive(Clone, Debug)]
struct Verifier {
    keys: watch::Receiver<Arc<KeySet>>,
    max_ttl: Duration,
    revocations: Revocations,
    failures: Failures,
}

impl Authority {
    /// As it was configured; in `jwt` mode with the watch over the keys' files, which must run.
    ///
    /// # Errors
    /// A key that is none.
    pub fn new(auth: &Auth) -> Result<(Self, Option<KeyWatch>), KeyError> {
        let jwt = match auth {
            Auth::Open => return Ok((Self(None), None)),
            Auth::Jwt(jwt) => jwt,
        };
        let (keys, watch) = keys::keys(jwt)?;
        let revocations = Revocations::new(jwt.max_ttl);
        let failures = Failures::default();
        Ok((Self(Some(Verifier { keys, max_ttl: jwt.max_ttl, revocations, failures })), Some(watch)))
    }

    /// Whether a caller has to show a credential.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.0.is_some()
    }

    /// Who has shown nothing.
    #[must_use]
    pub fn stranger(&self) -> Caller {
        if self.asks() { Caller::Unknown } else { Caller::Anyone }
    }

    /// Who shows this, in a request or session of this name. In `open` mode nobody looks at it.
    ///
    /// # Errors
    /// It proves nothing. Which way is for the log alone: it would help whoever forges one.
    pub fn identify(&self, credential: &Secret, shown_in: impl Display) -> Result<Caller, Unproven> {
        let Some(verifier) = &self.0 else {
            return Ok(Caller::Anyone);
        };
        let identity = verifier.verify(credential);
        let identity = identity.inspect_err(|why| info!("a credential is refused in {shown_in}: {why}"))?;
        Ok(Caller::Known(Arc::new(identity)))
    }

    /// How late the answer to a bad credential from there is to be.
    #[must_use]
    pub fn penalty(&self, address: IpAddr) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |verifier| verifier.failures.note(address))
    }

    /// What was revoked; in `open` mode there is nothing to revoke.
    #[must_use]
    pub fn revocations(&self) -> Option<&Revocations> {
        self.0.as_ref().map(|verifier| &verifier.revocations)
    }
}

impl Verifier {
    fn verify(&self, credential: &Secret) -> Result<Identity, Unproven> {
        let keys = Arc::clone(&self.keys.borrow());
        let identity = keys.verify(credential)?.identity(Timestamp::now(), self.max_ttl)?;
        if self.revocations.concern(&identity) { Err(Unproven::Revoked) } else { Ok(identity) }
    }
}
