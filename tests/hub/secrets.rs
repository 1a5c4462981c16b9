//! No secret is logged: the program at its most talkative goes through everything that it can do, and all that it said
//! is searched for every secret that it held.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Version;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::engine::Engine;
use crate::harness::program::{connect_as, post};
use crate::harness::stand_in::StandIn;
use crate::harness::{Answer, Carrier, Client, Http, MEETING, due};

/// What a caller presents to the hub; whether it means anything there or not, it is a secret.
const CREDENTIAL: &str = "canary.credential-of-a-caller.8Hq2Zr5Lw0";

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
        host.next_but_progress().await;
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

/// Everything that goes wrong between the hub and Zoom, as whoever makes this call sees it. At the end even the login is
/// refused, and this is done meanwhile.
pub async fn over_a_failing_zoom(
    zoom: &StandIn,
    call: impl AsyncFn() -> Answer,
    meanwhile: impl AsyncFnOnce(),
) {
    let faults = zoom.account.faults();
    faults.change(|faults| faults.drop_rate = 1.0);
    call().await.expect(503);
    faults.reset();
    faults.change(|faults| faults.error_rate = 1.0);
    call().await.expect(503);
    faults.reset();
    // The access token is renewed.
    zoom.account.revoke_access_tokens().await;
    call().await.expect(200);
    // And then it can't be, for the credentials are refused and echoed.
    faults.change(|faults| faults.bad_credentials = true);
    zoom.account.revoke_access_tokens().await;
    assert_eq!(call().await.expect(502)["code"], "zoom_credentials_rejected");
    meanwhile().await;
    faults.reset();
    // A refused login is not tried again at once.
    due("the next login", async { while call().await.status != 200 {} }).await;
}

/// The program at its most talkative through everything; nothing of what it held is in what it said.
async fn says_nothing_of_what_it_holds(zoom: &StandIn) {
    let start = zoom.hub(&[("RUST_LOG", "trace"), ("ZOOM_TIMEOUT_SECONDS", "1")]);
    let (program, address) = start.serve().await;
    over_http(address).await;
    for carrier in [Carrier::WebSocket, Carrier::SocketIo, Carrier::Polling] {
        over_a_session(address, carrier).await;
    }
    let connection = over_frames(address).await;
    let told = RefCell::new(String::new());
    let call = async || {
        let answer = post(address, "/api/meetings/join", join("alice")).await;
        if answer.status != 200 {
            told.borrow_mut().push_str(&answer.text);
        }
        answer
    };
    over_a_failing_zoom(zoom, call, async || {
        let health = Http::new(address).get("/api/health").await;
        health.expect(503);
        told.borrow_mut().push_str(&health.text);
    })
    .await;
    program.signal("TERM").await;
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let (said, mut secrets) = (ended.out + &ended.err, zoom.secrets());
    secrets.add("a caller's credential", CREDENTIAL);
    secrets.add("a connection's name", connection);
    assert!(secrets.count() > 30, "{}: too little has happened", secrets.count());
    // It was talkative indeed, and what it says is found.
    for marker in ["request=marker-7c1e", " TRACE mio", "TRACE actix_", "[secret]"] {
        assert!(said.contains(marker), "no {marker:?} in {} bytes of log", said.len());
    }
    assert_eq!(secrets.within(&said), [""; 0]);
    assert_eq!(secrets.spelled_out_in(&said), [""; 0]);
    assert_eq!(secrets.within(&told.borrow()), [""; 0], "told to a client");
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
