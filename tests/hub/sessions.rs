//! One connection's conversation over plain WebSocket: events in order, answers that carry the frame's name, refusals
//! that say what is wrong, close codes that say what to do.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::{Client, Hub, MEETING, due};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn join(user: &str) -> Value {
    json!({"meetingId": MEETING, "participantUserId": user})
}

#[rstest]
#[actix_web::test]
async fn authenticate_is_answered_with_the_callers_spelling_and_a_session_of_its_own(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    let first = client.authenticate("Alice@Example.com").await;
    assert_eq!(keys(&first), BTreeSet::from(["meetings", "socketId", "success", "timestamp", "userId"]));
    assert_eq!((&first["success"], &first["userId"]), (&json!(true), &json!("Alice@Example.com")));
    assert_eq!(first["socketId"].as_str().unwrap().len(), 32);
    let second = hub.connect().await.authenticate("Alice@Example.com").await;
    assert_ne!(first["socketId"], second["socketId"]);
}

#[rstest]
#[actix_web::test]
async fn a_host_that_starts_gets_its_zak_and_a_participant_that_joins_its_obf(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    client.emit("meeting:start", json!({"meetingId": "123 456 7890", "hostUserId": "host"})).await;
    let started = client.expect("meeting:started").await;
    let shape = ["expiresAt", "expiresIn", "meetingId", "simulated", "timestamp", "zakToken"];
    assert_eq!(keys(&started), BTreeSet::from(shape));
    assert_eq!((&started["meetingId"], &started["expiresIn"]), (&json!("1234567890"), &json!("2 hours")));
    client.emit("meeting:join", json!({"meetingId": 1_234_567_890, "participantUserId": "alice"})).await;
    let credentials = client.expect("meeting:credentials").await;
    let shape = ["expiresAt", "expiresIn", "meetingId", "obfToken", "simulated", "timestamp"];
    assert_eq!(keys(&credentials), BTreeSet::from(shape));
    assert_eq!(
        (&credentials["meetingId"], &credentials["expiresIn"]),
        (&json!("1234567890"), &json!("30 minutes"))
    );
}

#[rstest]
#[actix_web::test]
async fn the_answer_to_a_join_goes_to_the_session_that_asked_alone(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut other = hub.connect_as("alice").await;
    let mut asking = hub.connect_as("alice").await;
    asking.emit("meeting:join", join("alice")).await;
    asking.expect("meeting:credentials").await;
    other.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn what_is_sent_right_behind_authenticate_need_not_wait_for_its_answer(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    for _ in 0..20 {
        let mut host = hub.connect().await;
        host.emit_as("a", "authenticate", json!({"userId": "host"})).await;
        let distribute = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": ["host"]});
        host.emit_as("d", "meeting:distribute", distribute).await;
        host.expect_answer("a", "authenticated").await;
        host.expect("meeting:started").await;
        // The distribution found the session that had just said whose it is.
        host.expect("meeting:credentials").await;
        assert_eq!(host.expect("meeting:distributed").await["successful"], 1);
    }
}

#[rstest]
#[actix_web::test]
async fn an_event_behind_authenticate_is_taken_once_that_is_done(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    for n in 0..20 {
        client.emit("authenticate", json!({"userId": format!("user{n}")})).await;
        client.emit("ping", Value::Null).await;
    }
    for _ in 0..20 {
        client.expect("authenticated").await;
        client.expect("pong").await;
    }
}

#[rstest]
#[actix_web::test]
async fn a_thousand_events_in_one_go_are_all_answered_in_order(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    for n in 0..1000 {
        client.emit_as(&n.to_string(), "ping", Value::Null).await;
    }
    for n in 0..1000 {
        client.expect_answer(&n.to_string(), "pong").await;
    }
}

#[rstest]
#[actix_web::test]
async fn more_commands_than_may_be_under_way_wait_and_are_all_answered(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 20);
    let mut client = hub.connect().await;
    for _ in 0..100 {
        client.emit("meeting:join", join("alice")).await;
    }
    for _ in 0..100 {
        client.expect("meeting:credentials").await;
    }
    assert!(hub.zoom.seen().max_under_way <= 32, "{:?}", hub.zoom.seen());
}

#[rstest]
#[actix_web::test]
async fn zooms_refusal_reads_as_in_the_seed_with_zooms_own_words_beside(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    client.emit("meeting:join", join("missing@x")).await;
    let error = client.expect("error").await;
    let shape = ["code", "error", "event", "message", "retryable", "zoom"];
    assert_eq!(keys(&error), BTreeSet::from(shape));
    assert_eq!(error["message"], "Failed to join meeting");
    assert_eq!(error["error"], "OBF token retrieval failed: User does not exist: missing@x.");
    assert_eq!(error["zoom"]["code"], 1001);
    client.emit("meeting:start", json!({"meetingId": MEETING, "hostUserId": "missing"})).await;
    assert_eq!(client.expect("error").await["message"], "Failed to start meeting");
}

