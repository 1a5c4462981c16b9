//! Every environment variable, read once and validated; no other file reads the environment.
//!
//! [`Config::load`] gathers the variables (the process environment, then `.env`, then the files that they name) and
//! hands them to [`Config::from_variables`], which is pure. Whoever holds a [`Config`] holds one that is fine as a
//! whole. Deliberately absent: reloading, a configuration file of our own, and any change of a value in silence: what
//! can't be read stops the start with one line.

mod auth;
mod credentials;
mod dotenv;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod keeping;
mod limits;
mod origins;
mod read;
mod setting;
mod table;
mod variables;
mod zoom;

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use crate::names::{MeetingId, UserId};

pub use auth::{Auth, Held, Jwt, KeySource};
pub use credentials::Credentials;
pub use error::{ConfigError, LineFault, Name, NoSimulator, Shown};
pub use keeping::Keeping;
pub use limits::{Limits, Proxies, Rate};
pub use origins::{OriginPattern, Origins};
pub use setting::{Origin, Setting};
pub use table::{GROUPS, VARIABLES, Variable};
pub use variables::Variables;
pub use zoom::{Source, Upstream, Zoom};

/// All that an operator can decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `APP_ENV` (or `NODE_ENV`), by default development.
    pub environment: Environment,
    /// `HOST` and `PORT`, by default 3000 on loopback, in production on every address.
    pub listen: Listen,
    /// `AUTH_MODE`, by default open in development on loopback; elsewhere it must be said.
    pub auth: Auth,
    /// `CORS_ORIGIN`, by default the loopback origins; with credentials none.
    pub origins: Origins,
    /// `PUBLIC_URL`, by default none: what the hub tells clients to connect to.
    pub public_url: Option<Url>,
    /// What bounds a client, and clients together.
    pub limits: Limits,
    /// What is kept of distributions.
    pub keeping: Keeping,
    /// Whose word is taken for where a client comes from.
    pub proxies: Proxies,
    /// How long things may take.
    pub times: Times,
    /// Where tokens come from.
    pub zoom: Zoom,
    /// Whom `check` asks for.
    pub test: Test,
    /// `RUST_LOG`, by default `info`; whether it reads as a filter is the logger's business.
    pub log_filter: String,
    /// Warnings to log once after the start, a line each.
    pub notices: Vec<String>,
}

/// What the process is run for. Production refuses what is only good for development.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// `APP_ENV` is `development`, `test` or not set.
    Development,
    /// `APP_ENV` is any other word, so that a slip of the pen never opens anything.
    Production,
}

/// Where the hub listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// This machine only, in both address families.
    Loopback {
        /// `PORT`; 0 takes any free one.
        port: u16,
    },
    /// Every address of the machine, in both address families.
    Everywhere {
        /// `PORT`; 0 takes any free one.
        port: u16,
    },
    /// The one address that `HOST` names.
    Address {
        /// `HOST`.
        ip: IpAddr,
        /// `PORT`; 0 takes any free one.
        port: u16,
    },
}

impl Listen {
    /// Whether nobody outside this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Loopback { .. } => true,
            Self::Everywhere { .. } => false,
            Self::Address { ip, .. } => ip.to_canonical().is_loopback(),
        }
    }

    /// The port, whatever the address.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Loopback { port } | Self::Everywhere { port } | Self::Address { port, .. } => *port,
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// `PING_INTERVAL_SECONDS`, by default 25: between two pings of a connection.
    pub ping_interval: Duration,
    /// `PING_TIMEOUT_SECONDS`, by default 20: until the answer to a ping.
    pub ping_timeout: Duration,
    /// `WRITE_TIMEOUT_SECONDS`, by default 10: until a client has taken what was written to it.
    pub write_timeout: Duration,
    /// `REQUEST_TIMEOUT_SECONDS`, by default 10: until a request has arrived.
    pub request_timeout: Duration,
    /// `PRESENCE_GRACE_SECONDS`, by default 2: until a user who left counts as gone for who watches; may be nothing.
    pub presence_grace: Duration,
    /// `AUTH_TIMEOUT_SECONDS`, by default 10: until a client has said who it is, where it must.
    pub auth_timeout: Duration,
    /// `RENEW_SECONDS`, by default 25: from a credential's end until that of its session.
    pub renew: Duration,
    /// `SHUTDOWN_TIMEOUT_SECONDS`, by default 25: until what runs is cut off at the end.
    pub shutdown_timeout: Duration,
}

/// Whom `check` asks for; what isn't set isn't tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// `TEST_HOST_USER_ID`, by default none.
    pub host: Option<UserId>,
    /// `TEST_PARTICIPANT_USER_ID`, by default none.
    pub participant: Option<UserId>,
    /// `TEST_MEETING_ID`, by default none.
    pub meeting: Option<MeetingId>,
}

