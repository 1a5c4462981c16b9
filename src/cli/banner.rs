//! What the commands say of themselves once they run, on standard output: a quiet log must not hide it.
//!
//! Whoever reads the first line alone (`| head -1`) closes the pipe; what serves goes on serving.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use log::warn;
use tokio::sync::watch;

use super::{VERSION, access};
use crate::config::{Auth, Config, Environment, KeySource, Listen, Zoom};
use crate::simulator::Simulator;
use crate::zoom::Health;

/// Says where to go, who may, and where the tokens come from.
pub(super) fn announce(config: &Config, addresses: &[SocketAddr], simulator: Option<&Simulator>) {
    let faults = simulator.map(Simulator::address);
    print(&running(config, addresses, faults));
}

/// Says, once that is known, whether the first login went well; serving doesn't wait for it.
pub(super) async fn tell_of_login(mut health: watch::Receiver<Health>, simulated: bool) {
    // Where the broker ended before, the log says why.
    if let Ok(known) = health.wait_for(|health| *health != Health::Starting).await {
        let line = login(&known, simulated);
        drop(known);
        print(&line);
    }
}

/// Says how a hub is pointed at the simulator.
pub(super) fn introduce(simulator: &Simulator) {
    let settings = simulator.settings();
    let lines = [
        "A simulated Zoom is running on this machine. Point a hub at it with".to_owned(),
        format!("  ZOOM_OAUTH_URL={}", simulator.oauth_url()),
        format!("  ZOOM_API_URL={}", simulator.api_url()),
        format!("  ZOOM_CLIENT_ID={}", settings.client_id),
        format!("  ZOOM_CLIENT_SECRET={}", settings.client_secret.reveal()),
        format!("  ZOOM_ACCOUNT_ID={}", settings.account_id),
        format!("Its faults are switched at http://{}/simulator", simulator.address()),
    ];
    print(&(lines.join("\n") + "\n"));
}

fn print(text: &str) {
    if let Err(error) = io::stdout().lock().write_all(text.as_bytes()) {
        warn!("where to go could not be printed: {error}");
    }
}

fn running(config: &Config, addresses: &[SocketAddr], faults: Option<SocketAddr>) -> String {
    let port = addresses.first().map_or(0, SocketAddr::port);
    let host = host(config.listen);
    let listening: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let mut page = format!("Zoom Token Hub {VERSION} is running\n");
    let mut say = |label: &str, text: &str| {
        // Writing to a text can't fail.
        writeln!(page, "  {label:<11} {text}").ok();
    };
    say("HTTP API:", &format!("http://{host}:{port}"));
    say("WebSocket:", &format!("ws://{host}:{port}/ws"));
    if let Some(url) = &config.public_url {
        say("Public:", &format!("{url} is what clients are told (PUBLIC_URL)"));
    }
    say("Listening:", &listening.join(", "));
    if config.listen.is_loopback() {
        say("Reached:", "from this machine only; set HOST=0.0.0.0 to be reached from elsewhere");
    }
    match &config.auth {
        Auth::Open => {
            say("Access:", "open: whoever reaches this hub can get anyone's tokens (AUTH_MODE=open)");
        }
        Auth::Jwt(jwt) => {
            say("Access:", &format!("{}; each caller shows a credential", access::checked(&jwt.keys)));
            if config.environment == Environment::Development && matches!(jwt.keys, KeySource::Secret { .. })
            {
                say("Credential:", "zoom-token-hub token --user host@example.com --role host prints one");
            }
        }
    }
    say("Pace:", &pace(&config.zoom));
    let Some(faults) = faults else {
        say("Tokens:", "from Zoom");
        return page;
    };
    say("Tokens:", "SIMULATED; no Zoom account is used, no meeting can be joined");
    say("Faults:", &format!("switched at http://{faults}/simulator"));
    page
}

fn login(health: &Health, simulated: bool) -> String {
    match health {
        Health::Disconnected(error) => format!(
            "  Login:      {error}\n              \
             The hub tries again by itself; `zoom-token-hub check` says what to do.\n"
        ),
        Health::Connected | Health::Starting if simulated => {
            "  Login:      Successfully authenticated with the simulated Zoom\n".to_owned()
        }
        Health::Connected | Health::Starting => {
            "  Login:      Successfully authenticated with Zoom\n".to_owned()
        }
    }
}

/// How fast Zoom is called, and what that means.
fn pace(zoom: &Zoom) -> String {
    let (rate, at_once) = (zoom.rate_per_second, zoom.max_concurrency);
    if rate == 0 {
        return format!("as fast as Zoom answers, up to {at_once} calls at once (ZOOM_RATE_PER_SECOND=0)");
    }
    let seconds = 300_u32.div_ceil(rate);
    format!("{rate} calls a second to Zoom (ZOOM_RATE_PER_SECOND): 300 participants take about {seconds} s")
}

