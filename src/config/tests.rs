//! The rules that hold for the configuration as a whole.

use proptest::prelude::*;

use super::*;

fn config(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_variables(&Variables::from_pairs(pairs.iter().copied()))
}

fn error(pairs: &[(&str, &str)]) -> String {
    config(pairs).unwrap_err().to_string()
}

const CREDENTIALS: [(&str, &str); 3] =
    [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", "hush"), ("ZOOM_ACCOUNT_ID", "account")];

const JWT: [(&str, &str); 2] =
    [("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-32")];

fn production(name: &str, word: &str) -> Config {
    config(&[&CREDENTIALS[..], &JWT, &[(name, word)]].concat()).unwrap()
}

#[test]
fn nothing_set_is_development_on_loopback() {
    let config = config(&[]).unwrap();
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.listen, Listen::Loopback { port: 3000 });
    assert_eq!(config.auth, Auth::Open);
    assert_eq!(config.origins, Origins::Loopback);
    assert_eq!(config.public_url, None);
    assert_eq!(config.log_filter, "info");
}

#[test]
fn every_variable_reaches_its_own_setting() {
    let config = config(&[
        ("PORT", "0"),
        ("PUBLIC_URL", "wss://hub.example.com/hub"),
        ("ZOOM_MAX_CONCURRENCY", "1"),
        ("ZOOM_TIMEOUT_SECONDS", "2"),
        ("MAX_QUEUED", "3"),
        ("ZAK_TTL_SECONDS", "4"),
        ("OBF_TTL_SECONDS", "5"),
        ("MIN_TOKEN_LIFE_SECONDS", "3"),
        ("PING_INTERVAL_SECONDS", "6"),
        ("PING_TIMEOUT_SECONDS", "7"),
        ("WRITE_TIMEOUT_SECONDS", "8"),
        ("REQUEST_TIMEOUT_SECONDS", "9"),
        ("PRESENCE_GRACE_SECONDS", "0"),
        ("MAX_MESSAGE_BYTES", "1024"),
        ("MAX_BATCH", "11"),
        ("AUTH_TIMEOUT_SECONDS", "12"),
        ("RENEW_SECONDS", "13"),
        ("HOLD_SECONDS", "14"),
        ("MAX_PENDING", "15"),
        ("RECEIPT_TIMEOUT_SECONDS", "16"),
        ("REMEMBER_SECONDS", "17"),
        ("MAX_REMEMBERED", "18"),
        ("IDEMPOTENCY_SECONDS", "19"),
        ("SHUTDOWN_TIMEOUT_SECONDS", "0.5"),
        ("RUST_LOG", "debug"),
        ("TEST_HOST_USER_ID", "a"),
        ("TEST_PARTICIPANT_USER_ID", "b"),
        ("TEST_MEETING_ID", "123 456 789"),
    ])
    .unwrap();
    assert_eq!(config.listen.port(), 0);
    assert_eq!(config.public_url.unwrap().as_str(), "wss://hub.example.com/hub");
    assert_eq!((config.zoom.max_concurrency, config.zoom.max_queued), (1, 3));
    let (zoom, times) = (config.zoom, config.times);
    let seconds =
        [zoom.timeout, zoom.min_life, zoom.zak_ttl, zoom.obf_ttl, times.ping_interval, times.ping_timeout];
    assert_eq!(seconds.map(|time| time.as_secs()), [2, 3, 4, 5, 6, 7]);
    assert_eq!((times.write_timeout.as_secs(), times.request_timeout.as_secs()), (8, 9));
    assert_eq!(times.presence_grace, Duration::ZERO);
    assert_eq!((times.auth_timeout.as_secs(), times.renew.as_secs()), (12, 13));
    assert_eq!(times.shutdown_timeout, Duration::from_millis(500));
    assert_eq!((config.limits.max_message_bytes, config.limits.max_batch), (1024, 11));
    let keeping = config.keeping;
    let seconds = [keeping.hold, keeping.receipt, keeping.remember, keeping.idempotency];
    assert_eq!(seconds.map(|time| time.as_secs()), [14, 16, 17, 19]);
    assert_eq!((keeping.max_pending, keeping.max_remembered), (15, 18));
    assert_eq!(config.log_filter, "debug");
    let test = config.test;
    assert_eq!((test.host, test.participant), ("a".parse().ok(), "b".parse().ok()));
    assert_eq!(test.meeting.unwrap().to_string(), "123456789");
}

#[test]
fn any_word_but_development_and_test_is_production_and_a_strange_one_is_noticed() {
    for name in ["APP_ENV", "NODE_ENV"] {
        for word in ["development", "test"] {
            assert_eq!(config(&[(name, word)]).unwrap().environment, Environment::Development);
        }
        assert_eq!(production(name, "production").environment, Environment::Production);
        let strange = production(name, "Development");
        assert_eq!(strange.environment, Environment::Production);
        let notice = format!("{name}=\"Development\" counts as production; development and test do not");
        assert_eq!(strange.notices.iter().filter(|line| **line == notice).count(), 1);
        assert!(!production(name, "production").notices.iter().any(|line| line.contains(name)));
    }
    let both = config(&[("APP_ENV", "test"), ("NODE_ENV", "production")]).unwrap();
    assert_eq!(both.environment, Environment::Development);
    let empty = config(&[("APP_ENV", ""), ("NODE_ENV", "test")]).unwrap();
    assert_eq!(empty.environment, Environment::Development);
}

