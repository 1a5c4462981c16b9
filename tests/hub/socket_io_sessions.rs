//! What is particular of a session over Socket.IO. That it is a session like any other is for the tests that run over
//! every carrier.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo};
use crate::harness::engine::{Engine, Frames, Packet, Polls, SEPARATOR};
use crate::harness::{Hub, MEETING, due};

fn engine(hub: &Hub) -> Engine {
    Engine::at(hub.address(), "/socket.io/")
}

/// A WebSocket that is connected to the namespace.
async fn connected(hub: &Hub) -> Frames {
    let mut frames = engine(hub).by_websocket().await;
    frames.send("40").await;
    frames.expect_json("40").await;
    frames
}

/// The packets of polls until one has this at its beginning; that one's JSON.
async fn polled(polls: &Polls, before: &str) -> Value {
    due(before, async {
        loop {
            let packets = polls.packets().await;
            let found = packets.split(SEPARATOR).find_map(|packet| packet.strip_prefix(before));
            if let Some(json) = found {
                return serde_json::from_str(json).unwrap();
            }
        }
    })
    .await
}

/// A session by polling that has told whose it is.
async fn polls_as(hub: &Hub, user: &str) -> Polls {
    let polls = engine(hub).by_polling().await;
    polls.post("40").await;
    polled(&polls, "40").await;
    polls.post(&format!("42{}", json!(["authenticate", {"userId": user}]))).await;
    assert_eq!(polled(&polls, "42").await[0], "authenticated");
    polls
}

async fn sessions(hub: &Hub) -> Value {
    hub.get("/api/health").await.json()["sessions"].take()
}

#[rstest]
#[actix_web::test]
async fn an_acknowledgement_has_the_data_of_the_event_that_answers(
    #[values(SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut client = hub.connect().await;
    let start = json!({"meetingId": MEETING, "hostUserId": "host"});
    let join = json!({"meetingId": MEETING, "participantUserId": "host"});
    let distribute = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": ["host"]});
    let answered = [
        ("authenticate", json!({"userId": "host"}), "authenticated"),
        ("meeting:start", start, "meeting:started"),
        ("meeting:join", join, "meeting:credentials"),
        ("ping", Value::Null, "pong"),
        ("meeting:join", json!({"meetingId": MEETING, "participantUserId": "missing"}), "error"),
        ("meeting:start", json!({}), "error"),
        ("no:such", json!({}), "error"),
    ];
    for (event, data, answer) in answered {
        client.emit_as("a", event, data).await;
        client.expect_answer("a", answer).await;
    }
    // What comes on the way to the answer is not the answer.
    client.emit_as("d", "meeting:distribute", distribute).await;
    client.expect("meeting:started").await;
    client.expect("meeting:credentials").await;
    assert_eq!(client.expect_answer("d", "meeting:distributed").await["successful"], 1);
}

#[actix_web::test]
async fn the_handshake_tells_the_hubs_settings() {
    let variables =
        [("PING_INTERVAL_SECONDS", "7"), ("PING_TIMEOUT_SECONDS", "3.5"), ("MAX_MESSAGE_BYTES", "2000")];
    let hub = Hub::start_with(&variables).await;
    let answer = engine(&hub).get("EIO=4&transport=polling").await;
    let told: Value = serde_json::from_str(&answer.text[1..]).unwrap();
    assert_eq!(
        (&told["pingInterval"], &told["pingTimeout"], &told["maxPayload"]),
        (&json!(7000), &json!(3500), &json!(2000))
    );
}

#[actix_web::test]
async fn the_path_may_lack_its_last_slash() {
    let hub = Hub::start().await;
    let polls = Engine::at(hub.address(), "/socket.io").by_polling().await;
    polls.post("40").await;
    polled(&polls, "40").await;
}

