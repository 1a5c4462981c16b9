//! How bad credentials from one place are slowed: the answer to the next is late, for that one alone.
//!
//! Nobody is locked out: behind one proxy there may be many, and good credentials are never late.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// How many come from one place before the next is late; each second forgives one.
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// How late.
const LATE: Duration = Duration::from_secs(1);
/// So many places are told apart at most.
const PLACES: usize = 100_000;

/// The places that bad credentials came from. Clones know the same ones.
#[derive(Clone, Debug)]
pub struct Failures(Arc<DefaultKeyedRateLimiter<IpAddr>>);

impl Default for Failures {
    fn default() -> Self {
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(AT_ONCE);
        Self(Arc::new(RateLimiter::keyed(quota)))
    }
}

impl Failures {
    /// One more came from there; how late its answer is to be.
    #[must_use]
    pub fn note(&self, address: IpAddr) -> Duration {
        if self.0.len() >= PLACES {
            self.0.retain_recent();
        }
        match self.0.check_key(&place(address)) {
            Ok(()) => Duration::ZERO,
            Err(_) => LATE,
        }
    }
}

/// An address, or the network that one subscriber of IPv6 has.
#[must_use]
pub fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_answered_at_once_and_the_next_late_and_elsewhere_nobody_notices() {
        let failures = Failures::default();
        let from = |text: &str| failures.note(text.parse().unwrap());
        for _ in 0..10 {
            assert_eq!(from("192.0.2.1"), Duration::ZERO);
        }
        assert_eq!(from("192.0.2.1"), LATE);
        assert_eq!(from("::ffff:192.0.2.1"), LATE, "the same one");
        assert_eq!(from("192.0.2.2"), Duration::ZERO);
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_place() {
        let place = |text: &str| super::place(text.parse().unwrap()).to_string();
        assert_eq!(place("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(place("192.0.2.1"), "192.0.2.1");
    }
}
