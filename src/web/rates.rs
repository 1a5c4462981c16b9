//! How fast REST may be called: by one credential's user or, where callers show none, from one place.

use std::net::IpAddr;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Rate;
use crate::hub::refusal::Refusal;
use crate::identity::{Caller, Role, place};
use crate::names::UserId;
use crate::web::remote::Remote;

/// So many callers are told apart at most; those who have been quiet for long enough are forgotten.
const CALLERS: usize = 100_000;

/// The measure of each caller; none: they may call as they like.
#[derive(Debug)]
pub(super) struct Rates(Option<DefaultKeyedRateLimiter<Key>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    User(UserId),
    Place(IpAddr),
}

impl Rates {
    /// Nobody has called yet.
    pub(super) fn new(rate: Rate) -> Self {
        let quota = |rate| Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get()));
        Self(rate.map(|rate| RateLimiter::keyed(quota(rate))))
    }

    /// Takes a call in, unless its caller calls too fast. A service has no limit.
    ///
    /// # Errors
    /// `rate_limited`, with how long to wait.
    pub(super) fn take(&self, caller: &Caller, remote: Remote) -> Result<(), Refusal> {
        let Some(calls) = &self.0 else { return Ok(()) };
        let key = match caller {
            Caller::Known(identity) if identity.role == Role::Service => return Ok(()),
            Caller::Known(identity) => Key::User(identity.user.clone()),
            Caller::Anyone | Caller::Unknown => Key::Place(place(remote.address)),
        };
        if calls.len() >= CALLERS {
            calls.retain_recent();
        }
        let now = DefaultClock::default().now();
        calls.check_key(&key).map_err(|until| Refusal::too_fast(until.wait_time_from(now)))
    }
}
