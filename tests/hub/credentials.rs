//! Credentials shown: each place where one may be, what a bad one is answered with, and what comes before any.

use awc::http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::{credential, ending_in, now, signed_with};
use crate::harness::engine::Engine;
use crate::harness::{Client, Hub, MEETING, due};

const ANN: &str = "ann@example.com";
const STRANGERS_SECRET: &str = "a-secret-that-the-hub-has-never-heard-of";

fn anns() -> String {
    credential(ANN, "participant", &json!({}))
}

fn join() -> Value {
    json!({"meetingId": MEETING, "participantUserId": ANN})
}

/// What is wrong with a credential, and the code that says so.
fn bad() -> Vec<(&'static str, String, &'static str, u16)> {
    let odd = |claims| credential(ANN, "participant", &claims);
    vec![
        ("no credential at all", "junk".to_owned(), "invalid_credential", 4401),
        (
            "another's signature",
            signed_with(STRANGERS_SECRET, ANN, "service", &json!({})),
            "invalid_credential",
            4401,
        ),
        ("not valid yet", odd(json!({"nbf": now() + 300})), "invalid_credential", 4401),
        ("issued in the future", odd(json!({"iat": now() + 300})), "invalid_credential", 4401),
        ("too long a life", odd(json!({"exp": now() + 100_000})), "invalid_credential", 4401),
        ("an unknown role", odd(json!({"role": "owner"})), "invalid_credential", 4401),
        ("expired", ending_in(-5, ANN, "participant"), "credential_expired", 4601),
    ]
}

#[rstest]
#[actix_web::test]
async fn who_shows_a_credential_is_told_what_it_is_good_for(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let service = credential("backend", "service", &json!({}));
    let told = hub.connect().await.show("Ann@example.com", &anns()).await;
    assert_eq!(
        (&told["userId"], &told["role"], &told["meetings"]),
        (&json!("Ann@example.com"), &json!("participant"), &json!([]))
    );
    let until: jiff::Timestamp = told["expiresAt"].as_str().unwrap().parse().unwrap();
    assert!((now() + 3650..now() + 3661).contains(&until.as_second()), "an hour and the leeway: {until}");
    let told =
        hub.connect().await.show(ANN, &credential(ANN, "host", &json!({"meetings": ["123 456 7890"]}))).await;
    assert_eq!((&told["role"], &told["meetings"]), (&json!("host"), &json!([])));
    // A service's connection may be anybody's, one after the other.
    let mut client = hub.connect().await;
    assert_eq!(client.show(ANN, &service).await["role"], "service");
    client.authenticate("bob@example.com").await;
    hub.http_with(&service).post("/api/meetings/join", join()).await.expect(200);
    client.expect("meeting:credentials").await;
}

#[rstest]
#[actix_web::test]
async fn before_a_credential_is_shown_nothing_but_authenticate_and_ping_is_taken(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let mut client = hub.connect().await;
    client.expect_nothing().await;
    for (event, data) in [("meeting:join", join()), ("authenticate", json!({"userId": ANN}))] {
        assert_eq!(client.refused(event, data).await, "not_authenticated");
    }
    client.show(ANN, &anns()).await;
    client.emit("meeting:join", join()).await;
    client.expect("meeting:credentials").await;
    assert_eq!(hub.zoom.seen().obf_calls, 1);
}

#[rstest]
#[actix_web::test]
async fn who_does_not_say_in_time_who_it_is_has_to_leave(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[("AUTH_TIMEOUT_SECONDS", "0.5")]).await.over(carrier);
    let mut stays = hub.connect_with(ANN, &anns()).await;
    let mut silent = hub.connect().await;
    assert_eq!(silent.closed().await, (4508, "authentication_timeout".to_owned()));
    stays.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_bad_credential_ends_a_connection_that_has_shown_no_good_one(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    for (name, credential, code, close) in bad() {
        let mut client = hub.connect().await;
        client.emit_as("a", "authenticate", json!({"userId": ANN, "token": credential})).await;
        let error = client.expect_answer("a", "error").await;
        assert_eq!((&error["event"], &error["code"]), (&json!("authenticate"), &json!(code)), "{name}");
        assert!(!error.to_string().contains("signature"), "which way is for the log: {error}");
        assert_eq!(client.closed().await, (close, code.to_owned()), "{name}");
    }
    let mut client = hub.connect().await;
    assert_eq!(client.refused("authenticate", json!({"userId": ANN, "token": 7})).await, "invalid_request");
}

#[actix_web::test]
async fn a_call_shows_its_credential_in_its_authorization() {
    let hub = Hub::start_with_credentials(&[]).await;
    hub.http_with(&anns()).post("/api/meetings/join", join()).await.expect(200);
    let none = hub.post("/api/meetings/join", join()).await;
    assert_eq!(none.expect(401)["code"], "not_authenticated");
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    for scheme in ["Basic eDp5", "Bearer", ""] {
        let answer = hub.http().with("authorization", scheme).post("/api/meetings/join", join()).await;
        assert_eq!(answer.expect(401)["code"], "not_authenticated", "{scheme}");
    }
    for (name, credential, code, _) in bad() {
        let answer = hub.http_with(&credential).post("/api/meetings/join", join()).await;
        assert_eq!(answer.expect(401)["code"], code, "{name}");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    }
    // Refused before it is read, whatever it holds.
    let unread = hub.http().call(Method::POST, "/api/meetings/start", "}").await;
    assert_eq!(unread.expect(401)["code"], "not_authenticated");
    assert_eq!(hub.zoom.seen().obf_calls, 1);
}

