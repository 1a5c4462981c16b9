//! The program as an operator starts it: what it prints, the calls as the documentation prints them, and the
//! simulator as a program of its own.

use std::fs;
use std::process::Command;

use awc::http::Method;
use serde_json::{Value, json};
use zoom_token_hub::config::{VARIABLES, Variable};
use zoom_token_hub::simulator::{Claims, Settings, start};

use crate::harness::program::{Start, connect_as, post};
use crate::harness::{Carrier, Http, MEETING, due};

/// Elsewhere than on the port that every developer uses.
const ANY_PORT: [(&str, &str); 1] = [("PORT", "0")];

#[actix_web::test]
async fn told_nothing_it_runs_on_the_simulator_and_says_where_to_go() {
    let (program, address) = Start::with(&ANY_PORT).serve().await;
    let (port, said) = (address.port(), program.says("Tokens:").await);
    for line in [
        format!("Zoom Token Hub {} is running\n", version()),
        format!("HTTP API:   http://localhost:{port}\n"),
        format!("WebSocket:  ws://localhost:{port}/ws\n"),
        "Tokens:     SIMULATED".to_owned(),
    ] {
        assert!(said.contains(&line), "no {line:?} in {said}");
    }
    program.says("Login:      Successfully authenticated with the simulated Zoom").await;
    program.logs("no Zoom credentials are set").await;
    let health = Http::new(address).get("/api/health").await.expect(200);
    assert_eq!(health["mode"], "simulator");
    let mut alice = connect_as(address, Carrier::WebSocket, "alice@example.com").await;
    alice.expect_nothing().await;
}

/// As `curl -X POST … -H "Content-Type: application/json" -d '…'` sends it.
async fn as_printed(http: Http, path: &str, body: &str) -> Value {
    let http = http.with("Content-Type", "application/json").with("Accept", "*/*");
    due(path, http.call(Method::POST, path, body)).await.expect(200)
}

fn is_token_of(token: &Value, user: &str) -> bool {
    Claims::read(token.as_str().unwrap()).unwrap().sub == user
}

#[actix_web::test]
async fn the_calls_work_as_they_are_printed() {
    let (_program, address) = Start::with(&ANY_PORT).serve().await;
    let http = || Http::new(address);
    let body = "{\n    \"meetingId\": \"1234567890\",\n    \"hostUserId\": \"host@example.com\"\n  }";
    let start = as_printed(http(), "/api/meetings/start", body).await;
    assert_eq!(
        (&start["success"], &start["meetingId"], &start["expiresIn"], &start["message"]),
        (
            &json!(true),
            &json!(MEETING),
            &json!("2 hours"),
            &json!("Meeting credentials generated successfully")
        )
    );
    assert!(is_token_of(&start["zakToken"], "host@example.com"));

    let body =
        "{\n    \"meetingId\": \"1234567890\",\n    \"participantUserId\": \"participant@example.com\"\n  }";
    let join = as_printed(http(), "/api/meetings/join", body).await;
    assert_eq!(
        (&join["success"], &join["meetingId"], &join["expiresIn"], &join["message"]),
        (
            &json!(true),
            &json!(MEETING),
            &json!("30 minutes"),
            &json!("Join credentials generated successfully")
        )
    );
    assert!(is_token_of(&join["obfToken"], "participant@example.com"));

    let body = "{\n    \"meetingId\": \"1234567890\",\n    \"participantUserIds\": [\n      \"user1@example.com\",\n      \
                \"user2@example.com\",\n      \"user3@example.com\"\n    ]\n  }";
    let batch = as_printed(http(), "/api/meetings/batch-join", body).await;
    assert_eq!(batch["summary"], json!({"total": 3, "successful": 3, "failed": 0}));
    for (row, number) in batch["results"]["successful"].as_array().unwrap().iter().zip(1..) {
        assert_eq!(row["userId"], format!("user{number}@example.com"));
        assert!(is_token_of(&row["obfToken"], row["userId"].as_str().unwrap()));
    }

    let body = "{\n    \"meetingId\": \"1234567890\",\n    \"hostUserId\": \"host@example.com\",\n    \
                \"participantUserIds\": [\n      \"alice@example.com\",\n      \"bob@example.com\"\n    ]\n  }";
    let setup = as_printed(http(), "/api/meetings/setup", body).await;
    assert_eq!((&setup["success"], &setup["host"]["expiresIn"]), (&json!(true), &json!("2 hours")));
    assert!(is_token_of(&setup["host"]["zakToken"], "host@example.com"));
    for (row, user) in setup["participants"].as_array().unwrap().iter().zip(["alice", "bob"]) {
        assert!(is_token_of(&row["obfToken"], &format!("{user}@example.com")));
    }
}