impl Config {
    /// Reads the process environment and the `.env` of the current directory.
    ///
    /// # Errors
    /// The first thing found that can't be read or doesn't go together.
    pub fn load() -> Result<Self, ConfigError> {
        Self::from_variables(&Variables::of_the_process()?)
    }

    /// Decides everything from variables that are already at hand; pure.
    ///
    /// # Errors
    /// The first thing found that can't be read or doesn't go together.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let mut notices = Vec::new();
        let environment = environment(variables, &mut notices)?;
        let listen = listen(variables, environment)?;
        let auth = Auth::from_variables(variables, environment, listen, &mut notices)?;
        Ok(Self {
            environment,
            listen,
            origins: origins(variables, &auth, &mut notices)?,
            auth,
            public_url: public_url(variables)?,
            limits: Limits::from_variables(variables)?,
            keeping: Keeping::from_variables(variables)?,
            proxies: Proxies::from_variables(variables)?,
            times: times(variables)?,
            zoom: Zoom::from_variables(variables, environment, listen, &mut notices)?,
            test: test(variables)?,
            log_filter: variables.text("RUST_LOG")?.unwrap_or("info").to_owned(),
            notices,
        })
    }
}

fn environment(variables: &Variables, notices: &mut Vec<String>) -> Result<Environment, ConfigError> {
    for name in ["APP_ENV", "NODE_ENV"] {
        match variables.text(name)? {
            None => {}
            Some("development" | "test") => return Ok(Environment::Development),
            Some("production") => return Ok(Environment::Production),
            Some(word) => {
                let shown = Shown::value(word);
                notices.push(format!("{name}{shown} counts as production; development and test do not"));
                return Ok(Environment::Production);
            }
        }
    }
    Ok(Environment::Development)
}

fn listen(variables: &Variables, environment: Environment) -> Result<Listen, ConfigError> {
    let port = read::whole(variables, "PORT", 3000, 0..=u16::MAX)?;
    match (variables.text("HOST")?, environment) {
        (None, Environment::Development) | (Some("localhost"), _) => Ok(Listen::Loopback { port }),
        (None, Environment::Production) => Ok(Listen::Everywhere { port }),
        (Some(host), _) => match host.parse() {
            Ok(ip) => Ok(Listen::Address { ip, port }),
            Err(_) => Err(ConfigError::unusable(
                "HOST",
                host,
                "use an IP address (0.0.0.0 or :: for every one) or localhost",
            )),
        },
    }
}

fn origins(variables: &Variables, auth: &Auth, notices: &mut Vec<String>) -> Result<Origins, ConfigError> {
    let Some(list) = variables.text("CORS_ORIGIN")? else {
        return Ok(match auth {
            Auth::Open => Origins::Loopback,
            Auth::Jwt(_) => Origins::Listed(Vec::new()),
        });
    };
    let origins = Origins::listed(list).ok_or_else(|| {
        ConfigError::unusable_url(
            "CORS_ORIGIN",
            list,
            "use * or origins with commas between them, such as https://app.example.com or \
             https://*.example.com:8443, without a path and with no * in the last part of the name",
        )
    })?;
    if origins == Origins::Any {
        notices
            .push("CORS_ORIGIN=*: any web page that someone visits can call this hub from there".to_owned());
    }
    Ok(origins)
}

fn public_url(variables: &Variables) -> Result<Option<Url>, ConfigError> {
    let text = variables.text("PUBLIC_URL")?;
    text.map(|text| read::url("PUBLIC_URL", text, &["http", "https", "ws", "wss"])).transpose()
}

fn times(variables: &Variables) -> Result<Times, ConfigError> {
    let seconds = |name, default| read::seconds(variables, name, default);
    Ok(Times {
        ping_interval: seconds("PING_INTERVAL_SECONDS", 25)?,
        ping_timeout: seconds("PING_TIMEOUT_SECONDS", 20)?,
        write_timeout: seconds("WRITE_TIMEOUT_SECONDS", 10)?,
        request_timeout: seconds("REQUEST_TIMEOUT_SECONDS", 10)?,
        presence_grace: read::seconds_or_none(variables, "PRESENCE_GRACE_SECONDS", 2)?,
        auth_timeout: seconds("AUTH_TIMEOUT_SECONDS", 10)?,
        renew: seconds("RENEW_SECONDS", 25)?,
        shutdown_timeout: seconds("SHUTDOWN_TIMEOUT_SECONDS", 25)?,
    })
}

fn test(variables: &Variables) -> Result<Test, ConfigError> {
    Ok(Test {
        host: read::name(variables, "TEST_HOST_USER_ID")?,
        participant: read::name(variables, "TEST_PARTICIPANT_USER_ID")?,
        meeting: read::name(variables, "TEST_MEETING_ID")?,
    })
}

#[cfg(test)]
mod tests;
