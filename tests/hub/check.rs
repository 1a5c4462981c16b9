//! `check` as an operator runs it: what it tries, what it says about each way in which Zoom says no, what it never says.

use std::net::{Ipv4Addr, TcpListener};

use actix_web::middleware::DefaultHeaders;
use actix_web::rt::spawn;
use actix_web::{App, HttpServer};
use zoom_token_hub::simulator::{Account, FaultSettings, Settings, Simulator, routes, start};

use crate::harness::MEETING;
use crate::harness::program::{Ended, Start};
use crate::harness::stand_in::StandIn;

const TEST: [(&str, &str); 3] = [
    ("TEST_HOST_USER_ID", "host@example.com"),
    ("TEST_PARTICIPANT_USER_ID", "alice@example.com"),
    ("TEST_MEETING_ID", MEETING),
];

async fn simulator(fault: impl FnOnce(&mut FaultSettings)) -> Simulator {
    let zoom = start(Settings::default()).await.unwrap();
    zoom.faults().change(fault);
    zoom
}

fn checking(start: Start) -> Start {
    start.and(&TEST).arguments(&["check"])
}

/// It ended so, and said all of this, in this order, however its lines are broken.
fn said(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!((ended.code, ended.err.as_str()), (Some(code), ""), "{}", ended.out);
    let words: Vec<_> = ended.out.split_ascii_whitespace().collect();
    let text = words.join(" ");
    let mut rest = text.as_str();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("no {part:?} in {rest}\n\n{}", ended.out);
        };
        rest = after;
    }
}

#[actix_web::test]
async fn where_all_is_well_every_step_passes_and_tokens_are_told_by_length_and_end() {
    let zoom = simulator(|_| {}).await;
    let ended = checking(Start::hub(&zoom, &[])).run().await;
    let steps = [
        "ZOOM_CLIENT_SECRET set environment",
        &format!("Checks, against {}", zoom.oauth_url()),
        "✓ Login Successfully authenticated with Zoom; scopes: user:read:token:admin user:read:zak:admin",
        "✓ ZAK for host@example.com: ",
        " characters, good for 2 hours, until 20",
        "✓ OBF for alice@example.com: ",
        " characters, good for 30 minutes, until 20",
        "✓ Setup a ZAK for host@example.com and an OBF for alice@example.com",
        "4 passed, 0 failed, 0 skipped",
    ];
    said(&ended, 0, &steps);
    assert!(!ended.out.contains('!'), "{}", ended.out);
    let minted: Vec<_> = zoom.account().minted().await.iter().map(|minted| minted.user.to_string()).collect();
    assert_eq!(minted, ["host@example.com", "alice@example.com", "host@example.com", "alice@example.com"]);
    assert_eq!(zoom.seen().login_calls, 1);
}

#[actix_web::test]
async fn a_step_whose_variables_are_not_set_is_skipped_and_says_so() {
    let zoom = simulator(|_| {}).await;
    let ended = Start::hub(&zoom, &TEST[..1]).arguments(&["check"]).run().await;
    let steps = [
        "✓ Login",
        "✓ ZAK for host@example.com",
        "– OBF skipped: not set: TEST_PARTICIPANT_USER_ID, TEST_MEETING_ID",
        "– Setup skipped: not set: TEST_PARTICIPANT_USER_ID, TEST_MEETING_ID",
        "2 passed, 0 failed, 2 skipped",
    ];
    said(&ended, 0, &steps);
    let ended = Start::hub(&zoom, &[]).arguments(&["check"]).run().await;
    said(&ended, 0, &["– ZAK skipped: not set: TEST_HOST_USER_ID –", "1 passed, 0 failed, 3 skipped"]);
}

#[actix_web::test]
async fn a_wrong_secret_and_a_wrong_account_are_told_apart() {
    let zoom = simulator(|_| {}).await;
    let skipped = ["– ZAK not tried: the login failed", "0 passed, 1 failed, 3 skipped"];
    let ended = checking(Start::hub(&zoom, &[("ZOOM_CLIENT_SECRET", "wrong")])).run().await;
    let login = [
        "✗ Login OAuth authentication failed: Invalid client_id or client_secret",
        "status 400, code invalid_client",
        "ZOOM_CLIENT_ID or ZOOM_CLIENT_SECRET is wrong",
        "see that the app is activated",
    ];
    said(&ended, 1, &[&login[..], &skipped].concat());
    let ended = checking(Start::hub(&zoom, &[("ZOOM_ACCOUNT_ID", "another")])).run().await;
    said(
        &ended,
        1,
        &[&["✗ Login", "code invalid_request", "ZOOM_ACCOUNT_ID is wrong"], &skipped[..]].concat(),
    );
}