#[rstest]
#[actix_web::test]
async fn a_bad_event_is_told_what_is_wrong_and_the_session_goes_on(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    let cases = [
        ("meeting:start", json!({}), "invalid_request", json!(["meetingId", "hostUserId"])),
        ("meeting:join", join("me"), "invalid_user_id", json!(["participantUserId"])),
        (
            "meeting:join",
            json!({"meetingId": "1", "participantUserId": "a"}),
            "invalid_meeting_id",
            json!(["meetingId"]),
        ),
        ("authenticate", json!({"userId": 7}), "invalid_user_id", json!(["userId"])),
        ("authenticate", json!(["a"]), "invalid_request", json!(["data"])),
        ("meeting:dance", json!({}), "unknown_event", json!([])),
    ];
    for (event, data, code, fields) in cases {
        client.emit_as("x", event, data).await;
        let error = client.expect_answer("x", "error").await;
        let named: Vec<_> =
            error["details"].as_array().into_iter().flatten().map(|d| d["field"].clone()).collect();
        assert_eq!((&error["code"], json!(named)), (&json!(code), fields), "{error}");
        // A frame's name is in its refusal too; an acknowledgement is found by its number.
        let id = (carrier == WebSocket).then_some("x");
        assert_eq!((&error["event"], &error["id"]), (&json!(event), &json!(id)));
        assert_eq!(error["retryable"], false);
    }
    client.expect_nothing().await;
}

#[actix_web::test]
async fn the_third_malformed_frame_in_a_row_ends_the_session() {
    let hub = Hub::start().await.over(WebSocket);
    let mut client = hub.connect().await;
    for frame in ["{", "[]"] {
        client.send_text(frame).await;
        assert_eq!(client.expect("error").await["code"], "malformed_frame");
    }
    // A good one between them starts the count anew.
    client.expect_nothing().await;
    client.send(Message::binary(vec![1, 2])).await;
    client.send_text("nonsense").await;
    client.send_text("7").await;
    for _ in 0..3 {
        assert_eq!(client.expect("error").await["code"], "malformed_frame");
    }
    assert_eq!(client.closed().await, (4400, "malformed_frame".to_owned()));
}

