//! Which web pages may talk to the hub. Any page that a developer visits can reach loopback, and a page whose name was
//! re-pointed at loopback is of the same origin to its browser: so a foreign `Origin` is refused, by HTTP and at the
//! socket, and so is a foreign `Host` where the hub serves this machine alone. Clients that are no browsers send no
//! `Origin` and are not concerned.

use std::net::{IpAddr, SocketAddr};

use actix_cors::Cors;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, ORIGIN, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};

use super::envelope::REQUEST_ID;
use super::error::Refused;
use crate::config::{Config, Listen, Origins};
use crate::hub::refusal::{Code, Refusal};

/// Who may talk to the hub from a web page.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    origins: Origins,
    /// Whether only this machine's own names may stand in `Host`.
    own_hosts_only: bool,
    /// The address that it was told to listen on, which is a name of its own.
    address: Option<IpAddr>,
}

impl Policy {
    /// The policy that follows from where the hub listens and whom it was told to serve.
    pub(super) fn new(config: &Config) -> Self {
        let address = match config.listen {
            Listen::Address { ip, .. } => Some(ip),
            Listen::Loopback { .. } | Listen::Everywhere { .. } => None,
        };
        Self {
            origins: config.origins.clone(),
            address,
            own_hosts_only: config.listen.is_loopback() && config.origins == Origins::Loopback,
        }
    }

    /// Whether a page of this origin may talk to the hub as `host`.
    fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        if self.own_hosts_only && !host.is_some_and(|host| self.is_own(host)) {
            return false;
        }
        match (origin, host) {
            (None, _) => true,
            (Some(origin), _) if self.origins.allows(origin) => true,
            // A page that the hub's own address served.
            (Some(origin), Some(host)) => {
                origin.strip_prefix("http://").or(origin.strip_prefix("https://")) == Some(host)
            }
            (Some(_), None) => false,
        }
    }

    /// Whether a `Host` is a name of this machine that nobody can re-point.
    fn is_own(&self, host: &str) -> bool {
        let address = || match host.parse::<SocketAddr>() {
            Ok(with_port) => Some(with_port.ip()),
            Err(_) => host.trim_matches(['[', ']']).parse().ok(),
        };
        Origins::Loopback.allows(&format!("http://{host}"))
            || (self.address.is_some() && self.address == address())
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        self.allows(text(ORIGIN), text(HOST))
    }
}

/// The CORS headers; a page that isn't allowed has been refused before.
pub(super) fn cors(policy: Policy) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST"])
        .allow_any_header()
        .expose_headers([REQUEST_ID, RETRY_AFTER.as_str()])
        .max_age(600);
    match policy.origins {
        Origins::Any => cors.allow_any_origin().send_wildcard(),
        Origins::Loopback | Origins::Listed(_) => {
            cors.allowed_origin_fn(move |_, head| policy.admits(head.headers()))
        }
    }
}

/// The middleware that refuses.
pub(super) async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = match request.app_data::<web::Data<Policy>>() {
        Some(policy) => policy.admits(request.headers()),
        None => false,
    };
    if admitted {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let refusal = Refusal::new(
        Code::OriginRefused,
        "This Origin or Host is not served; allow it with CORS_ORIGIN",
    );
    Ok(request.into_response(Refused::from(refusal).error_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> Policy {
        Policy {
            origins: Origins::Loopback,
            own_hosts_only: true,
            address: None,
        }
    }

    #[test]
    fn a_page_of_another_origin_is_refused_and_no_page_is_not() {
        let allows = |origin| loopback().allows(origin, Some("localhost:3000"));
        assert!(allows(None) && allows(Some("http://localhost:5173")) && allows(Some("http://127.0.0.1")));
        for origin in [
            "https://evil.example",
            "null",
            "http://localhost.evil.example",
            "?",
        ] {
            assert!(!allows(Some(origin)), "{origin}");
        }
    }

    #[test]
    fn a_name_re_pointed_at_loopback_is_refused() {
        let rebound = Some("evil.example:3000");
        assert!(!loopback().allows(Some("http://evil.example:3000"), rebound));
        assert!(!loopback().allows(None, rebound) && !loopback().allows(None, None));
        assert!(loopback().allows(None, Some("[::1]:3000")));
    }

    #[test]
    fn the_address_that_it_was_told_to_listen_on_is_its_own() {
        let policy = Policy {
            address: "127.0.0.2".parse().ok(),
            ..loopback()
        };
        for host in ["127.0.0.2", "127.0.0.2:3000", "localhost:3000"] {
            assert!(policy.allows(None, Some(host)), "{host}");
        }
        assert!(policy.allows(Some("http://127.0.0.2:3000"), Some("127.0.0.2:3000")));
        for host in ["127.0.0.3", "127.0.0.2.evil.example", "evil.example"] {
            assert!(!policy.allows(None, Some(host)), "{host}");
        }
        assert!(!loopback().allows(None, Some("127.0.0.2")));
    }

    #[test]
    fn a_hub_on_a_network_serves_its_own_page_under_any_name() {
        let policy = Policy {
            own_hosts_only: false,
            ..loopback()
        };
        assert!(policy.allows(Some("http://hub.lan:3000"), Some("hub.lan:3000")));
        assert!(!policy.allows(Some("http://other.lan:3000"), Some("hub.lan:3000")));
        assert!(policy.allows(None, Some("hub.lan:3000")));
    }
}
