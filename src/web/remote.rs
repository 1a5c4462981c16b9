//! Where a request comes from. A proxy's word for it counts where `TRUSTED_PROXIES` says so, and only for as far as the
//! chain of trusted ones reaches: what a client writes into `X-Forwarded-For` itself is nobody's word.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName, X_FORWARDED_FOR, X_FORWARDED_PROTO};
use actix_web::web::Data;

use crate::config::Proxies;

/// The client's end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// Its address, as far as it can be known.
    pub(super) address: IpAddr,
    /// Whether it came over TLS, which ends at a proxy.
    pub(super) over_tls: bool,
}

impl Remote {
    /// The one that a request comes from.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        match request.app_data::<Data<Proxies>>() {
            Some(proxies) => Self::behind(proxies, peer, request.headers()),
            None => Self { address: peer.to_canonical(), over_tls: false },
        }
    }

    fn behind(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> Self {
        let mut address = peer.to_canonical();
        if !proxies.include(address) {
            return Self { address, over_tls: false };
        }
        // Each proxy appends who came to it.
        for said in said(headers, &X_FORWARDED_FOR).iter().rev() {
            let Some(before) = parsed(said) else { break };
            address = before;
            if !proxies.include(address) {
                break;
            }
        }
        Self { address, over_tls: said(headers, &X_FORWARDED_PROTO).last() == Some(&"https") }
    }
}

fn said<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).collect()
}

/// An address, with a port or without.
fn parsed(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let address = text.trim_matches(['[', ']']).parse().or_else(|_| with_port());
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;
    use crate::config::{Config, Variables};

    fn remote(peer: &str, chain: &[&'static str], proto: Option<&'static str>) -> (String, bool) {
        let variables = Variables::from_pairs([("TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")]);
        let proxies = Config::from_variables(&variables).unwrap().proxies;
        let mut headers = HeaderMap::new();
        for value in chain {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
        }
        if let Some(proto) = proto {
            headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
        }
        let Remote { address, over_tls } = Remote::behind(&proxies, peer.parse().unwrap(), &headers);
        (address.to_string(), over_tls)
    }

    #[test]
    fn a_strangers_word_counts_for_nothing() {
        let told = remote("192.0.2.1", &["198.51.100.1"], Some("https"));
        assert_eq!(told, ("192.0.2.1".to_owned(), false));
    }

    #[test]
    fn the_word_of_trusted_proxies_counts_as_far_as_their_chain_reaches() {
        for (chain, address) in [
            (&[][..], "127.0.0.1"),
            (&["198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
            (&["1.1.1.1", "198.51.100.1", "10.0.0.7"], "198.51.100.1"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["unknown, 10.0.0.7"], "10.0.0.7"),
            (&["1.1.1.1, junk"], "127.0.0.1"),
        ] {
            assert_eq!(remote("127.0.0.1", chain, None).0, address, "{chain:?}");
        }
    }

    #[test]
    fn the_last_proxy_says_whether_it_came_over_tls() {
        for (proto, over_tls) in
            [(None, false), (Some("http"), false), (Some("https"), true), (Some("https, http"), false)]
        {
            assert_eq!(remote("127.0.0.1", &[], proto).1, over_tls, "{proto:?}");
        }
    }
}