#[actix_web::test]
async fn a_missing_scope_is_named_at_the_login_and_where_it_is_missed() {
    let zoom = simulator(|faults| faults.missing_scope = true).await;
    let ended = checking(Start::hub(&zoom, &[])).run().await;
    let steps = [
        "✓ Login",
        "! Scope the app lacks user:read:token:admin, so OBF and ZAK tokens may be refused",
        "does not contain scopes:[user:read:token:admin]",
        "code 4711",
        "The app lacks the scope user:read:token:admin: add it",
    ];
    said(&ended, 1, &steps);
}

#[actix_web::test]
async fn an_obf_that_is_refused_says_whom_zoom_grants_one() {
    let zoom = simulator(|faults| faults.obf_unauthorised = true).await;
    let ended = checking(Start::hub(&zoom, &[])).run().await;
    let steps = [
        "✓ ZAK",
        "✗ OBF OBF token retrieval failed: The user has not authorized this app",
        "an app that logs in by itself (Server-to-Server) may not be allowed",
        "✗ Setup OBF token retrieval failed",
        "What to do: as above.",
        "2 passed, 2 failed, 0 skipped",
    ];
    said(&ended, 1, &steps);
}

#[actix_web::test]
async fn an_unknown_host_fails_the_zak_and_the_setup_and_names_the_variable() {
    let zoom = simulator(|_| {}).await;
    let start = checking(Start::hub(&zoom, &[])).and(&[("TEST_HOST_USER_ID", "missing@example.com")]);
    let steps = [
        "✗ ZAK ZAK token retrieval failed: User does not exist: missing@example.com.",
        "Set TEST_HOST_USER_ID to",
        "✓ OBF",
        "✗ Setup ZAK token retrieval failed",
        "2 passed, 2 failed, 0 skipped",
    ];
    said(&start.run().await, 1, &steps);
}

#[actix_web::test]
async fn limits_of_zooms_are_told_from_refusals() {
    let zoom = simulator(|faults| faults.daily_limit = true).await;
    said(&checking(Start::hub(&zoom, &[])).run().await, 1, &["✗ ZAK", "They begin anew at midnight UTC"]);
    zoom.faults().reset();
    zoom.faults().change(|faults| faults.error_rate = 1.0);
    said(&checking(Start::hub(&zoom, &[])).run().await, 1, &["✗ Login", "fails (status 500)"]);
}

#[actix_web::test]
async fn a_zoom_that_is_out_of_reach_or_not_trusted_or_silent_says_where_to_look() {
    let zoom = simulator(|faults| faults.silent = true).await;
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let start = Start::hub(&zoom, &[("ZOOM_OAUTH_URL", &format!("http://{nobody}/oauth/token"))]);
    let unreachable = ["✗ Login OAuth authentication failed: Zoom could not be reached", "does not reach it"];
    said(&checking(start).run().await, 1, &unreachable);

    let start = Start::hub(&zoom, &[("ZOOM_TIMEOUT_SECONDS", "0.2")]);
    said(
        &checking(start).run().await,
        1,
        &["✗ Login", "did not answer within 0.2 s", "ZOOM_TIMEOUT_SECONDS"],
    );

    let stranger = StandIn::tls();
    let start = Start::hub(&zoom, &[("ZOOM_OAUTH_URL", &stranger.url("/oauth/token"))]);
    said(&checking(start).run().await, 1, &["✗ Login", "TLS to Zoom fails", "ZOOM_CA_FILE"]);
    stranger.stop().await;
}

#[actix_web::test]
async fn a_clock_that_is_far_off_zooms_is_told() {
    let account = Account::new(Settings::default());
    let (zoom, settings) = (routes(account.clone()), account.settings());
    let server = HttpServer::new(move || {
        App::new()
            .wrap(DefaultHeaders::new().add(("Date", "Mon, 02 Mar 2026 09:00:00 GMT")))
            .configure(zoom.clone())
    });
    let server = server.workers(1).disable_signals().bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = server.addrs()[0];
    drop(spawn(server.run()));
    let start = Start::with(&[
        ("ZOOM_OAUTH_URL", &format!("http://{address}/oauth/token")),
        ("ZOOM_API_URL", &format!("http://{address}/v2")),
        ("ZOOM_CLIENT_ID", &settings.client_id),
        ("ZOOM_CLIENT_SECRET", settings.client_secret.reveal()),
        ("ZOOM_ACCOUNT_ID", &settings.account_id),
    ]);
    said(
        &checking(start).run().await,
        0,
        &["✓ Login", "! Clock this machine's clock and Zoom's are", "apart"],
    );
}