#[actix_web::test]
async fn a_credential_in_a_url_is_none() {
    let hub = Hub::start_with_credentials(&[]).await;
    for name in ["token", "access_token", "bearer"] {
        let answer = hub.post(&format!("/api/meetings/join?{name}={}", anns()), join()).await;
        assert_eq!(answer.expect(401)["code"], "not_authenticated");
    }
    let url = format!("ws://{}/ws?token={}", hub.address(), anns());
    let mut client = Client::of(due("the connection", connect_async(url)).await.unwrap().0);
    assert_eq!(client.refused("meeting:join", join()).await, "not_authenticated");
}

/// A WebSocket at `/ws` whose handshake has this header.
async fn with_header(hub: &Hub, name: &'static str, value: &str) -> Result<(Client, Option<String>), u16> {
    let mut request = format!("ws://{}/ws", hub.address()).into_client_request().unwrap();
    request.headers_mut().insert(name, value.parse().unwrap());
    match due("the connection", connect_async(request)).await {
        Ok((socket, answer)) => {
            let chosen = answer.headers().get("sec-websocket-protocol");
            Ok((Client::of(socket), chosen.map(|value| value.to_str().unwrap().to_owned())))
        }
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[actix_web::test]
async fn a_websocket_shows_its_credential_in_its_handshake() {
    let hub = Hub::start_with_credentials(&[]).await;
    let offers = format!("zoom-token-hub.v1, bearer.{}", anns());
    for (name, value, chosen) in [
        ("authorization", format!("Bearer {}", anns()), None),
        ("sec-websocket-protocol", offers, Some("zoom-token-hub.v1".to_owned())),
    ] {
        let (mut client, answered) = with_header(&hub, name, &value).await.unwrap();
        assert_eq!(answered, chosen, "{name}");
        client.emit("meeting:join", join()).await;
        client.expect("meeting:credentials").await;
        assert_eq!(client.authenticate(ANN).await["role"], "participant");
        assert_eq!(client.refused("authenticate", json!({"userId": "bob"})).await, "forbidden");
    }
}

#[actix_web::test]
async fn a_handshake_with_a_bad_credential_is_refused_so_that_its_client_can_tell() {
    let hub = Hub::start_with_credentials(&[]).await;
    for (name, credential, code, close) in bad() {
        let bearer = with_header(&hub, "authorization", &format!("Bearer {credential}")).await;
        assert_eq!(bearer.err(), Some(401), "{name}");
        // A browser learns nothing of a handshake that fails, but it does of a close.
        let offers = format!("zoom-token-hub.v1, bearer.{credential}");
        let (mut client, _) = with_header(&hub, "sec-websocket-protocol", &offers).await.unwrap();
        assert_eq!(client.expect("error").await["code"], code, "{name}");
        assert_eq!(client.closed().await, (close, code.to_owned()), "{name}");
    }
    let alone = with_header(&hub, "sec-websocket-protocol", &format!("bearer.{}", anns())).await;
    assert_eq!(alone.err(), Some(400), "none of those offered could be chosen");
}

#[rstest]
#[actix_web::test]
async fn a_socket_io_client_shows_its_credential_as_it_joins(#[values(SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let mut client = hub.join_with(&json!({"token": anns()})).await.unwrap();
    let told = client.expect("authenticated").await;
    assert_eq!((&told["userId"], &told["role"]), (&json!(ANN), &json!("participant")), "answered unasked");
    let service = credential("backend", "service", &json!({}));
    hub.http_with(&service).post("/api/meetings/join", join()).await.expect(200);
    client.expect("meeting:credentials").await;
    for (name, credential, code, _) in bad() {
        let refused = hub.join_with(&json!({"token": credential})).await.err().unwrap();
        assert_eq!((&refused["message"], &refused["data"]["code"]), (&json!(code), &json!(code)), "{name}");
    }
    assert_eq!(hub.join_with(&json!({"token": 7})).await.err().unwrap()["message"], "invalid_credential");
    // Without one it may join, and show it later.
    let mut later = hub.join_with(&json!({"token": null})).await.unwrap();
    later.show(ANN, &anns()).await;
}

#[actix_web::test]
async fn a_socket_io_connection_shows_its_credential_in_its_handshake() {
    let hub = Hub::start_with_credentials(&[]).await;
    let open = |credential: &str| {
        let http = hub.http_with(credential);
        async move { http.get("/socket.io/?EIO=4&transport=polling").await }
    };
    assert_eq!(open("junk").await.expect(401)["code"], "invalid_credential");
    let polls = Engine::at(hub.address(), "/socket.io/").polls(&open(&anns()).await.text);
    polls.post("40").await;
    polls.post(&format!("42{}", json!(["meeting:join", join()]))).await;
    let mut said = String::new();
    while !said.contains("meeting:credentials") {
        said = polls.packets().await;
    }
    assert!(said.contains("obfToken"));
}

#[rstest]
#[actix_web::test]
async fn in_open_mode_a_credential_changes_nothing(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    assert_eq!(client.show("bob", "junk").await["role"], Value::Null);
    client.emit("meeting:join", join()).await;
    client.expect("meeting:credentials").await;
    hub.http_with("junk").post("/api/meetings/join", join()).await.expect(200);
}