#[actix_web::test]
async fn another_namespace_is_refused_and_the_main_one_is_still_there() {
    let hub = Hub::start().await;
    let mut frames = engine(&hub).by_websocket().await;
    frames.send("40/admin,").await;
    frames.expect(r#"44/admin,{"message":"Invalid namespace"}"#).await;
    frames.send("40").await;
    frames.expect_json("40").await;
}

#[actix_web::test]
async fn whoever_leaves_the_namespace_and_joins_again_has_another_session() {
    let hub = Hub::start().await;
    let mut frames = engine(&hub).by_websocket().await;
    frames.send("40").await;
    let first = frames.expect_json("40").await;
    frames.send(r#"42["authenticate",{"userId":"alice"}]"#).await;
    frames.expect_json("42").await;
    frames.send("41").await;
    due("the session's end", async { while sessions(&hub).await != 0 {} }).await;
    frames.send("40").await;
    assert_ne!(frames.expect_json("40").await, first);
    // It has to say anew whose it is.
    let join = json!({"meetingId": MEETING, "participantUserId": "alice"});
    hub.post("/api/meetings/join", join).await.expect(200);
    frames.send(r#"42["ping"]"#).await;
    assert_eq!(frames.expect_json("42").await[0], "pong");
}

#[actix_web::test]
async fn bytes_are_refused_and_at_the_third_time_in_a_row_the_client_has_to_stay_away() {
    let hub = Hub::start().await;
    let mut frames = connected(&hub).await;
    let refused = async |frames: &mut Frames| {
        frames.send(r#"451-["ping",{"_placeholder":true,"num":0}]"#).await;
        frames.send_binary(&[1, 2, 3]).await;
        let error = frames.expect_json("42").await;
        assert_eq!((&error[0], &error[1]["code"]), (&json!("error"), &json!("malformed_frame")));
    };
    refused(&mut frames).await;
    refused(&mut frames).await;
    // A good one between them starts the count anew.
    frames.send(r#"42["ping",{}]"#).await;
    assert_eq!(frames.expect_json("42").await[0], "pong");
    for _ in 0..3 {
        refused(&mut frames).await;
    }
    let last = frames.expect_json("42").await;
    assert_eq!((&last[0], &last[1]["code"]), (&json!("error"), &json!("malformed_frame")));
    frames.expect("41").await;
    assert!(frames.frame().await.is_err());
}

#[actix_web::test]
async fn what_is_not_of_socket_ios_form_closes_the_connection_at_once() {
    let hub = Hub::start().await;
    for packet in ["42[]", r#"42["connect"]"#, "42{}", r#"42/admin,["ping"]"#, "40", "49", "4"] {
        let mut frames = connected(&hub).await;
        frames.send(packet).await;
        assert!(frames.frame().await.is_err(), "{packet}");
    }
    due("the sessions' end", async { while sessions(&hub).await != 0 {} }).await;
}

#[actix_web::test]
async fn a_token_that_is_pushed_while_a_session_goes_over_comes_by_frame_and_once() {
    let hub = Hub::start().await;
    let polls = polls_as(&hub, "alice").await;
    let mut frames = polls.probe().await;
    let join = json!({"meetingId": MEETING, "participantUserId": "alice"});
    let answer = hub.post("/api/meetings/join", join).await.expect(200);
    frames.send("5").await;
    let pushed = frames.expect_json("42").await;
    assert_eq!(pushed[0], "meeting:credentials");
    assert_eq!(pushed[1]["obfToken"], answer["obfToken"]);
    frames.send(r#"42["ping"]"#).await;
    assert_eq!(frames.expect_json("42").await[0], "pong");
}

#[actix_web::test]
async fn a_session_ends_when_its_poll_is_not_renewed() {
    let hub = Hub::start_with(&[("PING_INTERVAL_SECONDS", "0.3"), ("PING_TIMEOUT_SECONDS", "0.3")]).await;
    let polls = polls_as(&hub, "alice").await;
    assert_eq!(sessions(&hub).await, 1);
    due("the session's end", async { while sessions(&hub).await != 0 {} }).await;
    polls.expect_none().await;
}

#[actix_web::test]
async fn a_hub_that_stops_waits_for_the_poll_that_takes_what_is_left_to_say() {
    let hub = Hub::start().await;
    let polls = polls_as(&hub, "alice").await;
    // Between two polls, as every client is for a moment after each.
    let join = json!({"meetingId": MEETING, "participantUserId": "alice"});
    hub.post("/api/meetings/join", join).await.expect(200);
    let ended = hub.begin_stop();
    let mut events = Vec::new();
    loop {
        let packets = polls.packets().await;
        if packets == "1" {
            break;
        }
        // And no 41: the client is to come back.
        let read = |packet: &str| serde_json::from_str(packet.strip_prefix("42").expect("an event")).unwrap();
        events.extend(packets.split(SEPARATOR).map(read));
    }
    let [credentials, error]: [Value; 2] = events.try_into().unwrap();
    assert_eq!(credentials[0], "meeting:credentials");
    assert_eq!((&error[0], &error[1]["code"]), (&json!("error"), &json!("shutting_down")));
    due("the end", ended).await.unwrap().unwrap();
}

#[actix_web::test]
async fn a_hub_that_drains_opens_no_session() {
    let hub = Hub::start().await;
    let engine = engine(&hub);
    hub.zoom.faults().change(|faults| faults.slow_user_ms = 600_000);
    let join = json!({"meetingId": MEETING, "participantUserId": "slow"});
    // A call under way has the hub drain for a while.
    let call = actix_web::rt::spawn(hub.http().post("/api/meetings/join", join));
    let mut seen = hub.zoom.account().watch_seen();
    drop(due("the call", seen.wait_for(|seen| seen.obf_calls == 1)).await.unwrap());
    let mut opened = engine.by_websocket().await;
    let _ended = hub.begin_stop();
    due("the drain", async { while engine.get("EIO=4&transport=polling").await.status != 503 {} }).await;
    let refused = engine.websocket("EIO=4&transport=websocket").await.expect_err("a refusal");
    assert_eq!(refused.status, 503, "{}", refused.text);
    // Nor does one that was opened before become a session; it is to come back.
    opened.send("40").await;
    assert_ne!(opened.frame().await, Ok(Packet::Text("40".to_owned())));
    assert!(opened.frame().await.is_err());
    call.abort();
}
