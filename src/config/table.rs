//! The published table of variables: `--help`, `.env.example` and the documentation are compared with it.
//!
//! It is also the list of what is looked up in the environment: a variable that is not here is not read. Deliberately
//! absent: how a value is read, which is beside the setting that it becomes.

/// One environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds while it isn't set: a value that it also takes, or some words; `–` for nothing.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
}

const fn open(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning, secret: false }
}

const fn secret(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning, secret: true }
}

/// Every variable that the hub reads, in the order of the documentation.
pub const VARIABLES: &[Variable] = &[
    open(
        "ZOOM_CLIENT_ID",
        "–",
        "client ID of the Server-to-Server OAuth app; goes with the next two, all or none",
    ),
    secret("ZOOM_CLIENT_SECRET", "–", "client secret of that app"),
    open(
        "ZOOM_CLIENT_SECRET_FILE",
        "–",
        "a file that holds the client secret, in place of ZOOM_CLIENT_SECRET",
    ),
    open("ZOOM_ACCOUNT_ID", "–", "account ID of that app"),
    open(
        "SIMULATOR",
        "true without credentials in development on loopback",
        "true: the built-in simulator answers in Zoom's place; false: never; production refuses it",
    ),
    open("APP_ENV", "development", "development or test; any other word counts as production"),
    open("NODE_ENV", "–", "read where APP_ENV is not set"),
    open("HOST", "localhost (in production every address)", "the IP address to listen on, or localhost"),
    open("PORT", "3000", "the port to listen on; 0: any free one"),
    open(
        "AUTH_MODE",
        "open in development on loopback, elsewhere it must be set",
        "open: any caller may name any user; jwt: each shows a credential, which production needs",
    ),
    secret(
        "AUTH_JWT_SECRET",
        "–",
        "what credentials are signed with (HS256, HS384, HS512), at least 32 bytes",
    ),
    open(
        "AUTH_JWT_SECRET_FILE",
        "–",
        "a file that holds it, in place of AUTH_JWT_SECRET; read again when it changes",
    ),
    secret("AUTH_JWT_SECRET_PREVIOUS", "–", "the secret before, which still counts while rotating"),
    open(
        "AUTH_JWT_SECRET_PREVIOUS_FILE",
        "–",
        "a file that holds it, in place of AUTH_JWT_SECRET_PREVIOUS; read again when it changes",
    ),
    open(
        "AUTH_JWT_PUBLIC_KEY_FILE",
        "–",
        "in place of a secret: a PEM file of one public key (RS256, ES256, EdDSA); read again when it changes",
    ),
    open(
        "AUTH_JWKS_FILE",
        "–",
        "in place of a secret: a JSON file of public keys; read again when it changes",
    ),
    open("AUTH_JWT_ISSUER", "–", "what a credential's iss must be; not set: anything or nothing"),
    open("AUTH_JWT_AUDIENCE", "–", "what a credential's aud must hold; not set: anything or nothing"),
    open(
        "AUTH_JWT_MAX_TTL_SECONDS",
        "86400",
        "the longest life of a credential that is taken, in whole seconds (role service: at least 90 days)",
    ),
    open("AUTH_TIMEOUT_SECONDS", "10", "until a connection has said who it is, in jwt mode"),
    open("RENEW_SECONDS", "25", "how long a connection has to renew its credential once that has ended"),
    open(
        "CORS_ORIGIN",
        "origins on this machine (jwt: none but the hub's own page)",
        "web pages that may call, with commas between them; * for any, or inside as in https://*.example.com",
    ),
    open(
        "PUBLIC_URL",
        "–",
        "the address that clients are told to connect to, where a proxy stands before the hub",
    ),
    open(
        "TRUSTED_PROXIES",
        "–",
        "addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, with commas between them",
    ),
    open(
        "ZOOM_OAUTH_URL",
        "https://zoom.us/oauth/token",
        "where the access token comes from: another Zoom cloud or a stand-in",
    ),
    open("ZOOM_API_URL", "https://api.zoom.us/v2", "where Zoom's API is"),
    open(
        "ZOOM_CA_FILE",
        "–",
        "a PEM file of further roots to trust, for a stand-in or a proxy that opens TLS",
    ),
    open(
        "ZOOM_RATE_PER_SECOND",
        "30",
        "token calls a second that the account allows this process (Free 4, Pro 30, Business and up 80); 0: no limit",
    ),
    open("ZOOM_MAX_CONCURRENCY", "64", "calls to Zoom under way at once, 1 to 10000"),
    open("ZOOM_TIMEOUT_SECONDS", "10", "how long one call to Zoom may take"),
    open("MAX_QUEUED", "100000", "calls to Zoom that may wait, 1 to 10000000"),
    open("ZAK_TTL_SECONDS", "7200", "the life asked for a host's ZAK token, in whole seconds"),
    open("OBF_TTL_SECONDS", "1800", "the life asked for a participant's OBF token, in whole seconds"),
    open(
        "MIN_TOKEN_LIFE_SECONDS",
        "60",
        "no token is handed out with less life; both lives above are longer",
    ),
    open("PING_INTERVAL_SECONDS", "25", "between two pings of a connection"),
    open("PING_TIMEOUT_SECONDS", "20", "until the answer to a ping"),
    open("WRITE_TIMEOUT_SECONDS", "10", "until a client has taken what was written to it"),
    open("REQUEST_TIMEOUT_SECONDS", "10", "until a request has arrived"),
    open("PRESENCE_GRACE_SECONDS", "2", "until who has left counts as gone for those who watch; 0: at once"),
    open("MAX_MESSAGE_BYTES", "262144", "one frame or body, 1024 to 67108864"),
    open("MAX_BATCH", "1000", "participants in one call, 1 to 100000"),
    open(
        "MAX_SESSIONS",
        "the limit of open files less 512",
        "sessions at once, 1 to 10000000; the process raises its limit of open files as far as it may",
    ),
    open(
        "MAX_SESSIONS_PER_USER",
        "8",
        "sessions of one user at once: one more ends the oldest; a service's don't count",
    ),
    open("MESSAGE_RATE_PER_SECOND", "20", "events a second of one session, twice that at once; 0: no limit"),
    open(
        "REST_RATE_PER_SECOND",
        "20",
        "calls a second of one credential's user (open: of one address), twice that at once; 0: no limit; a service has none",
    ),
    open("HOLD_SECONDS", "7200", "the longest that an absent participant of a distribution is waited for"),
    open("MAX_PENDING", "100000", "absent participants who are waited for, 1 to 10000000"),
    open(
        "RECEIPT_TIMEOUT_SECONDS",
        "10",
        "until a client that confirms what it gets counts as having lost a token",
    ),
    open("REMEMBER_SECONDS", "3600", "how long a distribution is remembered once nothing more becomes of it"),
    open("MAX_REMEMBERED", "10000", "such distributions that are remembered, 1 to 10000000"),
    open("IDEMPOTENCY_SECONDS", "600", "how long a request's idempotency key counts"),
    open("SHUTDOWN_TIMEOUT_SECONDS", "25", "how long a shutdown waits for what is under way"),
    open("RUST_LOG", "info", "what is logged, such as debug or zoom_token_hub=debug"),
    open("TEST_HOST_USER_ID", "–", "the host for whom check asks for a ZAK token"),
    open("TEST_PARTICIPANT_USER_ID", "–", "the participant for whom check asks for an OBF token"),
    open("TEST_MEETING_ID", "–", "the meeting that check asks for"),
];