/// The package's version, with the commit where this is a checkout.
fn version() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .args(arguments)
            .output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let at_root = git(&["rev-parse", "--show-prefix"]).is_some_and(|prefix| prefix.is_empty());
    match git(&["rev-parse", "--short=7", "HEAD"]).filter(|_| at_root) {
        Some(commit) => format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
        None => env!("CARGO_PKG_VERSION").to_owned(),
    }
}

#[actix_web::test]
async fn it_says_whether_zoom_let_it_in() {
    let zoom = start(Settings::default()).await.unwrap();
    let (program, _) = Start::hub(&zoom, &[("RUST_LOG", "info")]).serve().await;
    program.says("Login:      Successfully authenticated with Zoom\n").await;
    zoom.faults().change(|faults| faults.bad_credentials = true);
    let program = Start::hub(&zoom, &[("RUST_LOG", "off")]).start();
    let said = program.says("`zoom-token-hub check` says what to do").await;
    assert!(said.contains("Login:      OAuth authentication failed: Invalid client_id or"), "{said}");
}

#[actix_web::test]
async fn it_tells_its_version_and_how_it_is_used() {
    let ended = Start::with(&[]).arguments(&["--version"]).run().await;
    let version = format!("zoom-token-hub {}\n", version());
    assert_eq!((ended.code, ended.out, ended.err), (Some(0), version, String::new()));
    for help in ["--help", "help"] {
        let ended = Start::with(&[]).arguments(&[help]).run().await;
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        for command in ["serve", "check", "token", "simulate", "--version"] {
            assert!(ended.out.contains(command), "{}", ended.out);
        }
        for Variable { name, .. } in VARIABLES {
            assert!(ended.out.contains(&format!("\n    {name} ")), "no {name} in {}", ended.out);
        }
    }
    for wrong in [&["--prot", "1"][..], &["server"], &["simulate", "--port", "65536"]] {
        let ended = Start::with(&ANY_PORT).arguments(wrong).run().await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
    }
}

#[actix_web::test]
async fn a_hub_works_against_the_simulator_with_the_variables_that_it_prints() {
    let simulator = Start::with(&[]).arguments(&["simulate", "--port", "0"]).start();
    let said = simulator.says("Its faults are switched at ").await;
    let printed: Vec<_> = said.lines().filter_map(|line| line.trim().split_once('=')).collect();
    let names: Vec<_> = printed.iter().map(|(name, _)| *name).collect();
    let expected =
        ["ZOOM_OAUTH_URL", "ZOOM_API_URL", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_ACCOUNT_ID"];
    assert_eq!(names, expected);
    // As variables, and as lines that someone put into `.env`.
    let lines: Vec<_> = printed.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for start in [Start::with(&ANY_PORT).and(&printed), Start::with(&ANY_PORT).dotenv(&lines.join("\n"))] {
        let (hub, address) = start.serve().await;
        assert!(hub.says("Tokens:").await.contains("from Zoom"));
        let join = json!({"meetingId": MEETING, "participantUserId": "alice@example.com"});
        let join = post(address, "/api/meetings/join", join).await.expect(200);
        assert!(is_token_of(&join["obfToken"], "alice@example.com"));
    }
    simulator.signal("TERM").await;
    assert_eq!(simulator.ended().await.code, Some(0));
}

#[actix_web::test]
async fn a_copy_of_the_example_starts_the_simulator() {
    let example = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example")).unwrap();
    let (program, _) = Start::with(&ANY_PORT).dotenv(&example).serve().await;
    assert!(program.says("Tokens:").await.contains("SIMULATED"));
}

#[actix_web::test]
async fn it_serves_though_nobody_reads_what_it_prints() {
    // What `| head -1` leaves behind. The log of the server's library says where it listens.
    let program = Start::with(&ANY_PORT).and(&[("RUST_LOG", "info")]).unheard().start();
    program.logs("where to go could not be printed").await;
    program.signal("TERM").await;
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    let simulator = Start::with(&[]).arguments(&["simulate", "--port", "0"]).unheard().start();
    simulator.logs("where to go could not be printed").await;
    simulator.signal("TERM").await;
    let ended = simulator.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}
