//! A host distributes: each connected participant gets its own token, and the host is told who has it.

use std::collections::HashSet;

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use zoom_token_hub::simulator::Claims;
use zoom_token_hub::zoom::api::TokenKind;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::rows::{request, request_with};
use crate::harness::{Client, Hub, MEETING, due, expect_shape};

/// A distribution that waits for nobody.
fn at_once(participants: &[&str]) -> Value {
    request_with(participants, "hold", json!(false))
}

fn claims(credentials: &Value) -> Claims {
    Claims::read(credentials["obfToken"].as_str().unwrap()).unwrap()
}

#[rstest]
#[actix_web::test]
async fn the_host_gets_its_zak_and_each_participant_its_own_token(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as("host@example.com").await;
    let mut alice = hub.connect_as("alice@example.com").await;
    let mut bob = hub.connect_as("bob@example.com").await;
    host.emit_as("7", "meeting:distribute", request(&["alice@example.com", "bob@example.com"])).await;

    let started = host.expect("meeting:started").await;
    let zak = Claims::read(started["zakToken"].as_str().unwrap()).unwrap();
    assert_eq!((zak.kind, zak.sub.as_str()), (TokenKind::Zak, "host@example.com"));

    for (client, user) in [(&mut alice, "alice@example.com"), (&mut bob, "bob@example.com")] {
        let obf = claims(&client.expect("meeting:credentials").await);
        assert_eq!((obf.kind, obf.sub.as_str()), (TokenKind::Obf, user));
        assert_eq!(obf.meeting.as_deref(), Some(MEETING));
    }
    let report = host.expect_answer("7", "meeting:distributed").await;
    assert_eq!(
        (&report["successful"], &report["failed"], &report["total"]),
        (&json!(2), &json!(0), &json!(2))
    );
    host.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_thousand_connected_participants_each_receive_exactly_their_own_token_with_one_login(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let users: Vec<_> = (0..1000).map(|n| format!("user{n}@example.com")).collect();
    let mut clients: Vec<Client> = Vec::new();
    for some in users.chunks(50) {
        clients.extend(join_all(some.iter().map(|user| hub.connect_as(user))).await);
    }
    let mut host = hub.connect_as("host@example.com").await;
    let named: Vec<_> = users.iter().map(String::as_str).collect();
    host.emit("meeting:distribute", request(&named)).await;
    host.expect("meeting:started").await;

    let tokens = join_all(clients.iter_mut().map(|client| client.expect("meeting:credentials"))).await;
    for (user, token) in users.iter().zip(&tokens) {
        assert_eq!(&claims(token).sub, user);
    }
    let distinct: HashSet<_> = tokens.iter().map(|token| claims(token).jti).collect();
    assert_eq!(distinct.len(), 1000);
    let report = host.expect("meeting:distributed").await;
    assert_eq!((&report["successful"], &report["failed"]), (&json!(1000), &json!(0)));
    join_all(clients.iter_mut().map(Client::expect_nothing)).await;
    let seen = hub.zoom.seen();
    assert_eq!((seen.logins, seen.obfs, seen.zaks), (1, 1000, 1));
    assert!(seen.max_under_way <= 64, "{seen:?}");
}

#[rstest]
#[actix_web::test]
async fn an_absent_participant_fails_and_no_token_is_minted_for_it(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as("host@example.com").await;
    let mut alice = hub.connect_as("alice@example.com").await;
    host.emit(
        "meeting:distribute",
        at_once(&["nobody@example.com", "ALICE@example.com", "me", "alice@example.com"]),
    )
    .await;
    host.expect("meeting:started").await;
    alice.expect("meeting:credentials").await;
    let report = host.expect("meeting:distributed").await;
    assert_eq!(report["failedUsers"], json!(["nobody@example.com", "me"]));
    assert_eq!(
        (&report["total"], &report["successful"], &report["pending"]),
        (&json!(3), &json!(1), &json!(0))
    );
    let rows = report["participants"].as_array().unwrap();
    assert_eq!((&rows[0]["status"], &rows[0]["code"]), (&json!("failed"), &json!("not_connected")));
    let shape =
        json!({"userId": "ALICE@example.com", "status": "delivered", "sessions": 1, "at": "<moment>"});
    expect_shape(&rows[1], &shape);
    assert_eq!((&rows[2]["status"], &rows[2]["code"]), (&json!("failed"), &json!("invalid_user_id")));
    assert_eq!(hub.zoom.seen().obf_calls, 1);
    alice.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn one_failure_never_fails_the_others_and_the_first_does_not_wait_for_the_last(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.slow_user_ms = 600_000);
    let mut host = hub.connect_as("host@example.com").await;
    let mut slow = hub.connect_as("slow@example.com").await;
    let mut missing = hub.connect_as("missing@example.com").await;
    let mut alice = hub.connect_as("alice@example.com").await;
    let distribute = request(&["slow@example.com", "missing@example.com", "alice@example.com"]);
    host.emit("meeting:distribute", distribute).await;
    host.expect("meeting:started").await;
    alice.expect("meeting:credentials").await;
    // The slow one's call still runs, so nothing is settled yet.
    host.expect_nothing().await;
    missing.expect_nothing().await;
    slow.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn zooms_refusal_of_one_participant_is_told_to_the_host_alone(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as("host@example.com").await;
    let mut missing = hub.connect_as("missing@example.com").await;
    host.emit("meeting:distribute", request(&["missing@example.com"])).await;
    host.expect("meeting:started").await;
    let report = host.expect("meeting:distributed").await;
    let row = &report["participants"][0];
    assert_eq!(row["code"], "zoom_user_not_found");
    assert_eq!(row["error"], "OBF token retrieval failed: User does not exist: missing@example.com.");
    missing.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn where_the_zak_is_refused_nothing_is_minted_for_participants(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut alice = hub.connect_as("alice@example.com").await;
    let mut host = hub.connect().await;
    let mut request = request(&["alice@example.com"]);
    request["hostUserId"] = json!("missing-host");
    host.emit_as("d", "meeting:distribute", request).await;
    let error = host.expect_answer("d", "error").await;
    assert_eq!(error["message"], "Failed to distribute tokens");
    assert_eq!(error["error"], "ZAK token retrieval failed: User does not exist: missing-host.");
    assert_eq!(
        (&error["code"], &error["event"]),
        (&json!("zoom_user_not_found"), &json!("meeting:distribute"))
    );
    assert_eq!(
        error["zoom"],
        json!({"status": 404, "code": 1001, "message": "User does not exist: missing-host."})
    );
    alice.expect_nothing().await;
    assert_eq!(hub.zoom.seen().obf_calls, 0);
}

#[rstest]
#[actix_web::test]
async fn a_distribution_goes_on_when_its_hosts_socket_closes(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 200);
    let mut other = hub.connect_as("host@example.com").await;
    let mut host = hub.connect_as("HOST@example.com").await;
    let mut alice = hub.connect_as("alice@example.com").await;
    host.emit("meeting:distribute", request(&["alice@example.com"])).await;
    host.expect("meeting:started").await;
    host.leave().await;
    alice.expect("meeting:credentials").await;
    // The host's other session has the ZAK too, and is told in the place of the one that asked.
    other.expect("meeting:started").await;
    assert_eq!(other.expect("meeting:distributed").await["successful"], 1);
}

#[rstest]
#[actix_web::test]
async fn all_sessions_of_a_user_get_the_token_and_nobody_elses_do(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut phone = hub.connect_as("alice@example.com").await;
    let mut laptop = hub.connect_as("Alice@Example.com").await;
    let mut both = hub.connect_as("carol@example.com").await;
    both.authenticate("alice@example.com").await;
    let mut unnamed = hub.connect().await;
    let mut host = hub.connect_as("host@example.com").await;
    host.emit("meeting:distribute", request(&["alice@example.com"])).await;
    host.expect("meeting:started").await;
    let mut jtis = HashSet::new();
    for client in [&mut phone, &mut laptop, &mut both] {
        jtis.insert(claims(&client.expect("meeting:credentials").await).jti);
    }
    assert_eq!(jtis.len(), 1, "one row, one token");
    assert_eq!(host.expect("meeting:distributed").await["participants"][0]["sessions"], 3);
    unnamed.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_user_who_leaves_while_the_token_is_minted_is_not_connected(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 200);
    let mut host = hub.connect_as("host@example.com").await;
    let alice = hub.connect_as("alice@example.com").await;
    host.emit("meeting:distribute", at_once(&["alice@example.com"])).await;
    host.expect("meeting:started").await;
    let mut seen = hub.zoom.account().watch_seen();
    drop(due("the call", seen.wait_for(|seen| seen.obf_calls == 1)).await.unwrap());
    alice.leave().await;
    let report = host.expect("meeting:distributed").await;
    assert_eq!(report["participants"][0]["code"], "not_connected");
}

#[rstest]
#[actix_web::test]
async fn a_distribution_asked_for_over_http_answers_with_its_rows_and_no_token(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as("host@example.com").await;
    let mut alice = hub.connect_as("alice@example.com").await;
    let answer =
        hub.post("/api/meetings/distribute", at_once(&["alice@example.com", "bob@example.com"])).await;
    let report = answer.expect(200);
    assert_eq!((&report["successful"], &report["failedUsers"]), (&json!(1), &json!(["bob@example.com"])));
    assert!(!answer.text.contains("eyJ"), "{}", answer.text);
    alice.expect("meeting:credentials").await;
    host.expect("meeting:started").await;
    assert_eq!(host.expect("meeting:distributed").await["distributionId"], report["distributionId"]);
}

#[rstest]
#[actix_web::test]
async fn a_caller_over_http_that_does_not_want_to_wait_gets_the_rows_as_they_stand(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut slow = hub.connect_as("slow@example.com").await;
    let mut body = request(&["slow@example.com", "nobody@example.com"]);
    body["wait"] = json!(0);
    let report = hub.post("/api/meetings/distribute", body).await.expect(200);
    assert_eq!(report["participants"][0]["status"], "queued");
    assert_eq!(report["total"], 2);
    // It goes on all the same.
    slow.expect("meeting:credentials").await;
}

#[actix_web::test]
async fn more_rows_than_may_wait_are_refused_whole() {
    let hub = Hub::start_with(&[("MAX_QUEUED", "2"), ("MAX_BATCH", "3")]).await;
    let three = hub.post("/api/meetings/distribute", request(&["a", "b", "c"])).await;
    assert_eq!(three.expect(503)["code"], "overloaded");
    assert_eq!(three.header("retry-after"), Some("1"));
    let four = hub.post("/api/meetings/distribute", request(&["a", "b", "c", "d"])).await.expect(413);
    assert_eq!(four["code"], "too_many_participants");
    assert_eq!(hub.zoom.seen().zak_calls, 0);
    assert_eq!(hub.post("/api/meetings/distribute", at_once(&["a", "b"])).await.expect(200)["failed"], 2);
}