#[test]
fn it_listens_where_host_says_and_in_production_everywhere() {
    let listen =
        |host| config(&[("HOST", host), ("AUTH_MODE", "open"), ("SIMULATOR", "true")]).unwrap().listen;
    assert_eq!(production("APP_ENV", "production").listen, Listen::Everywhere { port: 3000 });
    assert_eq!(listen("localhost"), Listen::Loopback { port: 3000 });
    for (host, loopback) in
        [("127.0.0.1", true), ("::1", true), ("0.0.0.0", false), ("::", false), ("10.0.0.1", false)]
    {
        assert_eq!(listen(host), Listen::Address { ip: host.parse().unwrap(), port: 3000 });
        assert_eq!(listen(host).is_loopback(), loopback, "{host}");
    }
    for host in ["hub.example.com", "[::1]", "127.0.0.1:80", "*"] {
        let remedy = "use an IP address (0.0.0.0 or :: for every one) or localhost";
        assert_eq!(error(&[("HOST", host)]), format!("HOST={host:?}: {remedy}"));
    }
}

#[test]
fn without_origins_the_pages_of_this_machine_may_call_where_anyone_may_and_none_elsewhere() {
    assert!(config(&[]).unwrap().origins.allows("http://localhost:8080"));
    let with_credentials = config(&JWT).unwrap().origins;
    assert_eq!(with_credentials, Origins::Listed(Vec::new()));
    assert!(!with_credentials.allows("http://localhost:8080"));
    let page = ("CORS_ORIGIN", "https://a.example");
    assert!(config(&[&JWT[..], &[page]].concat()).unwrap().origins.allows("https://a.example"));
}

#[test]
fn origins_are_listed_and_a_star_is_noticed() {
    assert!(config(&[("CORS_ORIGIN", "https://a.example")]).unwrap().origins.allows("https://a.example"));
    let any = config(&[("CORS_ORIGIN", "*")]).unwrap();
    assert_eq!(any.origins, Origins::Any);
    assert!(any.notices.iter().any(|line| line.starts_with("CORS_ORIGIN=*")));
    let error = error(&[("CORS_ORIGIN", "https://a.example/")]);
    assert!(error.starts_with("CORS_ORIGIN=\"https://a.example/\": use * or origins"), "{error}");
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let empty: Vec<_> = VARIABLES.iter().map(|variable| (variable.name, "")).collect();
    assert_eq!(config(&empty), config(&[]));
}

#[test]
fn a_value_with_a_line_break_is_refused_in_one_line() {
    for &Variable { name, secret, .. } in VARIABLES {
        let error = error(&[("APP_ENV", ""), (name, "a\nb")]);
        let shown = if secret { "" } else { "=\"a\\nb\"" };
        assert!(error.starts_with(&format!("{name}{shown}: use a value without line breaks")), "{error}");
    }
}

#[test]
fn debug_shows_no_secret() {
    assert!(!format!("{:?}", config(&[&CREDENTIALS[..], &JWT].concat()).unwrap()).contains("hush"));
}

/// Values that are nearly right, so that the tests get past the first check.
fn nearly() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9.]{1,6}",
        "https?://[a-z*.:@/?#]{0,12}",
        proptest::sample::select(vec![
            "open",
            "jwt",
            "true",
            "false",
            "production",
            "localhost",
            "::",
            "*",
            ""
        ])
        .prop_map(str::to_owned),
    ]
}

fn variables() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let name = proptest::sample::select(VARIABLES).prop_map(|variable| variable.name);
    proptest::collection::vec((name, nearly()), 0..6)
}

proptest! {
    #[test]
    fn no_value_panics_and_every_line_is_one(pairs in variables()) {
        match Config::from_variables(&Variables::from_pairs(pairs)) {
            Ok(config) => prop_assert!(!config.notices.concat().contains(char::is_control)),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control), "{error}"),
        }
    }

    #[test]
    fn no_error_and_no_notice_shows_the_secret(
        pairs in variables(),
        secret in "[ -~]{0,19}QZ7[ -~\n\u{e9}]{0,19}",
        (name, file) in proptest::sample::select(vec![
            ("ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET_FILE"),
            ("AUTH_JWT_SECRET", "AUTH_JWT_SECRET_FILE"),
            ("AUTH_JWT_SECRET_PREVIOUS", "AUTH_JWT_SECRET_PREVIOUS_FILE"),
        ]),
        in_file in any::<bool>(),
    ) {
        let mut pairs = pairs;
        pairs.retain(|(other, _)| *other != name && *other != file);
        pairs.push(if in_file { (file, "/f".to_owned()) } else { (name, secret.clone()) });
        let said = Config::from_variables(&Variables::from_pairs(pairs).with_file("/f", &secret));
        let shown = match &said {
            Ok(config) => config.notices.concat(),
            Err(error) => error.to_string(),
        };
        prop_assert!(!shown.contains("QZ7"), "{shown}");
        let debug = format!("{said:?}");
        prop_assert!(!debug.contains("QZ7"));
    }

    #[test]
    fn no_error_of_dotenv_shows_the_secret(
        before in "[A='\"$\\\\ #\n]{0,6}",
        start in "[A='\"$\\\\ #]{0,6}",
        end in "[A='\"$\\\\ #\n]{0,12}",
    ) {
        if let Err(error) = dotenv::parse(&format!("{before}\nZOOM_CLIENT_SECRET={start}qz7 {end}")) {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains("qz7"), "{shown}");
        }
    }
}

#[test]
fn a_token_that_could_never_be_handed_out_is_not_asked_for() {
    for name in ["ZAK_TTL_SECONDS", "OBF_TTL_SECONDS"] {
        let error = config(&[(name, "60")]).unwrap_err().to_string();
        assert_eq!(error, format!("{name}=\"60\": use more than MIN_TOKEN_LIFE_SECONDS, which is 60"));
        config(&[(name, "61")]).unwrap();
        config(&[(name, "60"), ("MIN_TOKEN_LIFE_SECONDS", "59")]).unwrap();
    }
}
