//! A host sees who is there: at once as things stand, then as people come and go.

use std::collections::HashMap;
use std::time::Instant;

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::{credential, ending_in};
use crate::harness::rows::HOST;
use crate::harness::{Client, Hub, MEETING, due, expect_shape};

const ANN: &str = "ann@example.com";
const BEN: &str = "ben@example.com";
const ELSEWHERE: &str = "987654321";
const AT_ONCE: (&str, &str) = ("PRESENCE_GRACE_SECONDS", "0");

fn watch(users: &[&str]) -> Value {
    json!({"meetingId": MEETING, "userIds": users})
}

/// Watches these, and is told how they stand.
async fn watches(client: &mut Client, users: &[&str], online: &[&str]) {
    client.emit("presence:watch", watch(users)).await;
    let state = client.expect("presence:state").await;
    assert_eq!(state["online"], json!(online), "{state}");
}

/// The next that is told must be just this.
async fn changes(client: &mut Client, user: &str, online: bool) {
    let change = client.expect("presence:change").await;
    let changes = json!([{"userId": user, "online": online}]);
    expect_shape(&change, &json!({"meetingId": MEETING, "changes": changes, "timestamp": "<moment>"}));
}

/// A host and what is its alone, in a hub that asks for credentials.
async fn host_of(hub: &Hub) -> Client {
    hub.connect_with(HOST, &credential(HOST, "host", &json!({"meetings": [MEETING]}))).await
}

fn participant(user: &str, meeting: &str) -> String {
    credential(user, "participant", &json!({"meetings": [meeting]}))
}

#[rstest]
#[actix_web::test]
async fn who_is_there_is_told_at_once_and_then_who_comes_and_goes(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&[("PRESENCE_GRACE_SECONDS", "0.1")]).await.over(carrier);
    let _ben = hub.connect_as("BEN@example.com").await;
    let mut host = hub.connect_as(HOST).await;
    host.emit_as("w", "presence:watch", watch(&["Ann@Example.com", BEN, "ANN@example.com", "me"])).await;
    let state = host.expect_answer("w", "presence:state").await;
    let shape = json!({
        "meetingId": MEETING, "online": [BEN], "offline": ["Ann@Example.com", "me"], "timestamp": "<moment>",
    });
    expect_shape(&state, &shape);
    let ann = hub.connect_as(ANN).await;
    changes(&mut host, "Ann@Example.com", true).await;
    ann.leave().await;
    changes(&mut host, "Ann@Example.com", false).await;
    host.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_reload_is_not_told_and_several_sessions_are_one_user(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&[("PRESENCE_GRACE_SECONDS", "20")]).await.over(carrier);
    let (page, phone) = (hub.connect_as(ANN).await, hub.connect_as(ANN).await);
    let mut host = hub.connect_as(HOST).await;
    watches(&mut host, &[ANN, BEN], &[ANN]).await;
    page.leave().await;
    phone.leave().await;
    due("her end", async { while hub.get("/api/health").await.json()["users"] != 1 {} }).await;
    let _again = hub.connect_as(ANN).await;
    let _ben = hub.connect_as(BEN).await;
    // Of what happened before nothing was told.
    changes(&mut host, BEN, true).await;
    host.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn the_last_session_counts(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with(&[AT_ONCE]).await.over(carrier);
    let (first, second) = (hub.connect_as(ANN).await, hub.connect_as(ANN).await);
    let mut host = hub.connect_as(HOST).await;
    watches(&mut host, &[ANN, BEN], &[ANN]).await;
    first.leave().await;
    due("its end", async { while hub.get("/api/health").await.json()["sessions"] != 2 {} }).await;
    let _ben = hub.connect_as(BEN).await;
    changes(&mut host, BEN, true).await;
    second.leave().await;
    changes(&mut host, ANN, false).await;
}

#[rstest]
#[actix_web::test]
async fn a_death_without_a_goodbye_is_told_after_heartbeat_and_grace(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let soon = [
        ("PING_INTERVAL_SECONDS", "0.3"),
        ("PING_TIMEOUT_SECONDS", "0.3"),
        ("PRESENCE_GRACE_SECONDS", "0.2"),
    ];
    let hub = Hub::start_with(&soon).await.over(carrier);
    let silent = hub.connect_as(ANN).await;
    let mut host = hub.connect_as(HOST).await;
    watches(&mut host, &[ANN], &[ANN]).await;
    // By a WebSocket it is there and answers no ping; one that polls would answer, so it is there for no other poll.
    let _silent = (carrier != Polling).then_some(silent);
    changes(&mut host, ANN, false).await;
}