/// What the variables are about: a heading, and the first of those under it.
pub const GROUPS: &[(&str, &str)] = &[
    ("Zoom", "ZOOM_CLIENT_ID"),
    ("The server", "APP_ENV"),
    ("Who may call", "AUTH_MODE"),
    ("How Zoom is called", "ZOOM_OAUTH_URL"),
    ("Connections (seconds take fractions, such as 0.5)", "PING_INTERVAL_SECONDS"),
    ("What is kept of distributions (never a token)", "HOLD_SECONDS"),
    ("The process", "SHUTDOWN_TIMEOUT_SECONDS"),
    ("What `zoom-token-hub check` tries", "TEST_HOST_USER_ID"),
];

/// Two names of one setting: where the environment has either, `.env` fills neither.
pub(super) const PAIRS: &[(&str, &str)] = &[
    ("APP_ENV", "NODE_ENV"),
    ("ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET_FILE"),
    ("AUTH_JWT_SECRET", "AUTH_JWT_SECRET_FILE"),
    ("AUTH_JWT_SECRET_PREVIOUS", "AUTH_JWT_SECRET_PREVIOUS_FILE"),
];

/// Whether the value of this variable must never be shown. A name that isn't in the table is kept to itself too.
pub(super) fn is_secret(name: &str) -> bool {
    VARIABLES.iter().find(|variable| variable.name == name).is_none_or(|variable| variable.secret)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Config, ConfigError, Variables, dotenv};
    use super::*;

    const JWT: (&str, &str) = ("AUTH_MODE", "jwt");
    const KEY: (&str, &str) = ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-32");

    const EXAMPLE: &str = include_str!("../../.env.example");

    /// The assignments that the example holds behind a `#`.
    fn offered() -> Vec<&'static str> {
        let assignment = |line: &'static str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        EXAMPLE.lines().filter_map(assignment).collect()
    }

    #[test]
    fn the_example_names_exactly_these_variables_in_this_order() {
        let named: Vec<_> = offered().iter().map(|line| line.split_once('=').unwrap().0).collect();
        let listed: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(named, listed);
    }

    #[test]
    fn the_example_has_the_same_headings_over_the_same_variables() {
        let heading = |line: &'static str| line.strip_prefix("# --- ")?.strip_suffix(" ---");
        let mut headings = Vec::new();
        for line in EXAMPLE.lines() {
            if let Some(heading) = heading(line) {
                headings.push((heading, ""));
            } else if let (Some((_, first @ "")), Some(rest)) = (headings.last_mut(), line.strip_prefix('#'))
                && !rest.starts_with(' ')
            {
                *first = rest.split_once('=').unwrap().0;
            }
        }
        assert_eq!(headings, GROUPS);
    }

    #[test]
    fn a_plain_copy_of_the_example_sets_nothing() {
        assert!(dotenv::parse(EXAMPLE).unwrap().is_empty());
    }

    #[test]
    fn every_line_of_the_example_can_be_uncommented() {
        let values = dotenv::parse(&offered().join("\n")).unwrap();
        assert_eq!(values.len(), VARIABLES.len());
        for (name, value) in &values {
            let line = (name.as_str(), value.reveal());
            // What only means something beside others is tried with them.
            let beside: &[_] = match name.as_str() {
                "AUTH_MODE" => &[KEY],
                "AUTH_JWT_SECRET_FILE" | "AUTH_JWT_PUBLIC_KEY_FILE" | "AUTH_JWKS_FILE" => &[JWT],
                name if name.starts_with("AUTH_J") => &[JWT, KEY],
                _ => &[],
            };
            let fine = Config::from_variables(&with_credentials(beside.iter().copied().chain([line])));
            let says = match &fine {
                Ok(_) => "nothing",
                Err(ConfigError::Placeholder { name: named }) if named == name => "put your own value there",
                Err(ConfigError::File { name: named, .. }) if named == name => "no such file",
                Err(_) => "something else",
            };
            let expected = match name.as_str() {
                "ZOOM_CLIENT_ID"
                | "ZOOM_CLIENT_SECRET"
                | "ZOOM_ACCOUNT_ID"
                | "AUTH_JWT_SECRET"
                | "AUTH_JWT_SECRET_PREVIOUS" => "put your own value there",
                name if name.ends_with("_FILE") => "no such file",
                _ => "nothing",
            };
            assert_eq!(says, expected, "{name}: {fine:?}");
        }
    }

    #[test]
    fn the_example_offers_the_defaults_of_the_table() {
        for (line, variable) in offered().iter().zip(VARIABLES) {
            if is_a_value(variable) {
                assert_eq!(*line, format!("{}={}", variable.name, variable.default));
            }
        }
    }

    #[test]
    fn a_default_of_the_table_is_what_holds_without_it() {
        let without = Config::from_variables(&with_credentials([])).unwrap();
        for variable in VARIABLES.iter().filter(|variable| is_a_value(variable)) {
            let with = Config::from_variables(&with_credentials([(variable.name, variable.default)]));
            assert_eq!(with.as_ref(), Ok(&without), "{}", variable.name);
        }
    }

    #[test]
    fn no_variable_is_listed_twice_and_what_sounds_secret_is() {
        let names: BTreeSet<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(names.len(), VARIABLES.len());
        for name in names {
            let sounds_secret = name.ends_with("SECRET") || name.ends_with("SECRET_PREVIOUS");
            assert_eq!(is_secret(name), sounds_secret, "{name}");
        }
    }

    fn is_a_value(variable: &Variable) -> bool {
        variable.default != "–" && !variable.default.contains(' ')
    }

    fn with_credentials<'a>(more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Variables {
        let credentials = [("ZOOM_CLIENT_ID", "i"), ("ZOOM_CLIENT_SECRET", "s"), ("ZOOM_ACCOUNT_ID", "a")];
        Variables::from_pairs(credentials.into_iter().chain(more))
    }
}