#[actix_web::test]
async fn a_frame_over_the_limit_closes_with_1009_and_one_at_the_limit_does_not() {
    let hub = Hub::start_with(&[("MAX_MESSAGE_BYTES", "2000")]).await.over(WebSocket);
    let mut client = hub.connect().await;
    let frame = |bytes: usize| {
        let bare = r#"{"event":"ping","data":""}"#.len();
        format!(r#"{{"event":"ping","data":"{}"}}"#, "x".repeat(bytes - bare))
    };
    client.send_text(&frame(2000)).await;
    client.expect("pong").await;
    client.send_text(&frame(2001)).await;
    assert_eq!(client.closed().await, (1009, "payload_too_large".to_owned()));
}

#[actix_web::test]
async fn a_frame_that_is_announced_over_the_limit_is_not_waited_for() {
    let hub = Hub::start().await.over(WebSocket);
    let (mut socket, _) = connect_async(format!("ws://{}/ws", hub.address())).await.unwrap();
    // A text of a terabyte, of which nothing comes.
    let head = [&[0x81, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[0; 4]].concat();
    socket.get_mut().write_all(&head).await.unwrap();
    assert_eq!(Client::of(socket).closed().await, (1009, "payload_too_large".to_owned()));
}

#[actix_web::test]
async fn what_breaks_the_protocol_closes_with_1002() {
    let hub = Hub::start().await.over(WebSocket);
    let mut reserved = Frame::message("{}", OpCode::Data(Data::Text), true);
    reserved.header_mut().rsv1 = true;
    let unknown = Frame::message("{}", OpCode::Data(Data::Reserved(3)), true);
    let behind_nothing = Frame::message("{}", OpCode::Data(Data::Continue), true);
    for frame in [reserved, unknown, behind_nothing] {
        let mut client = hub.connect().await;
        client.send(Message::Frame(frame)).await;
        assert_eq!(client.closed().await, (1002, "protocol error".to_owned()));
    }
}

fn part(text: &str, opcode: Data, is_final: bool) -> Message {
    Message::Frame(Frame::message(text.as_bytes().to_vec(), OpCode::Data(opcode), is_final))
}

#[actix_web::test]
async fn a_fragmented_frame_is_joined_and_bounded() {
    let hub = Hub::start_with(&[("MAX_MESSAGE_BYTES", "2000")]).await.over(WebSocket);
    let mut client = hub.connect().await;
    client.send(part(r#"{"event":"#, Data::Text, false)).await;
    client.send(Message::Ping(vec![1].into())).await;
    client.send(part(r#""ping","#, Data::Continue, false)).await;
    client.send(part(r#""id":"f"}"#, Data::Continue, true)).await;
    client.expect_answer("f", "pong").await;
    client.send(part("x", Data::Text, false)).await;
    for _ in 0..3 {
        client.send(part(&"x".repeat(900), Data::Continue, false)).await;
    }
    assert_eq!(client.closed().await, (1009, "payload_too_large".to_owned()));
}

#[actix_web::test]
async fn a_fragmented_binary_message_is_malformed_once() {
    let hub = Hub::start().await.over(WebSocket);
    let mut client = hub.connect().await;
    client.send(part("x", Data::Binary, false)).await;
    client.send(part("x", Data::Continue, false)).await;
    client.send(part("x", Data::Continue, true)).await;
    assert_eq!(client.expect("error").await["code"], "malformed_frame");
    client.expect_nothing().await;
}

#[actix_web::test]
async fn a_text_that_is_not_utf_8_closes_with_1007() {
    let hub = Hub::start().await.over(WebSocket);
    let mut client = hub.connect().await;
    client.send(Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true))).await;
    assert_eq!(client.closed().await.0, 1007);
    // In parts it is known before the last has come; a part may end within a character.
    let mut client = hub.connect().await;
    for (bytes, opcode) in [(&b"\xc3"[..], Data::Text), (b"\xa9\xff", Data::Continue)] {
        client.send(Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(opcode), false))).await;
    }
    assert_eq!(client.closed().await.0, 1007);
}

#[actix_web::test]
async fn a_goodbye_is_answered_and_the_user_is_gone_from_the_count() {
    let hub = Hub::start().await.over(WebSocket);
    let counts = async || {
        let health = hub.get("/api/health").await.json();
        (health["sessions"].as_u64().unwrap(), health["users"].as_u64().unwrap())
    };
    let mut client = hub.connect_as("alice").await;
    let second = hub.connect_as("ALICE").await;
    assert_eq!(counts().await, (2, 1));
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    client.send(Message::Close(Some(goodbye))).await;
    assert_eq!(client.closed().await.0, 1000);
    second.leave().await;
    due("the end of the sessions", async {
        while counts().await != (0, 0) {
            actix_web::rt::task::yield_now().await;
        }
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn whoever_leaves_is_gone_from_the_count(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    hub.connect_as("alice").await.leave().await;
    due("the end of the session", async {
        while hub.get("/api/health").await.json()["sessions"] != 0 {
            actix_web::rt::task::yield_now().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn what_answers_an_event_carries_its_name_and_what_is_pushed_carries_none() {
    let hub = Hub::start().await.over(WebSocket);
    let mut host = hub.connect_as("host").await;
    let mut alice = hub.connect_as("alice").await;
    let distribute = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": ["alice"]});
    host.emit_as("7", "meeting:distribute", distribute).await;
    assert_eq!(host.expect_frame("meeting:started").await["id"], "7");
    assert_eq!(alice.expect_frame("meeting:credentials").await.get("id"), None);
    assert_eq!(host.expect_frame("meeting:distributed").await["id"], "7");
}

#[rstest]
#[actix_web::test]
async fn a_connection_cut_without_a_goodbye_is_gone_from_the_count_too(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    // One that polls may be cut while no poll is open: it is missed when it answers no ping.
    let pings = [("PING_INTERVAL_SECONDS", "0.2"), ("PING_TIMEOUT_SECONDS", "0.2")];
    let pings: &[_] = if carrier == Polling { &pings } else { &[] };
    let hub = Hub::start_with(pings).await.over(carrier);
    drop(hub.connect_as("alice").await);
    due("the end of the session", async {
        while hub.get("/api/health").await.json()["users"] != 0 {
            actix_web::rt::task::yield_now().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn a_subprotocol_that_the_hub_knows_is_chosen() {
    let hub = Hub::start().await;
    let mut request = format!("ws://{}/ws", hub.address()).into_client_request().unwrap();
    let offered = HeaderValue::from_static("something.else, zoom-token-hub.v1");
    request.headers_mut().insert("sec-websocket-protocol", offered);
    let (_socket, answer) = due("the connection", connect_async(request)).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "zoom-token-hub.v1");
}

#[actix_web::test]
async fn a_call_that_opens_no_websocket_is_told_so() {
    let hub = Hub::start().await;
    let error = hub.get("/ws").await.expect(400);
    assert_eq!(error["code"], "invalid_request");
    assert!(error["error"].as_str().unwrap().starts_with("Open a WebSocket here"), "{error}");
}
