//! Where tokens come from: Zoom, a stand-in for it, or the built-in simulator, and who may choose the last.
//!
//! Deliberately absent: calls. Whether Zoom takes the credentials is found out by whoever calls it.

use std::time::Duration;

use url::{Host, Url};

use super::credentials::Credentials;
use super::error::{ConfigError, NoSimulator};
use super::read;
use super::variables::Variables;
use super::{Environment, Listen};

const SIMULATED: &str = "the built-in simulator answers, and its tokens open no meeting";

/// The variables that only mean something where Zoom is called.
const FOR_ZOOM: &[&str] = &[
    "ZOOM_CLIENT_ID",
    "ZOOM_CLIENT_SECRET",
    "ZOOM_CLIENT_SECRET_FILE",
    "ZOOM_ACCOUNT_ID",
    "ZOOM_OAUTH_URL",
    "ZOOM_API_URL",
    "ZOOM_CA_FILE",
];

/// What is asked of Zoom, and how hard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zoom {
    /// The `ZOOM_…` credentials or `SIMULATOR`, by default the simulator in development on loopback.
    pub source: Source,
    /// `ZOOM_RATE_PER_SECOND`, by default 30: calls a second that the account allows, for this process; 0: none is known.
    pub rate_per_second: u32,
    /// `ZOOM_MAX_CONCURRENCY`, by default 64: calls under way at once.
    pub max_concurrency: usize,
    /// `ZOOM_TIMEOUT_SECONDS`, by default 10: one call.
    pub timeout: Duration,
    /// `MAX_QUEUED`, by default 100000: calls that may wait.
    pub max_queued: usize,
    /// `ZAK_TTL_SECONDS`, by default 7200: the life asked for a host's token; whole seconds.
    pub zak_ttl: Duration,
    /// `OBF_TTL_SECONDS`, by default 1800: the life asked for a participant's token; whole seconds.
    pub obf_ttl: Duration,
    /// `MIN_TOKEN_LIFE_SECONDS`, by default 60: nothing is handed out with less life; whole seconds.
    pub min_life: Duration,
}

/// Where tokens come from.
#[allow(clippy::large_enum_variant, reason = "there is one of it in a process")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The simulator inside this process; its tokens open no meeting.
    Simulator,
    /// Zoom, or what stands in for it.
    Zoom(Upstream),
}

/// A Zoom to call, and how to log in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The three of the Server-to-Server OAuth app.
    pub credentials: Credentials,
    /// `ZOOM_OAUTH_URL`, by default `https://zoom.us/oauth/token`.
    pub oauth_url: Url,
    /// `ZOOM_API_URL`, by default `https://api.zoom.us/v2`.
    pub api_url: Url,
    /// What `ZOOM_CA_FILE` holds, by default nothing: further roots to trust, in PEM.
    pub extra_roots: Option<Vec<u8>>,
}

impl Zoom {
    pub(super) fn from_variables(
        variables: &Variables,
        environment: Environment,
        listen: Listen,
        notices: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        let min_life = read::life(variables, "MIN_TOKEN_LIFE_SECONDS", 60)?;
        Ok(Self {
            source: source(variables, environment, listen, notices)?,
            rate_per_second: read::whole(variables, "ZOOM_RATE_PER_SECOND", 30, 0..=100_000)?,
            max_concurrency: read::whole(variables, "ZOOM_MAX_CONCURRENCY", 64, 1..=10_000)?,
            timeout: read::seconds(variables, "ZOOM_TIMEOUT_SECONDS", 10)?,
            max_queued: read::whole(variables, "MAX_QUEUED", 100_000, 1..=10_000_000)?,
            zak_ttl: longer("ZAK_TTL_SECONDS", read::life(variables, "ZAK_TTL_SECONDS", 7200)?, min_life)?,
            obf_ttl: longer("OBF_TTL_SECONDS", read::life(variables, "OBF_TTL_SECONDS", 1800)?, min_life)?,
            min_life,
        })
    }
}

