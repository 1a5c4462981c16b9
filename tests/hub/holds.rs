//! Who isn't there is waited for: the wish to give a token is kept, never a token.

use std::collections::HashMap;

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use zoom_token_hub::simulator::Claims;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::credential;
use crate::harness::rows::{HOST, distribute, request, request_with, row, row_becomes};
use crate::harness::{Client, Hub, MEETING, due, expect_shape};

const ANN: &str = "ann@example.com";

fn sub(credentials: &Value) -> String {
    Claims::read(credentials["obfToken"].as_str().unwrap()).unwrap().sub
}

#[rstest]
#[actix_web::test]
async fn an_absent_participant_is_pending_and_gets_a_fresh_token_on_arrival(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let report = distribute(&mut host, request(&[ANN])).await;
    assert_eq!((&report["pending"], &report["pendingUsers"]), (&json!(1), &json!([ANN])));
    let pending = row(&report, ANN).unwrap();
    expect_shape(pending, &json!({"userId": ANN, "status": "pending", "sessions": 0, "at": "<moment>"}));
    assert_eq!(hub.zoom.seen().obf_calls, 0, "no token is minted for nobody");

    let mut ann = hub.connect().await;
    let told = ann.authenticate("ANN@example.com").await;
    assert_eq!(
        told["meetings"],
        json!([{"meetingId": MEETING, "distributionId": report["distributionId"], "status": "pending"}])
    );
    assert_eq!(sub(&ann.expect("meeting:credentials").await), ANN);
    let delivered = row_becomes(&mut host, ANN, "delivered").await;
    assert!(delivered["at"].as_str() > pending["at"].as_str(), "{delivered} after {pending}");
    ann.expect_nothing().await;
    assert_eq!(hub.zoom.seen().obf_calls, 1);

    // A reloaded phone is told that it had one.
    let told = hub.connect().await.authenticate(ANN).await;
    assert_eq!(told["meetings"][0]["status"], "delivered");
}

#[rstest]
#[actix_web::test]
async fn nobody_is_lost_who_leaves_and_comes_while_the_token_is_minted(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 300);
    let mut host = hub.connect_as(HOST).await;
    let ann = hub.connect_as(ANN).await;
    host.emit("meeting:distribute", request(&[ANN])).await;
    host.expect("meeting:started").await;
    let mut seen = hub.zoom.account().watch_seen();
    drop(due("the call", seen.wait_for(|seen| seen.obf_calls == 1)).await.unwrap());
    ann.leave().await;
    let mut ann = hub.connect_as(ANN).await;
    assert_eq!(sub(&ann.expect("meeting:credentials").await), ANN);
    assert_eq!(host.expect("meeting:distributed").await["successful"], 1);
    ann.expect_nothing().await;
}

#[actix_web::test]
async fn a_participant_who_does_not_come_in_time_fails() {
    let hub = Hub::start().await;
    let mut host = hub.connect_as(HOST).await;
    distribute(&mut host, request_with(&[ANN], "holdSeconds", json!(0.3))).await;
    let row = row_becomes(&mut host, ANN, "failed").await;
    assert_eq!(
        (&row["code"], &row["error"]),
        (&json!("hold_expired"), &json!("The user did not come in time"))
    );
    hub.connect_as(ANN).await.expect_nothing().await;
    assert_eq!(hub.zoom.seen().obf_calls, 0);
}

#[actix_web::test]
async fn nobody_is_waited_for_longer_than_the_hub_does() {
    let hub = Hub::start_with(&[("HOLD_SECONDS", "0.3")]).await;
    let mut host = hub.connect_as(HOST).await;
    distribute(&mut host, request_with(&[ANN], "holdSeconds", json!(3600))).await;
    assert_eq!(row_becomes(&mut host, ANN, "failed").await["code"], "hold_expired");
}

#[actix_web::test]
async fn beyond_so_many_nobody_more_is_waited_for() {
    let hub = Hub::start_with(&[("MAX_PENDING", "2")]).await;
    let mut host = hub.connect_as(HOST).await;
    let report = distribute(&mut host, request(&[ANN, "ben@example.com", "cat@example.com"])).await;
    assert_eq!((&report["pending"], &report["failed"]), (&json!(2), &json!(1)));
    assert_eq!(row(&report, "cat@example.com").unwrap()["code"], "hold_full");
    // Who has come makes room.
    hub.connect_as(ANN).await.expect("meeting:credentials").await;
    row_becomes(&mut host, ANN, "delivered").await;
    assert_eq!(distribute(&mut host, request(&["dan@example.com"])).await["pending"], 1);
}

