//! Which mode holds where, what `jwt` mode takes, and the line that each refusal is.

use super::super::Config;
use super::*;

type Pair = (&'static str, &'static str);

const KEY: &str = "hush-hush-hush-hush-hush-hush-32";
const OLD_KEY: &str = "hush-as-before-hush-as-before-32";
const OPEN: Pair = ("AUTH_MODE", "open");
const JWT: Pair = ("AUTH_MODE", "jwt");
const HELD_SECRET: Pair = ("AUTH_JWT_SECRET", KEY);
const SECRET_FILE: Pair = ("AUTH_JWT_SECRET_FILE", "/key");
const HELD_PREVIOUS: Pair = ("AUTH_JWT_SECRET_PREVIOUS", OLD_KEY);
const PREVIOUS_FILE: Pair = ("AUTH_JWT_SECRET_PREVIOUS_FILE", "/old-key");
const PUBLIC_KEY_FILE: Pair = ("AUTH_JWT_PUBLIC_KEY_FILE", "/public.pem");
const JWKS_FILE: Pair = ("AUTH_JWKS_FILE", "/jwks.json");
const PRODUCTION: Pair = ("APP_ENV", "production");

/// What others can reach in development.
const EXPOSED: [Pair; 2] = [("HOST", "0.0.0.0"), ("SIMULATOR", "true")];

fn variables(pairs: &[Pair]) -> Variables {
    let zoom = [("ZOOM_CLIENT_ID", "i"), ("ZOOM_CLIENT_SECRET", "s"), ("ZOOM_ACCOUNT_ID", "a")];
    Variables::from_pairs(zoom.into_iter().chain(pairs.iter().copied()))
        .with_file("/key", &format!("{KEY}\n"))
        .with_file("/old-key", &format!("{OLD_KEY}\r\n"))
        .with_file("/public.pem", "a public key")
        .with_file("/jwks.json", "public keys")
}

fn config(pairs: &[Pair]) -> Result<Config, ConfigError> {
    Config::from_variables(&variables(pairs))
}

fn jwt(pairs: &[Pair]) -> Jwt {
    match config(&[&[JWT], pairs].concat()).unwrap().auth {
        Auth::Jwt(jwt) => jwt,
        Auth::Open => panic!("it's open"),
    }
}

/// The line that the start ends with; no secret is in it.
fn error(pairs: &[Pair]) -> String {
    let error = config(pairs).unwrap_err().to_string();
    assert!(!error.contains("hush"), "{error}");
    error
}

#[test]
fn development_on_loopback_is_open_unless_told_otherwise() {
    for pairs in [&[][..], &[OPEN], &[("HOST", "127.0.0.1")], &[("HOST", "::1"), OPEN]] {
        let config = config(pairs).unwrap();
        assert_eq!(config.auth, Auth::Open, "{pairs:?}");
        assert!(config.notices.is_empty(), "{:?}", config.notices);
    }
    assert!(matches!(config(&[JWT, HELD_SECRET]).unwrap().auth, Auth::Jwt(_)));
}

#[test]
fn where_others_can_connect_the_mode_must_be_said() {
    let line = "AUTH_MODE is not set: outside development on loopback it must be; use jwt, or open, which lets \
                whoever reaches the hub get anyone's tokens";
    assert_eq!(error(&EXPOSED), line);
    assert_eq!(error(&[&EXPOSED[..], &[HELD_SECRET]].concat()), line);
    assert!(
        config(&[&EXPOSED[..], &[JWT, HELD_SECRET]].concat())
            .unwrap()
            .notices
            .iter()
            .all(|line| !line.contains("AUTH"))
    );
}

#[test]
fn open_mode_is_noticed_where_others_can_connect() {
    let config = config(&[&EXPOSED[..], &[OPEN]].concat()).unwrap();
    assert_eq!(config.auth, Auth::Open);
    let notice = "AUTH_MODE=open: whoever reaches this hub can get anyone's tokens";
    assert!(config.notices.iter().any(|line| line == notice), "{:?}", config.notices);
}