#[rstest]
#[actix_web::test]
async fn a_host_sees_whose_credentials_are_good_for_its_meeting_and_no_others(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[AT_ONCE]).await.over(carrier);
    let mut ann = hub.connect_with(ANN, &participant(ANN, MEETING)).await;
    let mut ben = hub.connect_with(BEN, &participant(BEN, ELSEWHERE)).await;
    let mut host = host_of(&hub).await;
    watches(&mut host, &[ANN, BEN], &[ANN]).await;
    // With another credential on the same session.
    ben.show(BEN, &participant(BEN, MEETING)).await;
    changes(&mut host, BEN, true).await;
    ann.show(ANN, &participant(ANN, ELSEWHERE)).await;
    changes(&mut host, ANN, false).await;

    let foreign = json!({"meetingId": ELSEWHERE, "userIds": [BEN]});
    assert_eq!(host.refused("presence:watch", foreign).await, "forbidden");
    assert_eq!(ben.refused("presence:watch", watch(&[BEN])).await, "forbidden");
    let mut nobody = hub.connect().await;
    assert_eq!(nobody.refused("presence:watch", watch(&[BEN])).await, "not_authenticated");
}

#[rstest]
#[actix_web::test]
async fn a_second_watch_of_a_meeting_replaces_the_first_and_an_empty_one_ends_it(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let (mut host, mut other) = (hub.connect_as(HOST).await, hub.connect_as(HOST).await);
    watches(&mut other, &[ANN, BEN], &[]).await;
    watches(&mut host, &[ANN], &[]).await;
    watches(&mut host, &[BEN], &[]).await;
    let _ann = hub.connect_as(ANN).await;
    changes(&mut other, ANN, true).await;
    host.expect_nothing().await;
    host.emit_as("e", "presence:watch", watch(&[])).await;
    let ended = host.expect_answer("e", "presence:state").await;
    assert_eq!((&ended["online"], &ended["offline"]), (&json!([]), &json!([])));
    let _ben = hub.connect_as(BEN).await;
    changes(&mut other, BEN, true).await;
    host.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_session_watches_so_many_and_no_more(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with(&[("MAX_BATCH", "2")]).await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    watches(&mut host, &[ANN], &[]).await;
    assert_eq!(host.refused("presence:watch", watch(&["a", "b", "c"])).await, "too_many_participants");
    let elsewhere = json!({"meetingId": ELSEWHERE, "userIds": ["a", "b"]});
    assert_eq!(host.refused("presence:watch", elsewhere).await, "too_many_participants");
    assert_eq!(host.refused("presence:watch", json!({"meetingId": MEETING})).await, "invalid_request");
    // What was refused changed nothing.
    let _ann = hub.connect_as(ANN).await;
    changes(&mut host, ANN, true).await;
}

#[rstest]
#[actix_web::test]
async fn a_thousand_who_come_are_told_in_few_words(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let users: Vec<_> = (0..1000).map(|n| format!("user{n}@example.com")).collect();
    watches(&mut host, &users.iter().map(String::as_str).collect::<Vec<_>>(), &[]).await;
    let begun = Instant::now();
    let mut clients = join_all((0..10).map(|_| hub.connect())).await;
    let come = clients.iter_mut().zip(users.chunks(100)).map(|(client, users)| async move {
        for user in users {
            client.authenticate(user).await;
        }
    });
    join_all(come).await;
    let (mut told, mut events) = (HashMap::new(), 0_u32);
    while told.len() < 1000 {
        let change = host.expect("presence:change").await;
        events += 1;
        for change in change["changes"].as_array().unwrap() {
            let known = told.insert(change["userId"].to_string(), change["online"].clone());
            assert_eq!(known, None, "{change} twice");
        }
    }
    assert!(told.values().all(|online| *online == true));
    let most = begun.elapsed().as_secs_f64() * 4.0 + 1.0;
    assert!(f64::from(events) <= most, "{events} events in {:?}", begun.elapsed());
}

#[rstest]
#[actix_web::test]
async fn what_changes_while_the_watchers_credential_has_ended_is_told_after_its_renewal(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[AT_ONCE, ("RENEW_SECONDS", "20")]).await.over(carrier);
    let mut witness = host_of(&hub).await;
    watches(&mut witness, &[ANN], &[]).await;
    let mut host = hub.connect_with(HOST, &ending_in(2, HOST, "host")).await;
    watches(&mut host, &[ANN], &[]).await;
    assert_eq!(host.expect("error").await["code"], "credential_expired");
    let ann = hub.connect_with(ANN, &participant(ANN, MEETING)).await;
    changes(&mut witness, ANN, true).await;
    host.expect_nothing().await;
    host.show(HOST, &credential(HOST, "host", &json!({}))).await;
    changes(&mut host, ANN, true).await;

    // A credential that isn't good for the meeting ends the watch.
    host.show(HOST, &credential(HOST, "host", &json!({"meetings": [ELSEWHERE]}))).await;
    ann.leave().await;
    changes(&mut witness, ANN, false).await;
    host.expect_nothing().await;
}