#[rstest]
#[actix_web::test]
async fn a_newer_distribution_takes_over_and_one_token_comes(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut first = hub.connect_as(HOST).await;
    let mut second = hub.connect_as(HOST).await;
    distribute(&mut first, request(&[ANN])).await;
    second.expect("meeting:started").await;
    distribute(&mut second, request(&[ANN])).await;
    first.expect("meeting:started").await;
    assert_eq!(row_becomes(&mut first, ANN, "failed").await["code"], "cancelled");
    let mut ann = hub.connect_as(ANN).await;
    ann.expect("meeting:credentials").await;
    row_becomes(&mut second, ANN, "delivered").await;
    ann.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_token_that_the_user_asks_for_is_the_one_that_was_waited_to_give(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let mut host = hub.connect_with(HOST, &credential(HOST, "host", &json!({}))).await;
    distribute(&mut host, request(&[ANN])).await;
    let http = hub.http_with(&credential(ANN, "participant", &json!({})));
    let join = json!({"meetingId": MEETING, "participantUserId": ANN});
    http.post("/api/meetings/join", join).await.expect(200);
    row_becomes(&mut host, ANN, "delivered").await;
    let mut ann = hub.connect_with(ANN, &credential(ANN, "participant", &json!({}))).await;
    ann.expect_nothing().await;
    assert_eq!(hub.zoom.seen().obf_calls, 1);
}

#[rstest]
#[actix_web::test]
async fn who_arrives_with_a_credential_for_another_meeting_is_told_of_as_forbidden(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let mut host = hub.connect_with(HOST, &credential(HOST, "host", &json!({}))).await;
    distribute(&mut host, request(&[ANN])).await;
    let elsewhere = credential(ANN, "participant", &json!({"meetings": ["987654321"]}));
    let mut ann = hub.connect().await;
    assert_eq!(ann.show(ANN, &elsewhere).await["meetings"], json!([]));
    assert_eq!(row_becomes(&mut host, ANN, "failed").await["code"], "forbidden");
    ann.expect_nothing().await;
    assert_eq!(hub.zoom.seen().obf_calls, 0);
}

#[actix_web::test]
async fn whose_credentials_are_revoked_is_waited_for_no_longer() {
    let hub = Hub::start_with_credentials(&[]).await;
    let mut host = hub.connect_with(HOST, &credential(HOST, "host", &json!({}))).await;
    distribute(&mut host, request(&[ANN, "ben@example.com"])).await;
    let service = hub.http_with(&credential("backend", "service", &json!({})));
    service.post("/api/sessions/revoke", json!({"userId": ANN})).await.expect(200);
    assert_eq!(row_becomes(&mut host, ANN, "failed").await["code"], "credential_revoked");
    let mut ben =
        hub.connect_with("ben@example.com", &credential("ben@example.com", "participant", &json!({}))).await;
    ben.expect("meeting:credentials").await;
}

#[rstest]
#[actix_web::test]
async fn a_hub_that_stops_tells_hosts_that_nobody_is_waited_for(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    distribute(&mut host, request(&[ANN])).await;
    let stopping = hub.begin_stop();
    assert_eq!(row_becomes(&mut host, ANN, "failed").await["code"], "shutting_down");
    assert_eq!(host.closed().await.0, 4503);
    due("the stop", stopping).await.unwrap().unwrap();
}

/// Comes, and is given what waited.
async fn arrive(hub: &Hub, user: &str) -> Client {
    let mut client = hub.connect_as(user).await;
    assert_eq!(sub(&client.expect("meeting:credentials").await), user);
    client
}

#[rstest]
#[actix_web::test]
async fn five_hundred_who_arrive_each_get_a_token_and_none_is_minted_before(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let users: Vec<_> = (0..500).map(|n| format!("user{n}@example.com")).collect();
    let named: Vec<_> = users.iter().map(String::as_str).collect();
    let report = distribute(&mut host, request(&named)).await;
    assert_eq!(report["pending"], 500);
    let mut clients: Vec<Client> = Vec::new();
    for some in users.chunks(50) {
        let there = u64::try_from(clients.len()).unwrap();
        assert_eq!(hub.zoom.seen().obf_calls, there, "one for each who has come");
        clients.extend(join_all(some.iter().map(|user| arrive(&hub, user))).await);
    }
    let mut delivered = HashMap::new();
    while delivered.len() < 500 {
        let progress = host.expect("meeting:progress").await;
        for row in progress["participants"].as_array().unwrap() {
            delivered.insert(row["userId"].as_str().unwrap().to_owned(), row["status"].clone());
        }
    }
    assert!(delivered.values().all(|status| status == "delivered"));
    join_all(clients.iter_mut().map(Client::expect_nothing)).await;
}

#[actix_web::test]
async fn a_hold_that_is_no_time_is_refused_by_name() {
    let hub = Hub::start().await;
    for (field, odd) in [
        ("holdSeconds", json!(-1)),
        ("holdSeconds", json!("soon")),
        ("holdSeconds", json!(true)),
        ("hold", json!("perhaps")),
        ("hold", json!(7)),
    ] {
        let answer = hub.post("/api/meetings/distribute", request_with(&[ANN], field, odd)).await.expect(400);
        assert_eq!(
            (&answer["code"], &answer["details"][0]["field"]),
            (&json!("invalid_request"), &json!(field))
        );
    }
    // As a form has it.
    let form = format!("meetingId={MEETING}&hostUserId={HOST}&participantUserIds={ANN}&hold=false");
    let report = hub.http().post_form("/api/meetings/distribute", &form).await.expect(200);
    assert_eq!(row(&report, ANN).unwrap()["code"], "not_connected");
    assert_eq!(hub.zoom.seen().zak_calls, 1);
}