/// A life that leaves a token something to be handed out with.
fn longer(name: &'static str, life: Duration, least: Duration) -> Result<Duration, ConfigError> {
    if life > least {
        return Ok(life);
    }
    let remedy = format!("use more than MIN_TOKEN_LIFE_SECONDS, which is {}", least.as_secs());
    Err(ConfigError::unusable(name, &life.as_secs().to_string(), remedy))
}

fn source(
    variables: &Variables,
    environment: Environment,
    listen: Listen,
    notices: &mut Vec<String>,
) -> Result<Source, ConfigError> {
    // What is said of Zoom is read before it is decided whether it is used: a slip in it is one all the same.
    let upstream = upstream(variables)?;
    match (upstream, read::flag(variables, "SIMULATOR")?, environment) {
        (_, Some(true), Environment::Production) => Err(ConfigError::SimulatorInProduction),
        (_, Some(true), Environment::Development) => {
            notices.push(format!("SIMULATOR=true: {SIMULATED}"));
            notices.extend(unused(variables)?);
            Ok(Source::Simulator)
        }
        (Some(upstream), Some(false) | None, _) => {
            notices.extend(in_clear("ZOOM_OAUTH_URL", &upstream.oauth_url));
            notices.extend(in_clear("ZOOM_API_URL", &upstream.api_url));
            Ok(Source::Zoom(upstream))
        }
        (None, asked, _) => without_credentials(variables, asked.is_some(), environment, listen, notices),
    }
}

/// The simulator, if this is the place where it comes unasked.
fn without_credentials(
    variables: &Variables,
    ruled_out: bool,
    environment: Environment,
    listen: Listen,
    notices: &mut Vec<String>,
) -> Result<Source, ConfigError> {
    for name in ["ZOOM_OAUTH_URL", "ZOOM_API_URL"] {
        if variables.text(name)?.is_some() {
            return Err(ConfigError::StandInWithoutCredentials { name });
        }
    }
    let why = match (environment, ruled_out) {
        (Environment::Production, _) => NoSimulator::Production,
        (Environment::Development, true) => NoSimulator::RuledOut,
        (Environment::Development, false) if !listen.is_loopback() => NoSimulator::NotAsked,
        (Environment::Development, false) => {
            notices.push(format!("no Zoom credentials are set: {SIMULATED}"));
            notices.extend(unused(variables)?);
            return Ok(Source::Simulator);
        }
    };
    Err(ConfigError::CredentialsMissing { why })
}

/// What is set for Zoom and means nothing to the simulator.
fn unused(variables: &Variables) -> Result<Option<String>, ConfigError> {
    let mut names = Vec::new();
    for name in FOR_ZOOM {
        if variables.text(name)?.is_some() {
            names.push(*name);
        }
    }
    Ok((!names.is_empty()).then(|| format!("not used with the simulator: {}", names.join(", "))))
}

/// A warning where a secret would cross a network unencrypted.
fn in_clear(name: &str, url: &Url) -> Option<String> {
    let here = match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let clear = url.scheme() == "http" && !here;
    clear.then(|| format!("{name} is http: credentials and tokens cross the network unencrypted"))
}

