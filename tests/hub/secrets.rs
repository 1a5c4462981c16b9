//! No secret is logged: the program at its most talkative goes through everything that it can do, and all that it said
//! is searched for every secret that it held.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Version;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::engine::Engine;
use crate::harness::program::{Start, connect_as, post};
use crate::harness::stand_in::StandIn;
use crate::harness::{Carrier, Client, Http, MEETING, due};

/// As long as a piece of a secret is looked for.
const PIECE: usize = 16;
/// What a caller presents to the hub; whether it means anything there or not, it is a secret.
const CREDENTIAL: &str = "canary.credential-of-a-caller.8Hq2Zr5Lw0";

/// Each piece of a text in which a secret could be recognised.
fn pieces(text: &str) -> impl Iterator<Item = &[u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(byte);
    let words = text.as_bytes().split(move |byte| !is_word(byte));
    words.flat_map(|word| word.windows(PIECE))
}

/// The same as a list of bytes and in hexadecimal, as debug texts of buffers have it.
fn spelled_out(secret: &str) -> [String; 2] {
    let start = &secret.as_bytes()[..PIECE];
    let list: Vec<_> = start.iter().map(ToString::to_string).collect();
    let hex: Vec<_> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    [list.join(", "), hex.concat()]
}

/// The secrets, by their names, of which a text holds a piece.
fn found(text: &str, secrets: &[(&'static str, String)]) -> Vec<String> {
    let there: HashSet<_> = pieces(text).collect();
    let mut found = Vec::new();
    for (name, secret) in secrets {
        assert!(secret.len() >= PIECE, "{name} is too short to be looked for");
        let in_clear = secret.as_bytes().chunks_exact(PIECE).find(|piece| there.contains(piece));
        if let Some(piece) = in_clear {
            let piece = String::from_utf8_lossy(piece);
            let line = text.lines().find(|line| line.contains(&*piece));
            found.push(format!("{name}: {}", line.unwrap_or_default()));
        }
    }
    found
}

fn spelled(text: &str, secrets: &[(&'static str, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, secret) in secrets {
        found.extend(
            spelled_out(secret).into_iter().filter(|form| text.contains(form)).map(|_| (*name).to_owned()),
        );
    }
    found
}

fn start_meeting(host: &str) -> Value {
    json!({"meetingId": MEETING, "hostUserId": host})
}

fn join(participant: &str) -> Value {
    json!({"meetingId": MEETING, "participantUserId": participant})
}

/// A meeting with some for whom it goes well and some for whom it goes wrong. What goes wrong in passing is asked for
/// again for half a minute in a batch, so that is left to single calls.
fn many(host: &str) -> Value {
    let participants = ["alice", "bob", "echo", "missing", "flaky", "flaky", "me"];
    json!({"meetingId": MEETING, "hostUserId": host, "participantUserIds": participants})
}

async fn over_http(address: SocketAddr) {
    let http = || Http::new(address).with("authorization", &format!("Bearer {CREDENTIAL}"));
    let meetings = |call: &str| format!("/api/meetings/{call}");
    for path in ["/", "/api/health", "/api/health/live", "/api/health/ready"] {
        http().get(path).await.expect(200);
    }
    http().get(&format!("/nowhere?token={CREDENTIAL}")).await.expect(404);
    for user in ["alice", "echo", "torn", "garbled", "missing"] {
        http().post(&meetings("start"), start_meeting(user)).await;
        http().post(&meetings("join"), join(user)).await;
    }
    let form = format!("meetingId={MEETING}&participantUserId=bob");
    let known = http().with("x-request-id", "marker-7c1e");
    known.post_form(&meetings("join"), &form).await.expect(200);
    for call in ["batch-join", "setup", "distribute"] {
        http().post(&meetings(call), many("host")).await.expect(200);
    }
    http().post(&meetings("start"), json!({"token": CREDENTIAL})).await.expect(400);
    http().post(&meetings("start"), json!(CREDENTIAL)).await.expect(400);
}

async fn over_a_session(address: SocketAddr, carrier: Carrier) {
    let mut host = Client::connect(address, carrier).await;
    host.emit("authenticate", json!({"userId": "host", "token": CREDENTIAL})).await;
    host.expect("authenticated").await;
    let mut alice = connect_as(address, carrier, "alice").await;
    let mut others = Vec::new();
    for user in ["echo", "torn", "garbled", "missing", "flaky"] {
        others.push(connect_as(address, carrier, user).await);
    }
    for user in ["host", "echo", "torn", "garbled", "missing"] {
        host.emit("meeting:start", start_meeting(user)).await;
        host.next().await;
        alice.emit("meeting:join", join(user)).await;
        alice.next().await;
    }
    host.emit("meeting:distribute", many("host")).await;
    host.expect("meeting:started").await;
    alice.expect("meeting:credentials").await;
    host.expect("meeting:distributed").await;
    host.emit("meeting:distribute", many("echo")).await;
    assert_eq!(host.expect("error").await["code"], "zoom_refused");
    host.emit("no:such", json!({"token": CREDENTIAL})).await;
    host.expect("error").await;
    host.expect_nothing().await;
    host.leave().await;
}

/// What is in no form at all. The name of a connection, by which what is its own can be read.
async fn over_frames(address: SocketAddr) -> String {
    let mut client = connect_as(address, Carrier::WebSocket, "alice").await;
    client.send(Message::Ping(CREDENTIAL.into())).await;
    client.expect_nothing().await;
    for text in [CREDENTIAL, &format!("{{\"event\": \"{CREDENTIAL}"), "[]"] {
        client.send_text(text).await;
    }
    assert_eq!(client.closed().await.0, 4400);
    let engine = Engine::at(address, "/socket.io/");
    let mut frames = engine.by_websocket().await;
    frames.send(&format!("40{{\"token\":\"{CREDENTIAL}\"}}")).await;
    frames.expect_json("40").await;
    frames.send(&format!("42[\"{CREDENTIAL}\"")).await;
    frames.closed().await;
    let polls = engine.by_polling().await;
    polls.post("40").await;
    assert!(polls.packets().await.starts_with("40"));
    assert_eq!(polls.try_post(CREDENTIAL).await.unwrap().status, 400);
    polls.sid
}

/// Everything that goes wrong between the hub and Zoom.
async fn over_a_failing_zoom(address: SocketAddr, zoom: &StandIn) {
    let faults = zoom.account.faults();
    let call = || async { post(address, "/api/meetings/join", join("alice")).await.status };
    faults.change(|faults| faults.drop_rate = 1.0);
    assert_eq!(call().await, 503);
    faults.reset();
    faults.change(|faults| faults.error_rate = 1.0);
    assert_eq!(call().await, 503);
    faults.reset();
    // The access token is renewed.
    zoom.account.revoke_access_tokens().await;
    assert_eq!(call().await, 200);
    // And then it can't be, for the credentials are refused and echoed.
    faults.change(|faults| faults.bad_credentials = true);
    zoom.account.revoke_access_tokens().await;
    let refused = post(address, "/api/meetings/join", join("alice")).await;
    assert_eq!(refused.expect(502)["code"], "zoom_credentials_rejected");
    let health = Http::new(address).get("/api/health").await;
    assert_eq!(health.status, 503);
    let secrets = secrets(zoom);
    for answer in [refused.text, health.text] {
        assert_eq!(found(&answer, &secrets), [""; 0], "told to a client");
    }
    faults.reset();
    // A refused login is not tried again at once.
    due("the next login", async { while call().await != 200 {} }).await;
}

/// Every secret that the hub has held.
fn secrets(zoom: &StandIn) -> Vec<(&'static str, String)> {
    let settings = zoom.account.settings();
    let (secret, learnt) = (settings.client_secret.reveal().to_owned(), zoom.learnt());
    let pair = BASE64_STANDARD.encode(format!("{}:{secret}", settings.client_id));
    assert_eq!(learnt.basics.iter().collect::<Vec<_>>(), [&pair]);
    let mut secrets = vec![
        ("the client secret", secret),
        ("the Basic credential", pair),
        ("a caller's credential", CREDENTIAL.to_owned()),
    ];
    let named = |name| move |secret| (name, secret);
    secrets.extend(learnt.access_tokens.into_iter().map(named("an access token")));
    secrets.extend(learnt.tokens.into_iter().map(named("a token")));
    secrets
}

/// The program at its most talkative through everything; nothing of what it held is in what it said.
async fn says_nothing_of_what_it_holds(zoom: &StandIn) {
    let settings = zoom.account.settings();
    let start = Start::with(&[
        ("PORT", "0"),
        ("RUST_LOG", "trace"),
        ("ZOOM_TIMEOUT_SECONDS", "1"),
        ("ZOOM_OAUTH_URL", &zoom.url("/oauth/token")),
        ("ZOOM_API_URL", &zoom.url("/v2")),
        ("ZOOM_CLIENT_ID", &settings.client_id),
        ("ZOOM_CLIENT_SECRET", settings.client_secret.reveal()),
        ("ZOOM_ACCOUNT_ID", &settings.account_id),
    ]);
    let root = zoom.root.as_ref().map(|root| start.folder().put("root.pem", root));
    let start = match &root {
        Some(path) => start.and(&[("ZOOM_CA_FILE", path)]),
        None => start,
    };
    let (program, address) = start.serve().await;
    over_http(address).await;
    for carrier in [Carrier::WebSocket, Carrier::SocketIo, Carrier::Polling] {
        over_a_session(address, carrier).await;
    }
    let connection = over_frames(address).await;
    over_a_failing_zoom(address, zoom).await;
    program.signal("TERM").await;
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let (said, mut secrets) = (ended.out + &ended.err, secrets(zoom));
    secrets.push(("a connection's name", connection));
    assert!(secrets.len() > 30, "{}: too little has happened", secrets.len());
    // It was talkative indeed, and what it says is found.
    for marker in ["request=marker-7c1e", " TRACE mio", "TRACE actix_", "[secret]"] {
        assert!(said.contains(marker), "no {marker:?} in {} bytes of log", said.len());
    }
    assert_eq!(found(&said, &secrets), [""; 0]);
    assert_eq!(spelled(&said, &secrets[..4]), [""; 0]);
}

#[actix_web::test]
async fn no_secret_is_logged_whatever_happens() {
    let zoom = StandIn::plain();
    says_nothing_of_what_it_holds(&zoom).await;
    zoom.stop().await;
}

#[actix_web::test]
async fn no_secret_is_logged_over_tls_either_where_http_1_is_spoken_though_http_2_is_offered() {
    let zoom = StandIn::tls();
    says_nothing_of_what_it_holds(&zoom).await;
    assert_eq!(zoom.learnt().versions.iter().collect::<Vec<_>>(), ["HTTP/1.1"]);
    // Whoever takes what is offered speaks HTTP/2.
    let mut roots = RootCertStore::empty();
    let root = zoom.root.as_ref().unwrap();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let connector = awc::Connector::new().rustls_0_23(Arc::new(tls)).timeout(Duration::from_secs(5));
    let client = awc::Client::builder().connector(connector).finish();
    let answer = due("an answer", client.get(zoom.url("/v2")).send()).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert!(zoom.learnt().versions.contains("HTTP/2.0"));
    zoom.stop().await;
}

#[test]
fn a_secret_in_a_text_is_found_whole_in_part_and_spelled_out() {
    let secrets = [("it", "0123456789abcdefghijklmnopqrstuvwxyz".to_owned())];
    for text in [
        "a log line: Bearer 0123456789abcdefghijklmnopqrstuvwxyz.",
        "one \"0123456789abcdef…\" cut short",
        "x\\r\\n56789abcdefghijklmnopqrstuv\\r",
    ] {
        assert_eq!(found(text, &secrets), [format!("it: {text}")]);
    }
    assert_eq!(found("0123456789abcde", &secrets), [""; 0]);
    assert_eq!(
        spelled("[48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]", &secrets),
        ["it"]
    );
    assert_eq!(spelled("30313233343536373839616263646566", &secrets), ["it"]);
}
