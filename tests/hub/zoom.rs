//! How the hub deals with Zoom: one login for all, renewed when it must be, bounded in what is under way and what waits.

use futures_util::future::join_all;
use serde_json::json;
use zoom_token_hub::simulator::{self, Settings};

use crate::harness::{Answer, Hub, MEETING, due};

async fn joins(hub: &Hub, count: usize) -> Vec<Answer> {
    let join = |n| async move {
        let body = json!({"meetingId": MEETING, "participantUserId": format!("user{n}")});
        hub.post("/api/meetings/join", body).await
    };
    join_all((0..count).map(join)).await
}

fn all_succeeded(answers: &[Answer]) -> bool {
    answers.iter().all(|answer| answer.status == 200)
}

#[actix_web::test]
async fn twenty_requests_at_once_after_the_access_token_was_revoked_cost_one_login_and_all_succeed() {
    let hub = Hub::start().await;
    hub.zoom.faults().change(|faults| faults.login_latency_ms = 50);
    hub.zoom.revoke_access_tokens().await;
    let before = hub.zoom.seen();
    assert!(all_succeeded(&joins(&hub, 20).await));
    let after = hub.zoom.seen();
    assert_eq!(after.login_calls - before.login_calls, 1, "{after:?}");
    assert_eq!(after.obfs, 20);
}

#[actix_web::test]
async fn late_refusals_of_the_old_access_token_do_not_cost_the_new_one() {
    let hub = Hub::start().await;
    // All twenty calls carry the old token; their refusals arrive while and after the new one is fetched.
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 30);
    hub.zoom.revoke_access_tokens().await;
    let before = hub.zoom.seen().login_calls;
    for _ in 0..3 {
        assert!(all_succeeded(&joins(&hub, 20).await));
    }
    assert_eq!(hub.zoom.seen().login_calls - before, 1);
}

#[actix_web::test]
async fn an_access_token_that_ran_out_early_is_renewed_and_the_caller_notices_nothing() {
    let zoom = simulator::start(Settings::default()).await.unwrap();
    zoom.faults().change(|faults| faults.access_token_early_seconds = Some(0));
    let hub = Hub::start_against(zoom, &[]).await;
    // Refused with the first, and with the second too: said after one renewal, not after many.
    let refused = joins(&hub, 1).await.remove(0).expect(502);
    assert_eq!((&refused["code"], &refused["zoom"]["code"]), (&json!("zoom_refused"), &json!(124)));
    assert_eq!(hub.zoom.seen().login_calls, 2);
    hub.zoom.faults().reset();
    assert!(all_succeeded(&joins(&hub, 1).await));
}

#[actix_web::test]
async fn an_access_token_near_its_end_is_replaced_before_it_fails() {
    let zoom = simulator::start(Settings::default()).await.unwrap();
    // A tenth of its life is used: at once, as far as one second counts.
    zoom.faults().change(|faults| faults.access_token_seconds = 1);
    let hub = Hub::start_against(zoom, &[]).await;
    let deadline = due("a second login", async {
        while hub.zoom.seen().logins < 2 {
            assert!(all_succeeded(&joins(&hub, 1).await));
        }
    });
    deadline.await;
    assert_eq!(hub.zoom.seen().unauthorised, 0);
}

#[actix_web::test]
async fn no_more_calls_are_under_way_than_allowed_and_the_rest_is_served_in_turn() {
    let hub = Hub::start_with(&[("ZOOM_MAX_CONCURRENCY", "3")]).await;
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 20);
    assert!(all_succeeded(&joins(&hub, 30).await));
    assert_eq!(hub.zoom.seen().max_under_way, 3);
}

