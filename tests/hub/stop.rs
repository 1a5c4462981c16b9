//! The program is told to stop: new work is refused, what runs is finished or reported as cut short, and only then is
//! every session closed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::rt::spawn;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use zoom_token_hub::simulator::{Claims, Settings, Simulator, start};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::program::{Program, Start, connect_as, post};
use crate::harness::{Client, Http, Hub, MEETING, due};

const CLOSED: (u16, &str) = (4503, "shutting_down");

async fn zoom() -> Simulator {
    start(Settings::default()).await.unwrap()
}

fn distribute(users: &[String]) -> Value {
    json!({"meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": users})
}

/// Waits until Zoom has taken so many calls for OBF tokens.
async fn calls(zoom: &Simulator, number: u64) {
    let mut seen = zoom.account().watch_seen();
    let there = seen.wait_for(|seen| seen.obf_calls >= number);
    drop(due("the calls", there).await.unwrap());
}

/// Waits until the program refuses new work.
async fn draining(address: SocketAddr) {
    let http = Http::new(address);
    due("the drain", async { while http.get("/api/health/ready").await.status != 503 {} }).await;
}

/// All that a participant or the host still gets, and that the end is the right one.
async fn until_closed(client: &mut Client) -> Vec<Value> {
    let (events, close) = client.rest().await;
    let (code, reason) = close.expect("a close code");
    assert_eq!((code, reason.as_str()), CLOSED);
    events
}

fn data<'a>(events: &'a [Value], event: &str) -> Vec<&'a Value> {
    let named = events.iter().filter(|frame| frame["event"] == event);
    named.map(|frame| &frame["data"]).collect()
}

/// A stop during a distribution to 200 who are there, over a Zoom that takes a while for each; how many got a token.
async fn stopped_while_distributing(carrier: Carrier, variables: &[(&str, &str)]) -> usize {
    let zoom = zoom().await;
    zoom.faults().change(|faults| faults.token_latency_ms = 100);
    let (program, address) = Start::hub(&zoom, variables).serve().await;
    let users: Vec<_> = (0..200).map(|number| format!("user{number}@example.com")).collect();
    let mut clients = Vec::new();
    for some in users.chunks(50) {
        clients.extend(join_all(some.iter().map(|user| connect_as(address, carrier, user))).await);
    }
    let mut host = connect_as(address, carrier, "host@example.com").await;
    host.emit("meeting:distribute", distribute(&users)).await;
    host.expect("meeting:started").await;
    calls(&zoom, 10).await;
    program.signal("TERM").await;

    let (host, clients) =
        tokio::join!(until_closed(&mut host), join_all(clients.iter_mut().map(until_closed)));
    let reports = data(&host, "meeting:distributed");
    assert_eq!(reports.len(), 1, "{host:?}");
    let rows = reports[0]["participants"].as_array().unwrap();
    assert_eq!(rows.len(), 200);
    let mut got = 0;
    for ((row, user), events) in rows.iter().zip(&users).zip(&clients) {
        assert_eq!(&row["userId"], user);
        let tokens = data(events, "meeting:credentials");
        if row["status"] == "delivered" {
            assert_eq!(tokens.len(), 1, "{row} {events:?}");
            assert_eq!(&Claims::read(tokens[0]["obfToken"].as_str().unwrap()).unwrap().sub, user);
            got += 1;
        } else {
            assert_eq!((&row["status"], &row["code"]), (&json!("failed"), &json!("shutting_down")), "{row}");
            // One may have been on its way when the row was cut.
            assert!(tokens.len() <= 1, "{events:?}");
        }
    }
    assert_eq!(reports[0]["successful"], got);
    assert_eq!(reports[0]["failed"], 200 - got);
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.trim_end().ends_with("stopped"), "{}", ended.err);
    got
}

#[rstest]
#[actix_web::test]
async fn a_distribution_under_way_is_finished_before_anybody_is_closed(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let got = stopped_while_distributing(carrier, &[("ZOOM_MAX_CONCURRENCY", "10")]).await;
    assert_eq!(got, 200);
}

#[rstest]
#[actix_web::test]
async fn what_is_left_when_time_is_up_is_reported_as_cut_short(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let short = [("ZOOM_MAX_CONCURRENCY", "4"), ("SHUTDOWN_TIMEOUT_SECONDS", "2.5")];
    let got = stopped_while_distributing(carrier, &short).await;
    assert!((1..200).contains(&got), "{got}");
}

