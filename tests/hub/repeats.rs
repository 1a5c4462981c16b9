//! A press that is made twice under one name is one press.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::credential;
use crate::harness::rows::{HOST, request, request_with, row};
use crate::harness::{Answer, Hub, due};

const ANN: &str = "ann@example.com";
const DISTRIBUTE: &str = "/api/meetings/distribute";

fn named(key: &str) -> Value {
    request_with(&[ANN], "idempotencyKey", json!(key))
}

async fn press(hub: &Hub, key: &str) -> Answer {
    hub.http().with("idempotency-key", key).post(DISTRIBUTE, request(&[ANN])).await
}

#[rstest]
#[actix_web::test]
async fn a_nervous_client_that_repeats_before_during_and_after_mints_once(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 200);
    let mut host = hub.connect_as(HOST).await;
    let mut ann = hub.connect_as(ANN).await;
    // Two at once, before the ZAK is there, and one while the rows run.
    host.emit_as("1", "meeting:distribute", named("k")).await;
    host.emit_as("2", "meeting:distribute", named("k")).await;
    host.expect("meeting:started").await;
    host.expect("meeting:started").await;
    host.emit_as("3", "meeting:distribute", named("k")).await;
    ann.expect("meeting:credentials").await;
    let report = host.expect_answer("1", "meeting:distributed").await;
    for again in ["2", "3"] {
        assert_eq!(host.expect_answer(again, "meeting:distributed").await, report);
    }
    // And after, by another way.
    let again = press(&hub, "k").await.expect(200);
    assert_eq!(again["distributionId"], report["distributionId"]);
    assert_eq!(again["participants"], report["participants"]);
    host.emit_as("4", "meeting:distribute", named("k")).await;
    let late = host.expect_answer("4", "meeting:distributed").await;
    assert_eq!(late["distributionId"], report["distributionId"]);
    host.expect_nothing().await;
    ann.expect_nothing().await;
    let seen = hub.zoom.seen();
    assert_eq!((seen.zak_calls, seen.obf_calls), (1, 1));
}

#[actix_web::test]
async fn callers_over_http_that_repeat_at_once_get_the_same_answer() {
    let hub = Hub::start().await;
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 200);
    let _ann = hub.connect_as(ANN).await;
    let answers = join_all((0..10).map(|_| press(&hub, "once"))).await;
    let reports: Vec<_> = answers.iter().map(|answer| answer.expect(200)).collect();
    assert!(reports.iter().all(|report| report["distributionId"] == reports[0]["distributionId"]));
    assert!(reports.iter().all(|report| row(report, ANN).unwrap()["status"] == "delivered"));
    let seen = hub.zoom.seen();
    assert_eq!((seen.zak_calls, seen.obf_calls), (1, 1));
}

#[actix_web::test]
async fn the_same_name_for_something_else_is_refused() {
    let hub = Hub::start().await;
    let first = press(&hub, "k").await.expect(200);
    for other in [
        request(&["ben@example.com"]),
        request(&[ANN, "ben@example.com"]),
        request_with(&[ANN], "meetingId", json!("987654321")),
        request_with(&[ANN], "hold", json!(false)),
        request_with(&[ANN], "holdSeconds", json!(5)),
    ] {
        let answer = hub.http().with("idempotency-key", "k").post(DISTRIBUTE, other.clone()).await;
        assert_eq!(answer.expect(409)["code"], "idempotency_conflict", "{other}");
    }
    assert_eq!(press(&hub, "k").await.expect(200)["distributionId"], first["distributionId"]);
    assert_eq!(hub.zoom.seen().zak_calls, 1);
}

#[actix_web::test]
async fn a_name_is_its_callers_own() {
    let hub = Hub::start_with_credentials(&[]).await;
    let mut ids = Vec::new();
    for caller in ["backend", "other-backend"] {
        let http = hub.http_with(&credential(caller, "service", &json!({}))).with("idempotency-key", "k");
        ids.push(http.post(DISTRIBUTE, request(&[ANN])).await.expect(200)["distributionId"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    // In open mode it is the host's.
    let hub = Hub::start().await;
    let first = press(&hub, "k").await.expect(200);
    let other = hub.http().with("idempotency-key", "k");
    let other = other.post(DISTRIBUTE, request_with(&[ANN], "hostUserId", json!("other@example.com"))).await;
    assert_ne!(other.expect(200)["distributionId"], first["distributionId"]);
}

#[actix_web::test]
async fn a_name_is_forgotten_after_its_time() {
    let hub = Hub::start_with(&[("IDEMPOTENCY_SECONDS", "0.2")]).await;
    let first = press(&hub, "k").await.expect(200)["distributionId"].clone();
    due("another", async { while press(&hub, "k").await.expect(200)["distributionId"] == first {} }).await;
}

#[actix_web::test]
async fn what_was_refused_never_was() {
    let hub = Hub::start().await;
    hub.zoom.faults().change(|faults| faults.bad_credentials = true);
    hub.zoom.revoke_access_tokens().await;
    press(&hub, "k").await.expect(502);
    hub.zoom.faults().reset();
    due("the next login", async { while press(&hub, "k").await.status != 200 {} }).await;
}

#[actix_web::test]
async fn a_name_is_of_visible_letters() {
    let hub = Hub::start().await;
    for odd in ["", "two words", &"x".repeat(129), "ä"] {
        let answer = hub.post(DISTRIBUTE, named(odd)).await;
        if odd.is_empty() {
            // As everywhere an empty text counts as missing.
            answer.expect(200);
            continue;
        }
        let answer = answer.expect(400);
        assert_eq!(
            (&answer["code"], &answer["details"][0]["field"]),
            (&json!("invalid_request"), &json!("idempotencyKey"))
        );
    }
    assert_eq!(press(&hub, "two words").await.expect(400)["code"], "invalid_request");
    let both = hub.http().with("idempotency-key", "a").post(DISTRIBUTE, named("b")).await;
    assert_eq!(both.expect(400)["code"], "invalid_request", "one name or the other");
    let both = hub.http().with("idempotency-key", "a").post(DISTRIBUTE, named("a")).await;
    both.expect(200);
}
