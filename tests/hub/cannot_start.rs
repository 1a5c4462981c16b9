//! A hub that cannot start says why: one line on standard error, with what would do, and an exit code that tells a wrong
//! word from a machine that has not what it takes.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use crate::harness::program::{Ended, Start};

const CREDENTIALS: [(&str, &str); 3] =
    [("ZOOM_CLIENT_ID", "an-id"), ("ZOOM_CLIENT_SECRET", "hush-hush"), ("ZOOM_ACCOUNT_ID", "an-account")];
const PRODUCTION: (&str, &str) = ("APP_ENV", "production");
const OPEN: (&str, &str) = ("AUTH_MODE", "open");
const JWT: (&str, &str) = ("AUTH_MODE", "jwt");
const KEY: (&str, &str) = ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-32");
const ANY_PORT: [(&str, &str); 1] = [("PORT", "0")];

/// The program did not start: one line on standard error that has all of this in it, and nothing else anywhere.
fn refused(ended: &Ended, code: i32, line: &[&str]) {
    let Ended { out, err, .. } = ended;
    assert_eq!((ended.code, out.as_str()), (Some(code), ""), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("zoom-token-hub: ") && err.ends_with('\n'), "{err}");
    for part in line {
        assert!(err.contains(part), "no {part:?} in {err}");
    }
    for trace in ["panicked", "backtrace", "hush"] {
        assert!(!err.contains(trace), "{trace:?} in {err}");
    }
}

async fn refused_with(variables: &[(&str, &str)], code: i32, line: &[&str]) {
    refused(&Start::with(variables).run().await, code, line);
}

async fn refused_with_dotenv(text: &str, line: &[&str]) {
    refused(&Start::with(&ANY_PORT).dotenv(text).run().await, 2, line);
}

#[actix_web::test]
async fn a_value_that_cannot_be_is_refused_by_name() {
    refused_with(&[("PORT", "abc")], 2, &["PORT=\"abc\"", "a whole number from 0 to 65535"]).await;
    refused_with(&[("PORT", "65536")], 2, &["PORT=\"65536\""]).await;
    refused_with(&[("AUTH_MODE", "none")], 2, &["AUTH_MODE=\"none\"", "use jwt, or open in development"])
        .await;
}

#[actix_web::test]
async fn credentials_are_all_there_or_none_and_never_shown() {
    let all = "set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID";
    refused_with(&CREDENTIALS[1..2], 2, &["ZOOM_CLIENT_ID and ZOOM_ACCOUNT_ID are missing", all]).await;
    refused_with(&CREDENTIALS[..2], 2, &["ZOOM_ACCOUNT_ID is missing", all]).await;
    for placeholder in ["your_client_secret_here", "your_hush_here"] {
        let start = Start::with(&CREDENTIALS).and(&[("ZOOM_CLIENT_SECRET", placeholder)]);
        refused(&start.run().await, 2, &["ZOOM_CLIENT_SECRET still holds the example's placeholder"]);
    }
    let start = Start::with(&CREDENTIALS).and(&[("ZOOM_CLIENT_SECRET", "hush hush")]);
    refused(&start.run().await, 2, &["ZOOM_CLIENT_SECRET: use the value as Zoom shows it"]);
}

#[actix_web::test]
async fn production_wants_zoom_and_whoever_can_be_reached_wants_to_be_told_where_tokens_come_from() {
    let not_there = ["no Zoom credentials", "production does not take the simulator"];
    refused_with(&[PRODUCTION, JWT, KEY], 2, &not_there).await;
    refused_with(&[("HOST", "0.0.0.0"), OPEN], 2, &["no Zoom credentials", "SIMULATOR=true"]).await;
    let simulator = [PRODUCTION, JWT, KEY, ("SIMULATOR", "true")];
    refused_with(&simulator, 2, &["production does not take the simulator"]).await;
}

#[actix_web::test]
async fn whoever_can_be_reached_wants_to_be_told_how_callers_are_known_and_production_to_know_them() {
    let with_zoom = |variables: &[(&str, &str)]| Start::with(&CREDENTIALS).and(variables);
    let refused_beside_zoom =
        async |variables: &[_], line: &[_]| refused(&with_zoom(variables).run().await, 2, line);
    let needs = ["AUTH_MODE is not set", "production needs AUTH_MODE=jwt and a key"];
    refused_beside_zoom(&[PRODUCTION], &needs).await;
    refused_beside_zoom(&[PRODUCTION, ("HOST", "127.0.0.1"), KEY], &needs).await;
    refused_beside_zoom(
        &[PRODUCTION, OPEN],
        &["AUTH_MODE=\"open\"", "production does not take it", "use jwt"],
    )
    .await;
    refused_beside_zoom(&[("HOST", "0.0.0.0")], &["AUTH_MODE is not set", "use jwt, or open, which lets"])
        .await;
}

