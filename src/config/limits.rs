//! How much a client may send, how often, and how many there may be; and whose word is taken for where one comes from.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipnet::IpNet;

use super::error::ConfigError;
use super::read;
use super::variables::Variables;

/// What bounds a client, and clients together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `MAX_MESSAGE_BYTES`, by default 262144: one frame or body.
    pub max_message_bytes: usize,
    /// `MAX_BATCH`, by default 1000: participants in one call.
    pub max_batch: usize,
    /// `MAX_SESSIONS`, by default as many as the process may have files open, less some for itself.
    pub max_sessions: Option<usize>,
    /// `MAX_SESSIONS_PER_USER`, by default 8; a service's don't count.
    pub max_sessions_per_user: usize,
    /// `MESSAGE_RATE_PER_SECOND`, by default 20: of one session.
    pub message_rate: Rate,
    /// `REST_RATE_PER_SECOND`, by default 20: of one credential's user or, where there are none, of one address.
    pub rest_rate: Rate,
}

/// So many a second, and twice that at once; none: as many as like.
pub type Rate = Option<NonZeroU32>;

/// `TRUSTED_PROXIES`, by default none: whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Limits {
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let most = |name, default, most| read::whole(variables, name, default, 1..=most);
        let rate = |name| read::whole(variables, name, 20, 0..=1_000_000).map(NonZeroU32::new);
        Ok(Self {
            max_message_bytes: read::whole(variables, "MAX_MESSAGE_BYTES", 262_144, 1024..=67_108_864)?,
            max_batch: most("MAX_BATCH", 1000, 100_000)?,
            max_sessions: match variables.text("MAX_SESSIONS")? {
                None => None,
                Some(_) => Some(most("MAX_SESSIONS", 1, 10_000_000)?),
            },
            max_sessions_per_user: most("MAX_SESSIONS_PER_USER", 8, 1_000_000)?,
            message_rate: rate("MESSAGE_RATE_PER_SECOND")?,
            rest_rate: rate("REST_RATE_PER_SECOND")?,
        })
    }
}

impl Proxies {
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        const NAME: &str = "TRUSTED_PROXIES";
        let Some(list) = variables.text(NAME)? else {
            return Ok(Self::default());
        };
        let network =
            |text: &str| text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()));
        let networks: Result<_, _> = list.split(',').map(str::trim).map(network).collect();
        networks.map(Self).map_err(|_no_address| {
            ConfigError::unusable(
                NAME,
                list,
                "use addresses or networks with commas between them, such as 10.0.0.0/8,127.0.0.1,::1",
            )
        })
    }

    /// Whether one of them is at this address.
    #[must_use]
    pub fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(pairs: &[(&str, &str)]) -> Result<Limits, ConfigError> {
        Limits::from_variables(&Variables::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        let rates = |pairs| limits(pairs).map(|limits| (limits.message_rate, limits.rest_rate)).unwrap();
        assert_eq!(rates(&[]), (NonZeroU32::new(20), NonZeroU32::new(20)));
        assert_eq!(rates(&[("MESSAGE_RATE_PER_SECOND", "0"), ("REST_RATE_PER_SECOND", "0")]), (None, None));
        assert!(limits(&[("MESSAGE_RATE_PER_SECOND", "-1")]).is_err());
    }

    #[test]
    fn there_is_at_least_one_session_in_all_and_of_each_user() {
        for name in ["MAX_SESSIONS", "MAX_SESSIONS_PER_USER"] {
            assert!(limits(&[(name, "1")]).is_ok() && limits(&[(name, "0")]).is_err(), "{name}");
        }
        assert_eq!(limits(&[]).unwrap().max_sessions, None);
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let read = |text| Proxies::from_variables(&Variables::from_pairs([("TRUSTED_PROXIES", text)]));
        let proxies = read("10.0.0.0/8, 127.0.0.1,::1").unwrap();
        for (address, is_one) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("::1", true),
            ("11.0.0.1", false),
        ] {
            assert_eq!(proxies.include(address.parse().unwrap()), is_one, "{address}");
        }
        for text in ["nginx", "10.0.0.0/33", "10.0.0.1,", "*"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("TRUSTED_PROXIES={text:?}: use addresses")), "{error}");
        }
        assert!(!read("").unwrap().include("127.0.0.1".parse().unwrap()));
    }
}