/// A host under which this machine reaches what listens so.
fn host(listen: Listen) -> String {
    match listen {
        Listen::Address { ip: IpAddr::V4(ip), .. } if !ip.is_unspecified() => ip.to_string(),
        Listen::Address { ip: IpAddr::V6(ip), .. } if !ip.is_unspecified() => format!("[{ip}]"),
        Listen::Address { .. } | Listen::Loopback { .. } | Listen::Everywhere { .. } => {
            "localhost".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Variables;

    fn page(variables: &[(&str, &str)], faults: Option<SocketAddr>) -> String {
        let config = Config::from_variables(&Variables::from_pairs(variables.iter().copied())).unwrap();
        running(&config, &["127.0.0.1:3000".parse().unwrap(), "[::1]:3000".parse().unwrap()], faults)
    }

    #[test]
    fn a_hub_on_loopback_says_how_it_is_reached_from_elsewhere() {
        let page = page(&[], Some("127.0.0.1:4000".parse().unwrap()));
        for line in [
            "  HTTP API:   http://localhost:3000\n",
            "  WebSocket:  ws://localhost:3000/ws\n",
            "  Listening:  127.0.0.1:3000, [::1]:3000\n",
            "  Reached:    from this machine only; set HOST=0.0.0.0 ",
            "  Access:     open: whoever reaches this hub",
            "  Pace:       30 calls a second to Zoom (ZOOM_RATE_PER_SECOND): 300 participants take about 10 s",
            "  Tokens:     SIMULATED",
            "  Faults:     switched at http://127.0.0.1:4000/simulator\n",
        ] {
            assert!(page.contains(line), "no {line:?} in {page}");
        }
    }

    #[test]
    fn a_hub_that_others_reach_does_not_claim_to_be_alone() {
        let exposed = [("AUTH_MODE", "open"), ("SIMULATOR", "true"), ("PUBLIC_URL", "wss://hub.example.com")];
        let at = |host| page(&[&exposed[..], &[("HOST", host)]].concat(), None);
        let everywhere = at("0.0.0.0");
        assert!(!everywhere.contains("this machine only"), "{everywhere}");
        assert!(everywhere.contains("http://localhost:3000\n"), "{everywhere}");
        assert!(everywhere.contains("Public:     wss://hub.example.com/ is what"), "{everywhere}");
        assert!(everywhere.contains("Tokens:     from Zoom\n"), "{everywhere}");
        assert!(at("10.0.0.1").contains("http://10.0.0.1:3000\n"));
        assert!(at("fd00::1").contains("ws://[fd00::1]:3000/ws\n"));
    }

    #[test]
    fn a_hub_that_wants_credentials_says_how_they_are_checked_and_in_development_how_to_get_one() {
        let jwt = [
            ("AUTH_MODE", "jwt"),
            ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-32"),
            ("ZOOM_CLIENT_ID", "id"),
            ("ZOOM_CLIENT_SECRET", "hush"),
            ("ZOOM_ACCOUNT_ID", "account"),
        ];
        let access =
            "  Access:     jwt, HS256, HS384 or HS512 by AUTH_JWT_SECRET; each caller shows a credential\n";
        let credential =
            "  Credential: zoom-token-hub token --user host@example.com --role host prints one\n";
        let development = page(&jwt, None);
        assert!(development.contains(&format!("{access}{credential}")), "{development}");
        let production = page(&[&jwt[..], &[("APP_ENV", "production")]].concat(), None);
        assert!(production.contains(access) && !production.contains("Credential:"), "{production}");
        assert!(!(development + &production).contains("hush"));
    }

    #[test]
    fn who_holds_no_secret_is_not_told_to_sign() {
        let jwt = [("AUTH_MODE", "jwt"), ("AUTH_JWKS_FILE", "/jwks.json")];
        let variables = Variables::from_pairs(jwt).with_file("/jwks.json", "{}");
        let page = running(&Config::from_variables(&variables).unwrap(), &[], None);
        assert!(page.contains("  Access:     jwt, by the public keys of AUTH_JWKS_FILE; each "), "{page}");
        assert!(!page.contains("Credential:"), "{page}");
    }

    #[test]
    fn the_first_logins_outcome_is_told_in_the_seeds_words() {
        let fine = login(&Health::Connected, false);
        assert!(fine.ends_with("Successfully authenticated with Zoom\n"), "{fine}");
        assert!(login(&Health::Connected, true).contains("the simulated Zoom"));
        let failed = login(&Health::Disconnected("OAuth authentication failed: no".into()), false);
        assert!(failed.contains("Login:      OAuth authentication failed: no\n"), "{failed}");
    }
}
