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
use crate::config::{Auth, Config, Listen, Origins};
use crate::hub::refusal::{Code, Refusal};

/// Who may talk to the hub from a web page.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    origins: Origins,
    /// Whether only this machine reaches the hub, and anybody on it is trusted. A page of a foreign name is then one
    /// that was re-pointed.
    sheltered: bool,
    /// The address in `HOST`, which is a name of its own.
    address: Option<IpAddr>,
    /// The name in `PUBLIC_URL`, with its port where it has one.
    public: Option<String>,
}

impl Policy {
    /// The policy that follows from where the hub listens and whom it was told to serve.
    pub(super) fn new(config: &Config) -> Self {
        let address = match config.listen {
            Listen::Address { ip, .. } => Some(ip),
            Listen::Loopback { .. } | Listen::Everywhere { .. } => None,
        };
        let public = config.public_url.as_ref().and_then(|url| {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            Some(format!("{}{port}", url.host_str()?))
        });
        // Where callers show credentials, a page that was re-pointed here has none to show.
        let sheltered = config.listen.is_loopback() && config.auth == Auth::Open;
        Self { origins: config.origins.clone(), sheltered, address, public }
    }

    /// Whether a page of this origin may talk to the hub as `host`.
    fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let fits = !self.sheltered || host.is_some_and(|host| self.is_own(host));
        let Some(origin) = origin else {
            return fits || self.origins != Origins::Loopback;
        };
        let listed = self.origins.allows(origin) && (fits || self.origins != Origins::Loopback);
        let name = origin.strip_prefix("http://").or(origin.strip_prefix("https://"));
        // Or a page that the hub itself served.
        listed || (fits && name.is_some() && name == host)
    }

    /// Whether a `Host` is a name of the hub's that nobody else can point at it.
    fn is_own(&self, host: &str) -> bool {
        let address = || match host.parse::<SocketAddr>() {
            Ok(with_port) => Some(with_port.ip()),
            Err(_) => host.trim_matches(['[', ']']).parse().ok(),
        };
        Origins::Loopback.allows(&format!("http://{host}"))
            || self.public.as_deref() == Some(host)
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
    // For the cookie by which a load balancer keeps a client that polls at one node. None is the hub's.
    let with_cookies = matches!(&policy.origins, Origins::Listed(pages) if !pages.is_empty());
    let cors = if with_cookies { cors.supports_credentials() } else { cors };
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
    let refusal =
        Refusal::new(Code::OriginRefused, "This Origin or Host is not served; allow it with CORS_ORIGIN");
    Ok(request.into_response(Refused::from(refusal).error_response()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Variables;

    fn loopback() -> Policy {
        Policy { origins: Origins::Loopback, sheltered: true, address: None, public: None }
    }

    #[test]
    fn a_page_of_another_origin_is_refused_and_no_page_is_not() {
        let allows = |origin| loopback().allows(origin, Some("localhost:3000"));
        assert!(allows(None) && allows(Some("http://localhost:5173")) && allows(Some("http://127.0.0.1")));
        for origin in ["https://evil.example", "null", "http://localhost.evil.example", "?"] {
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
        let policy = Policy { address: "127.0.0.2".parse().ok(), ..loopback() };
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
    fn a_list_of_pages_does_not_let_in_a_name_that_was_re_pointed() {
        let policy = Policy { origins: Origins::listed("https://app.example").unwrap(), ..loopback() };
        assert!(!policy.allows(Some("http://evil.example:3000"), Some("evil.example:3000")));
        assert!(policy.allows(Some("https://app.example"), Some("hub.example")));
        assert!(policy.allows(Some("http://localhost:3000"), Some("localhost:3000")));
        assert!(policy.allows(None, Some("hub.example")));
    }

    #[test]
    fn the_name_that_clients_are_told_is_its_own() {
        let variables = Variables::from_pairs([("PUBLIC_URL", "wss://hub.example")]);
        let policy = Policy::new(&Config::from_variables(&variables).unwrap());
        assert!(policy.allows(None, Some("hub.example")));
        assert!(policy.allows(Some("https://hub.example"), Some("hub.example")));
        assert!(!policy.allows(None, Some("hub.example:81")) && !policy.allows(None, Some("other.example")));
    }

    #[test]
    fn a_hub_on_a_network_serves_its_own_page_under_any_name() {
        let policy = Policy { sheltered: false, ..loopback() };
        assert!(policy.allows(Some("http://hub.lan:3000"), Some("hub.lan:3000")));
        assert!(!policy.allows(Some("http://other.lan:3000"), Some("hub.lan:3000")));
        assert!(policy.allows(None, Some("hub.lan:3000")));
    }
}