#[actix_web::test]
async fn credentials_are_checked_with_one_key_that_cannot_be_guessed_or_not_at_all() {
    let keys = ["AUTH_MODE=\"jwt\"", "set AUTH_JWT_SECRET, AUTH_JWT_PUBLIC_KEY_FILE or AUTH_JWKS_FILE"];
    refused_with(&[JWT], 2, &keys).await;
    let open = ["AUTH_JWT_SECRET is set, but credentials are not checked without AUTH_MODE=jwt"];
    refused_with(&[KEY], 2, &open).await;
    refused_with(&[KEY, OPEN], 2, &open).await;
    let short = [JWT, ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-3")];
    refused_with(&short, 2, &["AUTH_JWT_SECRET: use at least 32 bytes", "openssl rand -base64 48"]).await;
    refused_with(&[JWT, ("AUTH_JWT_SECRET", "your_hush_here")], 2, &["AUTH_JWT_SECRET still holds"]).await;
    let start = Start::with(&[JWT, KEY]);
    let path = start.folder().put("key", "hush-hush-hush-hush-hush-hush-32\n");
    let twice = ["AUTH_JWT_SECRET and AUTH_JWT_SECRET_FILE are both set", "keep one of them"];
    refused(&start.and(&[("AUTH_JWT_SECRET_FILE", &path)]).run().await, 2, &twice);
    let start = Start::with(&[JWT]);
    let path = start.folder().put("key", "hush-hush-hush-hush-hush-hush-3\n");
    let short = ["AUTH_JWT_SECRET_FILE: use at least 32 bytes"];
    refused(&start.and(&[("AUTH_JWT_SECRET_FILE", &path)]).run().await, 2, &short);
    refused_with_dotenv("AUTH_JWT_SECRET=hush-hush$HOME\n", &[".env, line 1: AUTH_JWT_SECRET has a $"]).await;
}

#[actix_web::test]
async fn an_address_that_cannot_be_had_is_named_with_what_would_do() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let line = format!("cannot listen on 127.0.0.1:{port}: the port is in use");
    refused_with(&[("PORT", &port)], 1, &[&line, "set PORT"]).await;
    let simulate = Start::with(&[]).arguments(&["simulate", "--port", &port]);
    refused(&simulate.run().await, 1, &[&port, "in use"]);
    // Reserved for documentation: nobody has it.
    let elsewhere = [("HOST", "192.0.2.1"), ("AUTH_MODE", "open"), ("SIMULATOR", "true"), ("PORT", "0")];
    refused_with(&elsewhere, 1, &["cannot listen on 192.0.2.1", "no such address; set HOST"]).await;
}

#[actix_web::test]
async fn an_env_file_that_cannot_be_read_is_refused() {
    let start = Start::with(&ANY_PORT);
    fs::create_dir(start.folder().path(".env")).unwrap();
    refused(&start.run().await, 2, &[".env: the file can't be read", "remove it"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let start = Start::with(&ANY_PORT).dotenv("PORT=0\n");
        let path = start.folder().path(".env");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read everything.
        if fs::read(&path).is_err() {
            refused(&start.run().await, 2, &[".env: the file can't be read (permission denied)"]);
        }
    }
}

#[actix_web::test]
async fn a_line_of_the_env_file_is_refused_by_number_and_never_quoted() {
    let line = [".env, line 2: ZOOM_CLIENT_SECRET has a $", "between single quotes"];
    refused_with_dotenv("# mine\nZOOM_CLIENT_SECRET=hush$HOME\n", &line).await;
    for garbled in ["hush hush", "ZOOM_CLIENT_SECRET=hush hush", "ZOOM_CLIENT_SECRET='hush", "=hush"] {
        refused_with_dotenv(&format!("PORT=0\n{garbled}\n"), &[".env, line 2: use NAME=value"]).await;
    }
}

#[actix_web::test]
async fn a_root_that_is_no_certificate_is_refused_by_the_variable_that_names_it() {
    let marked = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    for text in [
        "hush".to_owned(),
        format!("{marked}\naHVzaA==\n{end}\n"),
        format!("{marked}\nhush, no base64\n{end}\n"),
        format!("{marked}\nhush"),
        format!("# {marked} hush"),
    ] {
        let start = Start::with(&CREDENTIALS).and(&ANY_PORT);
        let path = start.folder().put("root.pem", &text);
        refused(&start.and(&[("ZOOM_CA_FILE", &path)]).run().await, 2, &["ZOOM_CA_FILE"]);
    }
    let start = Start::with(&CREDENTIALS).and(&[("ZOOM_CA_FILE", "absent.pem")]);
    refused(&start.run().await, 2, &["ZOOM_CA_FILE=\"absent.pem\"", "can't be read"]);
}

#[actix_web::test]
async fn a_key_that_is_none_stops_the_start_and_the_check() {
    for (variable, line) in [
        ("AUTH_JWT_PUBLIC_KEY_FILE", "AUTH_JWT_PUBLIC_KEY_FILE: name a PEM file of one public key"),
        ("AUTH_JWKS_FILE", "AUTH_JWKS_FILE: name a JSON file of the form {\"keys\": […]}"),
    ] {
        for arguments in [&[][..], &["check"]] {
            let start = Start::with(&ANY_PORT).arguments(arguments);
            let path = start.folder().put("key", "hush-hush");
            refused(&start.and(&[JWT, (variable, &path)]).run().await, 2, &[line]);
        }
    }
}