#[actix_web::test]
async fn without_credentials_it_says_that_only_the_simulator_is_checked() {
    let ended = checking(Start::with(&[])).run().await;
    let steps = [
        "SIMULATOR true default",
        "! no Zoom credentials are set",
        "against the built-in SIMULATOR: they say nothing about Zoom",
        "✓ Login Successfully authenticated with the simulated Zoom",
        "SIMULATED",
        "4 passed",
    ];
    said(&ended, 0, &steps);
}

#[actix_web::test]
async fn a_configuration_that_cannot_be_is_refused_before_anything_is_tried() {
    let start = Start::with(&[("TEST_MEETING_ID", "12")]).arguments(&["check"]);
    let Ended { code, out, err } = start.run().await;
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(
        err.starts_with("zoom-token-hub: TEST_MEETING_ID=\"12\": a meeting ID is 9 to 11 digits"),
        "{err}"
    );
}

#[actix_web::test]
async fn each_value_is_shown_with_where_it_came_from() {
    let zoom = simulator(|_| {}).await;
    let settings = zoom.settings();
    let dotenv = format!(
        "PORT=1\nMAX_BATCH=7\nZOOM_CLIENT_ID={}\nZOOM_ACCOUNT_ID={}\nZOOM_CLIENT_SECRET_FILE=secret\n",
        settings.client_id, settings.account_id
    );
    let start = Start::with(&[
        ("PORT", "9"),
        ("ZOOM_OAUTH_URL", &zoom.oauth_url()),
        ("ZOOM_API_URL", &zoom.api_url()),
    ]);
    start.folder().put("secret", settings.client_secret.reveal());
    let ended = start.dotenv(&dotenv).arguments(&["check"]).run().await;
    let origins = [
        &*format!("ZOOM_CLIENT_ID {} .env", settings.client_id),
        "ZOOM_CLIENT_SECRET set file of ZOOM_CLIENT_SECRET_FILE",
        "ZOOM_CLIENT_SECRET_FILE secret .env",
        "SIMULATOR false default",
        "PORT 9 environment",
        "MAX_BATCH 7 .env",
        "TEST_HOST_USER_ID not set",
        "✓ Login",
    ];
    said(&ended, 0, &origins);
    assert!(!ended.out.contains(settings.client_secret.reveal()), "{}", ended.out);
}

#[actix_web::test]
async fn it_runs_beside_a_hub_and_though_nobody_reads_what_it_says() {
    let zoom = simulator(|_| {}).await;
    let (_hub, address) = Start::hub(&zoom, &[]).serve().await;
    let port = address.port().to_string();
    let ended = checking(Start::hub(&zoom, &[("PORT", &port)])).unheard().run().await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    zoom.faults().change(|faults| faults.bad_credentials = true);
    let ended = checking(Start::hub(&zoom, &[])).unheard().run().await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
}

#[actix_web::test]
async fn nothing_secret_is_said_not_even_what_zoom_echoes() {
    let zoom = StandIn::plain();
    let start = |log: &'static str| checking(zoom.hub(&[("RUST_LOG", log)]));
    let fine = start("trace").run().await;
    assert!(fine.out.contains("4 passed") && fine.err.contains("TRACE"), "{}", fine.out);
    let echoed = start("off").and(&[("TEST_HOST_USER_ID", "echo")]).run().await;
    said(&echoed, 1, &["✗ ZAK", "Validation failed: Bearer [secret]"]);
    zoom.account.faults().change(|faults| faults.bad_credentials = true);
    let refused = start("off").run().await;
    said(&refused, 1, &["✗ Login", "[secret]"]);
    let secrets = zoom.secrets();
    assert!(secrets.count() > 8, "{}: too little has happened", secrets.count());
    for Ended { out, err, .. } in [fine, echoed, refused] {
        assert_eq!(secrets.within(&(out + &err)), [""; 0]);
    }
    zoom.stop().await;
}