/// The Zoom that is described, if there are credentials for it.
fn upstream(variables: &Variables) -> Result<Option<Upstream>, ConfigError> {
    let url = |name, default| {
        let text = variables.text(name)?.unwrap_or(default);
        read::url(name, text, &["http", "https"])
    };
    let oauth_url = url("ZOOM_OAUTH_URL", "https://zoom.us/oauth/token")?;
    let api_url = url("ZOOM_API_URL", "https://api.zoom.us/v2")?;
    let extra_roots = read::certificates(variables, "ZOOM_CA_FILE")?;
    let with = |credentials| Upstream { credentials, oauth_url, api_url, extra_roots };
    Ok(Credentials::from_variables(variables)?.map(with))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    const CREDENTIALS: [(&str, &str); 3] =
        [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", "hush"), ("ZOOM_ACCOUNT_ID", "account")];
    const PRODUCTION: [(&str, &str); 3] = [
        ("APP_ENV", "production"),
        ("AUTH_MODE", "jwt"),
        ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-32"),
    ];
    const EXPOSED: [(&str, &str); 2] = [("HOST", "::"), ("AUTH_MODE", "open")];
    const SIMULATOR: [(&str, &str); 1] = [("SIMULATOR", "true")];

    fn config(groups: &[&[(&str, &str)]]) -> Result<Config, ConfigError> {
        Config::from_variables(&Variables::from_pairs(groups.concat()))
    }

    fn error(groups: &[&[(&str, &str)]]) -> String {
        config(groups).unwrap_err().to_string()
    }

    fn upstream_of(config: Config) -> Upstream {
        match config.zoom.source {
            Source::Zoom(upstream) => upstream,
            Source::Simulator => panic!("it's the simulator"),
        }
    }

    #[test]
    fn without_credentials_development_on_loopback_simulates_and_says_so() {
        let config = config(&[]).unwrap();
        assert_eq!(config.zoom.source, Source::Simulator);
        let notice =
            "no Zoom credentials are set: the built-in simulator answers, and its tokens open no meeting";
        assert_eq!(config.notices, [notice]);
    }

    #[test]
    fn elsewhere_the_simulator_must_be_asked_for() {
        assert!(error(&[&EXPOSED]).contains("or SIMULATOR=true for simulated tokens"));
        assert_eq!(config(&[&EXPOSED, &SIMULATOR]).unwrap().zoom.source, Source::Simulator);
        assert!(error(&[&[("SIMULATOR", "false")]]).contains("SIMULATOR=\"false\" rules the simulator out"));
    }

    #[test]
    fn production_refuses_the_simulator_whatever_is_said() {
        let refused =
            "no Zoom credentials: set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID (production";
        assert!(error(&[&PRODUCTION]).starts_with(refused));
        assert!(error(&[&PRODUCTION, &[("SIMULATOR", "false")]]).starts_with(refused));
        for credentials in [&[][..], &CREDENTIALS] {
            let error = config(&[&PRODUCTION, &SIMULATOR, credentials]).unwrap_err();
            assert_eq!(error, ConfigError::SimulatorInProduction);
        }
    }

    #[test]
    fn with_credentials_it_is_zoom_itself_unless_told_otherwise() {
        for more in [&[][..], &PRODUCTION, &EXPOSED, &[("SIMULATOR", "false")]] {
            let upstream = upstream_of(config(&[&CREDENTIALS, more]).unwrap());
            assert_eq!(upstream.credentials.client_secret.reveal(), "hush");
            assert_eq!(upstream.oauth_url.as_str(), "https://zoom.us/oauth/token");
            assert_eq!(upstream.api_url.as_str(), "https://api.zoom.us/v2");
            assert_eq!(upstream.extra_roots, None);
        }
    }

    #[test]
    fn the_simulator_beside_credentials_says_what_is_not_used() {
        let stand_in = [("ZOOM_API_URL", "http://localhost:1/v2")];
        let config = config(&[&CREDENTIALS, &SIMULATOR, &stand_in]).unwrap();
        assert_eq!(config.zoom.source, Source::Simulator);
        let names = "ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET, ZOOM_ACCOUNT_ID, ZOOM_API_URL";
        assert_eq!(config.notices.last().unwrap(), &format!("not used with the simulator: {names}"));
    }

    #[test]
    fn a_stand_in_needs_credentials_unless_the_simulator_is_asked_for() {
        for name in ["ZOOM_OAUTH_URL", "ZOOM_API_URL"] {
            let stand_in = [(name, "http://localhost:1")];
            assert!(error(&[&stand_in]).starts_with(&format!("{name} is set without credentials")));
            assert!(config(&[&stand_in, &SIMULATOR]).is_ok());
            assert!(config(&[&stand_in, &CREDENTIALS]).unwrap().notices.is_empty());
        }
    }

    #[test]
    fn an_unencrypted_way_to_zoom_is_noticed_where_it_leaves_the_machine() {
        let away = [("ZOOM_OAUTH_URL", "http://zoom.example/oauth/token")];
        let notices = config(&[&CREDENTIALS, &away]).unwrap().notices;
        assert_eq!(notices, ["ZOOM_OAUTH_URL is http: credentials and tokens cross the network unencrypted"]);
    }
}