#[test]
fn production_needs_credentials_even_on_loopback() {
    let not_said = "AUTH_MODE is not set: production needs AUTH_MODE=jwt and a key to check credentials with";
    let open = "AUTH_MODE=\"open\": production does not take it; use jwt, or set APP_ENV=development";
    for host in [("HOST", ""), ("HOST", "127.0.0.1")] {
        assert_eq!(error(&[PRODUCTION, host]), not_said);
        assert_eq!(error(&[PRODUCTION, host, HELD_SECRET]), not_said);
        assert_eq!(error(&[PRODUCTION, host, OPEN]), open);
        assert_eq!(error(&[PRODUCTION, host, OPEN, HELD_SECRET]), open);
        assert!(matches!(config(&[PRODUCTION, host, JWT, HELD_SECRET]).unwrap().auth, Auth::Jwt(_)));
    }
    // Any other word for the environment counts as production.
    assert_eq!(error(&[("APP_ENV", "prod"), OPEN]), open);
}

#[test]
fn a_mode_that_does_not_exist_is_refused() {
    assert_eq!(error(&[("AUTH_MODE", "none")]), "AUTH_MODE=\"none\": use jwt, or open in development");
    assert_eq!(error(&[("AUTH_MODE", "JWT"), PRODUCTION]), "AUTH_MODE=\"JWT\": use jwt");
}

#[test]
fn a_key_that_nothing_is_checked_with_is_refused() {
    for key in [HELD_SECRET, SECRET_FILE, HELD_PREVIOUS, PREVIOUS_FILE, PUBLIC_KEY_FILE, JWKS_FILE] {
        let name = key.0;
        for pairs in [&[key][..], &[OPEN, key], &[EXPOSED[0], EXPOSED[1], OPEN, key]] {
            let line = "credentials are not checked without AUTH_MODE=jwt; set that, or remove";
            assert_eq!(error(pairs), format!("{name} is set, but {line} {name}"));
        }
    }
}

#[test]
fn each_source_of_keys_is_read_from_where_it_says() {
    let held = |(name, text): Pair| Held { name, text: Secret::new(text.to_owned()), file: None };
    let in_file = |(name, path): Pair, text: &str| Held {
        name,
        text: Secret::new(text.to_owned()),
        file: Some(PathBuf::from(path)),
    };
    let secret = |current, previous| KeySource::Secret { current, previous };
    assert_eq!(jwt(&[HELD_SECRET]).keys, secret(held(HELD_SECRET), None));
    assert_eq!(jwt(&[HELD_SECRET, HELD_PREVIOUS]).keys, secret(held(HELD_SECRET), Some(held(HELD_PREVIOUS))));
    let (key, old_key) = (format!("{KEY}\n"), format!("{OLD_KEY}\r\n"));
    assert_eq!(
        jwt(&[SECRET_FILE, PREVIOUS_FILE]).keys,
        secret(in_file(SECRET_FILE, &key), Some(in_file(PREVIOUS_FILE, &old_key)))
    );
    assert_eq!(jwt(&[PUBLIC_KEY_FILE]).keys, KeySource::PublicKey(in_file(PUBLIC_KEY_FILE, "a public key")));
    assert_eq!(jwt(&[JWKS_FILE]).keys, KeySource::Jwks(in_file(JWKS_FILE, "public keys")));
}

#[test]
fn a_files_final_line_break_is_no_part_of_the_secret() {
    let KeySource::Secret { current, previous } = jwt(&[SECRET_FILE, PREVIOUS_FILE]).keys else {
        panic!("it's no secret");
    };
    assert_eq!(current.secret(), KEY);
    assert_eq!(previous.unwrap().secret(), OLD_KEY);
}

#[test]
fn there_is_one_source_of_keys() {
    let none = "AUTH_MODE=\"jwt\": set AUTH_JWT_SECRET, AUTH_JWT_PUBLIC_KEY_FILE or AUTH_JWKS_FILE, which \
                credentials are checked with";
    assert_eq!(error(&[JWT]), none);
    for (one, other) in [
        (HELD_SECRET, SECRET_FILE),
        (HELD_SECRET, PUBLIC_KEY_FILE),
        (SECRET_FILE, JWKS_FILE),
        (PUBLIC_KEY_FILE, JWKS_FILE),
    ] {
        let line = format!("{} and {} are both set; keep one of them", one.0, other.0);
        assert_eq!(error(&[JWT, one, other]), line);
    }
    let line = "AUTH_JWT_SECRET_PREVIOUS and AUTH_JWT_SECRET_PREVIOUS_FILE are both set; keep one of them";
    assert_eq!(error(&[JWT, HELD_SECRET, HELD_PREVIOUS, PREVIOUS_FILE]), line);
}