/// A hub that drains for as long as the test likes, and the host of what it still works on.
async fn hanging(
    zoom: &Simulator,
    carrier: Carrier,
    slow_user_ms: u64,
) -> (Program, SocketAddr, Client, Client) {
    zoom.faults().change(|faults| faults.slow_user_ms = slow_user_ms);
    let (program, address) = Start::hub(zoom, &[("ZOOM_TIMEOUT_SECONDS", "600")]).serve().await;
    let slow = connect_as(address, carrier, "slow@example.com").await;
    let mut host = connect_as(address, carrier, "host@example.com").await;
    host.emit("meeting:distribute", distribute(&["slow@example.com".to_owned()])).await;
    host.expect("meeting:started").await;
    calls(zoom, 1).await;
    (program, address, host, slow)
}

#[rstest]
#[actix_web::test]
async fn while_it_drains_it_listens_and_refuses_new_work_and_a_second_signal_ends_it_at_once(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let zoom = zoom().await;
    let (program, address, mut host, mut slow) = hanging(&zoom, carrier, 600_000).await;
    program.signal("TERM").await;
    draining(address).await;

    let Err(Error::Http(refused)) = due("the refusal", connect_async(format!("ws://{address}/ws"))).await
    else {
        panic!("a new connection was taken");
    };
    assert_eq!(refused.status(), 503);
    let body: Value = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
    assert_eq!((&body["code"], &body["retryable"]), (&json!("shutting_down"), &json!(true)));

    let join = json!({"meetingId": MEETING, "participantUserId": "slow@example.com"});
    slow.emit_as("1", "meeting:join", join.clone()).await;
    assert_eq!(slow.expect_answer("1", "error").await["code"], "shutting_down");
    slow.expect_nothing().await;
    host.expect_nothing().await;

    let answer = post(address, "/api/meetings/join", join).await;
    assert_eq!(answer.expect(503)["code"], "shutting_down");
    assert!(answer.header("retry-after").is_some());
    let http = Http::new(address);
    assert_eq!(http.get("/api/health/live").await.status, 200);
    assert_eq!(http.get("/api/health/ready").await.expect(503)["code"], "shutting_down");

    let told = Instant::now();
    program.signal("INT").await;
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}

#[rstest]
#[actix_web::test]
async fn a_drain_ends_as_soon_as_its_work_does_and_ctrl_c_is_as_good_as_terminate(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let zoom = zoom().await;
    let (program, address, mut host, mut slow) = hanging(&zoom, carrier, 2000).await;
    program.signal("INT").await;
    draining(address).await;
    let events = until_closed(&mut host).await;
    assert_eq!(data(&events, "meeting:distributed")[0]["participants"][0]["status"], "delivered");
    assert_eq!(data(&until_closed(&mut slow).await, "meeting:credentials").len(), 1);
    assert_eq!(program.ended().await.code, Some(0));
}

#[actix_web::test]
async fn an_idle_hub_stops_within_a_second() {
    let zoom = zoom().await;
    for signal in ["TERM", "INT"] {
        let (program, _) = Start::hub(&zoom, &[]).serve().await;
        let told = Instant::now();
        program.signal(signal).await;
        let ended = program.ended().await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    }
}

#[rstest]
#[actix_web::test]
async fn connections_that_do_nothing_hold_a_stop_up_no_longer_than_two_seconds(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let zoom = zoom().await;
    let (program, address) = Start::hub(&zoom, &[]).serve().await;
    let mut alice = connect_as(address, carrier, "alice@example.com").await;
    // Its connection stays open for the next request.
    let http = Http::new(address);
    assert_eq!(http.get("/api/health/live").await.status, 200);
    let told = Instant::now();
    program.signal("TERM").await;
    assert_eq!(until_closed(&mut alice).await, Vec::<Value>::new());
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    // The server's library looks once a second whether the connections have gone.
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}

#[rstest]
#[actix_web::test]
async fn a_hub_inside_another_program_stops_when_its_owner_says_so(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let address = hub.address();
    assert_eq!(hub.get("/api/health/ready").await.status, 200);
    let mut alice = hub.connect_as("alice@example.com").await;
    let ended = hub.begin_stop();
    assert_eq!(until_closed(&mut alice).await, Vec::<Value>::new());
    due("the end", ended).await.unwrap().unwrap();
    let refused = due("an answer", connect_async(format!("ws://{address}/ws"))).await;
    assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
}

#[actix_web::test]
async fn a_request_under_way_is_answered_before_the_stop() {
    let zoom = zoom().await;
    zoom.faults().change(|faults| faults.slow_user_ms = 500);
    let (program, address) = Start::hub(&zoom, &[]).serve().await;
    let join = json!({"meetingId": MEETING, "participantUserId": "slow@example.com"});
    let answer = spawn(async move { post(address, "/api/meetings/join", join).await });
    calls(&zoom, 1).await;
    program.signal("TERM").await;
    draining(address).await;
    let answer = answer.await.unwrap().expect(200);
    let claims = Claims::read(answer["obfToken"].as_str().unwrap()).unwrap();
    assert_eq!(claims.sub, "slow@example.com");
    assert_eq!(program.ended().await.code, Some(0));
}
