//! Limits: what is sent too fast, who comes too often, and how many there may be; the others notice nothing.

use actix_web::rt::spawn;
use rstest::rstest;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::credential;
use crate::harness::engine::Engine;
use crate::harness::{Client, Hub, MEETING, due};

const ANN: &str = "ann@example.com";

fn join(user: &str) -> Value {
    json!({"meetingId": MEETING, "participantUserId": user})
}

fn anns() -> String {
    credential(ANN, "participant", &json!({}))
}

/// Pings by event until the session is ended; how many were refused before.
async fn flood(client: &mut Client, count: usize) -> (usize, Option<(u16, String)>) {
    for _ in 0..count {
        client.emit("ping", Value::Null).await;
    }
    let (events, close) = client.rest().await;
    (events.iter().filter(|event| event["data"]["code"] == "rate_limited").count(), close)
}

#[rstest]
#[actix_web::test]
async fn what_a_session_sends_too_fast_is_refused_and_then_it_goes_on(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&[("MESSAGE_RATE_PER_SECOND", "2")]).await.over(carrier);
    let (mut fast, mut other) = (hub.connect().await, hub.connect_as("bob").await);
    for n in 0..5 {
        fast.emit_as(&n.to_string(), "ping", Value::Null).await;
    }
    for n in 0..4 {
        fast.expect_answer(&n.to_string(), "pong").await;
    }
    let refused = fast.expect_answer("4", "error").await;
    assert_eq!((&refused["code"], &refused["event"]), (&json!("rate_limited"), &json!("ping")));
    assert_eq!((&refused["retryable"], &refused["retryAfterSeconds"]), (&json!(true), &json!(1)));
    other.expect_nothing().await;
    due("another one", async {
        loop {
            fast.emit("ping", Value::Null).await;
            if fast.next().await["event"] == "pong" {
                break;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn a_session_that_goes_on_sending_too_fast_is_ended(#[values(WebSocket, SocketIo)] carrier: Carrier) {
    let hub = Hub::start_with(&[("MESSAGE_RATE_PER_SECOND", "2")]).await.over(carrier);
    let (mut hostile, mut other) = (hub.connect().await, hub.connect_as("bob").await);
    let (refused, close) = flood(&mut hostile, 40).await;
    assert_eq!(close, Some((4529, "rate_limited".to_owned())));
    assert!((20..30).contains(&refused), "{refused}");
    other.expect_nothing().await;
}

#[actix_web::test]
async fn a_flood_of_the_websockets_own_pings_is_one_too() {
    let hub = Hub::start_with(&[("MESSAGE_RATE_PER_SECOND", "2")]).await;
    let mut hostile = hub.connect().await;
    for _ in 0..40 {
        hostile.send(Message::Ping("x".into())).await;
    }
    assert_eq!(hostile.closed().await, (4529, "rate_limited".to_owned()));
}

#[actix_web::test]
async fn a_user_who_calls_too_fast_waits_and_no_other_does() {
    let hub = Hub::start_with_credentials(&[("REST_RATE_PER_SECOND", "2")]).await;
    let call = async |credential: &str, user: &str| {
        hub.http_with(credential).post("/api/meetings/join", join(user)).await
    };
    for _ in 0..4 {
        call(&anns(), ANN).await.expect(200);
    }
    // The user counts, not the credential.
    let refused = call(&credential("ANN@example.com", "host", &json!({})), ANN).await;
    assert_eq!(refused.expect(429)["code"], "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    call(&credential("bob", "participant", &json!({})), "bob").await.expect(200);
    let service = credential("backend", "service", &json!({}));
    for _ in 0..10 {
        call(&service, ANN).await.expect(200);
    }
}

#[actix_web::test]
async fn without_credentials_an_address_counts_as_trusted_proxies_tell_it() {
    let variables = [("REST_RATE_PER_SECOND", "1"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let hub = Hub::start_with(&variables).await;
    let from = async |address: &str| {
        hub.http().with("x-forwarded-for", address).post("/api/meetings/join", join(ANN)).await.status
    };
    assert_eq!([from("192.0.2.1").await, from("192.0.2.1").await, from("192.0.2.1").await], [200, 200, 429]);
    assert_eq!(from("192.0.2.2").await, 200);
    // What stands before the last is the client's own word.
    assert_eq!(from("192.0.2.9, 192.0.2.1").await, 429);
    let hub = Hub::start_with(&variables[..1]).await;
    let from = async |address: &str| {
        hub.http().with("x-forwarded-for", address).post("/api/meetings/join", join(ANN)).await.status
    };
    assert_eq!([from("192.0.2.1").await, from("192.0.2.2").await, from("192.0.2.3").await], [200, 200, 429]);
}

#[actix_web::test]
async fn tls_that_ends_at_a_trusted_proxy_is_told_to_browsers() {
    let hub = Hub::start_with(&[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let answer = hub.http().with("x-forwarded-proto", "https").get("/").await;
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=15552000; includeSubDomains"));
    assert!(answer.json()["websocket"]["url"].as_str().unwrap().starts_with("wss://"));
    assert_eq!(hub.get("/").await.header("strict-transport-security"), None);
    let hub = Hub::start().await;
    let answer = hub.http().with("x-forwarded-proto", "https").get("/").await;
    assert_eq!(answer.header("strict-transport-security"), None);
    assert!(answer.json()["websocket"]["url"].as_str().unwrap().starts_with("ws://"));
}

#[rstest]
#[actix_web::test]
async fn a_full_hub_takes_nobody_until_somebody_leaves(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&[("MAX_SESSIONS", "2")]).await.over(carrier);
    let (first, mut second) = (hub.connect_as(ANN).await, hub.connect_as("bob").await);
    let path = match carrier {
        WebSocket => "/ws",
        SocketIo | Polling => "/socket.io/?EIO=4&transport=polling",
    };
    let refused = hub.get(path).await;
    assert_eq!(refused.expect(503)["code"], "too_many_sessions");
    assert_eq!(refused.header("retry-after"), Some("5"));
    second.expect_nothing().await;
    first.leave().await;
    due("room", async { while hub.get("/api/health").await.json()["sessions"] != 1 {} }).await;
    hub.connect_as("carl").await.expect_nothing().await;
}

#[actix_web::test]
async fn connections_that_join_nothing_count_too() {
    let hub = Hub::start_with(&[("MAX_SESSIONS", "2")]).await;
    let engine = Engine::at(hub.address(), "/socket.io/");
    let open = (engine.by_polling().await, engine.by_websocket().await);
    let refused = engine.get("EIO=4&transport=polling").await;
    assert_eq!(refused.expect(503)["code"], "too_many_sessions");
    assert_eq!(engine.websocket("EIO=4&transport=websocket").await.unwrap_err().status, 503);
    drop(open);
}

#[rstest]
#[actix_web::test]
async fn a_users_oldest_session_makes_room_for_the_newest(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[("MAX_SESSIONS_PER_USER", "2")]).await.over(carrier);
    let service = credential("backend", "service", &json!({}));
    let mut backend = hub.connect_with(ANN, &service).await;
    let mut oldest = hub.connect_with(ANN, &anns()).await;
    let mut newer = hub.connect_with("ANN@example.com", &anns()).await;
    for mut more in [hub.connect_with("bob", &service).await, hub.connect_with(ANN, &service).await] {
        more.expect_nothing().await;
    }
    oldest.expect_nothing().await;
    let mut newest = hub.connect_with(ANN, &anns()).await;
    assert_eq!(oldest.closed().await, (4409, "too_many_sessions".to_owned()));
    for client in [&mut backend, &mut newer, &mut newest] {
        client.expect_nothing().await;
    }
}

#[actix_web::test]
async fn bad_credentials_are_answered_late_once_there_are_many_and_good_ones_never() {
    let hub = Hub::start_with_credentials(&[]).await;
    for _ in 0..10 {
        hub.http_with("junk").post("/api/meetings/join", join(ANN)).await.expect(401);
    }
    let mut bad = hub.connect().await;
    bad.emit("authenticate", json!({"userId": ANN, "token": "junk"})).await;
    let bad = spawn(async move { bad.closed().await.0 });
    let late = hub.http_with("junk");
    let late = spawn(async move { late.post("/api/meetings/join", join(ANN)).await.status });
    // From the same address, after the bad one, and answered before it.
    for _ in 0..3 {
        hub.http_with(&anns()).post("/api/meetings/join", join(ANN)).await.expect(200);
        hub.connect_with(ANN, &anns()).await.expect_nothing().await;
    }
    assert!(!late.is_finished() && !bad.is_finished());
    assert_eq!(due("the late answer", late).await.unwrap(), 401);
    assert_eq!(due("the late close", bad).await.unwrap(), 4401);
}

#[actix_web::test]
async fn a_bad_credential_in_a_socket_io_connect_is_answered_late_too() {
    let hub = Hub::start_with_credentials(&[]).await.over(SocketIo);
    for _ in 0..10 {
        assert!(hub.join_with(&json!({"token": "junk"})).await.is_err());
    }
    let mut frames = Engine::at(hub.address(), "/socket.io/").by_websocket().await;
    frames.send(r#"40{"token":"junk"}"#).await;
    let late = spawn(async move { frames.expect_json("44").await });
    hub.join_with(&json!({"token": anns()})).await.unwrap().expect("authenticated").await;
    assert!(!late.is_finished());
    assert_eq!(due("the late answer", late).await.unwrap()["message"], "invalid_credential");
}

#[actix_web::test]
async fn a_head_that_is_too_large_is_refused_and_the_hub_goes_on() {
    let hub = Hub::start().await;
    let answer =
        hub.http().with("x-much", &"x".repeat(1 << 20)).try_call(awc::http::Method::GET, "/", "").await;
    assert!(!answer.is_ok_and(|answer| answer.status == 200));
    hub.get("/").await.expect(200);
}