#[test]
fn only_a_secret_has_one_before_it() {
    for previous in [HELD_PREVIOUS, PREVIOUS_FILE] {
        for pairs in [&[JWT, previous][..], &[JWT, previous, PUBLIC_KEY_FILE], &[JWT, previous, JWKS_FILE]] {
            let name = previous.0;
            let line =
                format!("{name} goes with AUTH_JWT_SECRET, which is not set; set that, or remove {name}");
            assert_eq!(error(pairs), line);
        }
    }
}

#[test]
fn a_secret_has_at_least_32_bytes_wherever_it_comes_from() {
    let line = |name| format!("{name}: use at least 32 bytes, such as `openssl rand -base64 48` makes");
    let short = &KEY[..31];
    for name in ["AUTH_JWT_SECRET", "AUTH_JWT_SECRET_PREVIOUS"] {
        assert_eq!(error(&[JWT, HELD_SECRET, (name, short)]), line(name));
    }
    for name in ["AUTH_JWT_SECRET_FILE", "AUTH_JWT_SECRET_PREVIOUS_FILE"] {
        // Line breaks don't make it longer.
        for text in ["", "\n", &format!("{short}\n"), &format!("{short}\r\n\r\n")] {
            let pairs = [JWT, SECRET_FILE, (name, "/short")];
            let refused = Config::from_variables(&variables(&pairs).with_file("/short", text)).unwrap_err();
            assert_eq!(refused.to_string(), line(name), "{text:?}");
        }
    }
    // Bytes, not letters.
    assert!(config(&[JWT, ("AUTH_JWT_SECRET", "éééééééééééééééé")]).is_ok());
}

#[test]
fn a_placeholder_of_the_example_is_no_secret() {
    let placeholder = "your_hush_hush_hush_hush_hush_hush_here";
    let line = |name| {
        format!("{name} still holds the example's placeholder; put your own value there, or remove it")
    };
    for name in ["AUTH_JWT_SECRET", "AUTH_JWT_SECRET_PREVIOUS"] {
        assert_eq!(error(&[JWT, HELD_SECRET, (name, placeholder)]), line(name));
        assert_eq!(error(&[JWT, HELD_SECRET, (name, "your_secret_here")]), line(name));
    }
    let pairs = [JWT, ("AUTH_JWT_SECRET_FILE", "/f")];
    let in_file = variables(&pairs).with_file("/f", &format!("{placeholder}\n"));
    let refused = Config::from_variables(&in_file).unwrap_err();
    assert_eq!(refused.to_string(), line("AUTH_JWT_SECRET_FILE"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    for name in ["AUTH_JWT_SECRET_FILE", "AUTH_JWT_PUBLIC_KEY_FILE", "AUTH_JWKS_FILE"] {
        let line = error(&[JWT, (name, "/absent")]);
        assert!(line.starts_with(&format!("{name}=\"/absent\": the file can't be read (")), "{line}");
    }
}

#[test]
fn what_a_credential_must_say_is_whatever_is_set() {
    let plain = jwt(&[HELD_SECRET]);
    assert_eq!((plain.issuer, plain.audience), (None, None));
    let pairs = [HELD_SECRET, ("AUTH_JWT_ISSUER", "https://backend"), ("AUTH_JWT_AUDIENCE", "hub")];
    let told = jwt(&pairs);
    assert_eq!(told.issuer.as_deref(), Some("https://backend"));
    assert_eq!(told.audience.as_deref(), Some("hub"));
}

#[test]
fn the_longest_life_of_a_credential_is_a_second_to_a_year_and_a_day_unless_said() {
    let longest = |text| jwt(&[HELD_SECRET, ("AUTH_JWT_MAX_TTL_SECONDS", text)]).max_ttl.as_secs();
    assert_eq!(["", "1", "31536000"].map(longest), [86_400, 1, 31_536_000]);
    for text in ["0", "31536001", "0.5", "-1", "1d"] {
        let line = format!("AUTH_JWT_MAX_TTL_SECONDS={text:?}: use a whole number from 1 to 31536000");
        assert_eq!(error(&[JWT, HELD_SECRET, ("AUTH_JWT_MAX_TTL_SECONDS", text)]), line);
        // In open mode too, where it means nothing.
        assert_eq!(error(&[("AUTH_JWT_MAX_TTL_SECONDS", text)]), line);
    }
}

#[test]
fn debug_shows_no_key() {
    let pairs = [HELD_SECRET, PREVIOUS_FILE];
    assert!(!format!("{:?}", jwt(&pairs)).contains("hush"));
}