#[actix_web::test]
async fn a_full_queue_refuses_what_comes_next_and_keeps_what_waits() {
    let hub = Hub::start_with(&[("ZOOM_MAX_CONCURRENCY", "1"), ("MAX_QUEUED", "4")]).await;
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 100);
    let answers = joins(&hub, 10).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert_eq!(refused.len(), 5, "one under way, four waiting");
    assert!(refused.iter().all(|answer| answer.json()["code"] == "overloaded"));
    assert!(refused.iter().all(|answer| answer.header("retry-after") == Some("1")));
    assert_eq!(hub.zoom.seen().obfs, 5);
}

#[actix_web::test]
async fn a_caller_whose_deadline_has_passed_gives_its_place_back() {
    let hub = Hub::start_with(&[("ZOOM_MAX_CONCURRENCY", "1"), ("ZOOM_TIMEOUT_SECONDS", "0.3")]).await;
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 250);
    let answers = joins(&hub, 5).await;
    let late: Vec<_> = answers.iter().filter(|answer| answer.status == 504).collect();
    assert!(late.len() >= 3, "{answers:?}");
    assert!(late.iter().all(|answer| answer.json()["code"] == "deadline_exceeded"));
    // One was answered and one was on its way: the next that is served has nobody before it any more.
    hub.zoom.faults().reset();
    let mut tries = 1;
    while joins(&hub, 1).await[0].status != 200 {
        tries += 1;
    }
    assert!(hub.zoom.seen().obf_calls <= 2 + tries, "{:?}", hub.zoom.seen());
}

#[actix_web::test]
async fn an_obf_is_never_shared_and_lives_half_an_hour_and_a_zak_two_hours() {
    let hub = Hub::start().await;
    let body = json!({"meetingId": MEETING, "participantUserId": "alice"});
    let first = hub.post("/api/meetings/join", body.clone()).await.expect(200);
    let second = hub.post("/api/meetings/join", body).await.expect(200);
    assert_ne!(first["obfToken"], second["obfToken"]);
    let life = |token: &serde_json::Value| {
        let claims = simulator::Claims::read(token.as_str().unwrap()).unwrap();
        claims.exp - claims.iat
    };
    assert_eq!(life(&first["obfToken"]), 1800);
    let host = json!({"meetingId": MEETING, "hostUserId": "host"});
    assert_eq!(life(&hub.post("/api/meetings/start", host).await.expect(200)["zakToken"]), 7200);
}

#[actix_web::test]
async fn what_a_token_says_of_its_own_end_counts() {
    let hub = Hub::start_with(&[("OBF_TTL_SECONDS", "3600")]).await;
    hub.zoom.faults().change(|faults| faults.token_seconds = Some(600));
    let body = json!({"meetingId": MEETING, "participantUserId": "alice"});
    assert_eq!(hub.post("/api/meetings/join", body.clone()).await.expect(200)["expiresIn"], "10 minutes");
    hub.zoom.faults().change(|faults| faults.token_shape = simulator::TokenShape::Opaque);
    assert_eq!(hub.post("/api/meetings/join", body).await.expect(200)["expiresIn"], "1 hour");
}

#[actix_web::test]
async fn a_login_that_fails_is_tried_again_without_anybody_asking() {
    let zoom = simulator::start(Settings::default()).await.unwrap();
    zoom.faults().change(|faults| faults.bad_credentials = true);
    let hub = Hub::start_against(zoom, &[]).await;
    let sick = hub.get("/api/health").await.expect(503);
    assert_eq!((&sick["zoom"], &sick["status"]), (&json!("disconnected"), &json!("unhealthy")));
    assert_eq!(sick["error"], "OAuth authentication failed: Invalid client_id or client_secret");
    let refused = joins(&hub, 1).await.remove(0).expect(502);
    assert_eq!(refused["code"], "zoom_credentials_rejected");
    hub.zoom.faults().reset();
    let mut seen = hub.zoom.account().watch_seen();
    drop(due("a login", seen.wait_for(|seen| seen.logins == 1)).await.unwrap());
    due("health", async {
        while hub.get("/api/health").await.status != 200 {
            actix_web::rt::task::yield_now().await;
        }
    })
    .await;
}
