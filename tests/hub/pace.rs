//! Zoom within its limits: the pace, what is asked for again, what is shared, and what is hopeless.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use zoom_token_hub::simulator::{ErrorKind, FaultSettings, Settings, start};

use crate::harness::{Answer, Hub, MEETING, due};

const HOST: &str = "host@example.com";

/// A hub in front of a Zoom that fails or limits in this way.
async fn with(variables: &[(&str, &str)], change: impl FnOnce(&mut FaultSettings)) -> Hub {
    let zoom = start(Settings::default()).await.unwrap();
    zoom.faults().change(change);
    Hub::start_against(zoom, variables).await
}

async fn join(hub: &Hub, user: &str) -> Answer {
    hub.post("/api/meetings/join", json!({"meetingId": MEETING, "participantUserId": user})).await
}

async fn start_meeting(hub: &Hub, host: &str) -> Answer {
    hub.post("/api/meetings/start", json!({"meetingId": MEETING, "hostUserId": host})).await
}

/// This host distributes to so many of these who are there; what it is told until the outcome.
async fn distribute(hub: &Hub, host_id: &str, name: &str, count: usize) -> Vec<Value> {
    let users: Vec<_> = (0..count).map(|n| format!("{name}{n}@example.com")).collect();
    let mut there = hub.connect().await;
    for user in &users {
        there.authenticate(user).await;
    }
    let mut host = hub.connect_as(host_id).await;
    let data = json!({"meetingId": MEETING, "hostUserId": host_id, "participantUserIds": users});
    host.emit("meeting:distribute", data).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|frame: &Value| frame["event"] != "meeting:distributed") {
        told.push(host.next().await);
    }
    told
}

#[actix_web::test]
async fn a_distribution_keeps_to_the_accounts_limit_and_says_how_far_it_is() {
    // Zoom's limit is a little higher: on a busy machine calls bunch on their way. The exact bound is the schedule's own
    // test, where nothing is late by more than it says.
    let hub = with(&[("ZOOM_RATE_PER_SECOND", "20")], |faults| faults.requests_per_second = 30).await;
    let begun = Instant::now();
    let told = distribute(&hub, HOST, "user", 50).await;
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "51 calls, five of them at once: {:?}",
        begun.elapsed()
    );
    assert_eq!(hub.zoom.seen().rate_limited, 0, "nothing was refused for the rate");
    let names: Vec<_> = told.iter().map(|frame| frame["event"].as_str().unwrap()).collect();
    let (first, last) = (names[0], *names.last().unwrap());
    assert_eq!((first, last), ("meeting:started", "meeting:distributed"));
    assert!(names[1..names.len() - 1].iter().all(|name| *name == "meeting:progress"), "{names:?}");
    assert_eq!(told.last().unwrap()["data"]["successful"], 50);

    let progress: Vec<_> = told[1..told.len() - 1].iter().map(|frame| &frame["data"]).collect();
    assert_eq!((&progress[0]["done"], &progress[0]["total"]), (&json!(0), &json!(50)));
    assert!(progress[0]["etaSeconds"].as_u64().unwrap() >= 2, "{}", progress[0]);
    let most = 5 + usize::try_from(begun.elapsed().as_millis()).unwrap() / 250;
    assert!((4..most).contains(&progress.len()), "at most four a second: {}", progress.len());
    let mut rows = 0;
    for it in progress {
        rows += it["participants"].as_array().unwrap().len();
        assert_eq!(it["done"], rows, "each row is told of once: {it}");
        assert_eq!(it["done"], it["delivered"]);
    }
}

#[actix_web::test]
async fn a_hub_that_believes_in_more_than_zoom_allows_learns_it_and_delivers_all() {
    let hub = with(&[("ZOOM_RATE_PER_SECOND", "80")], |faults| faults.requests_per_second = 15).await;
    let told = distribute(&hub, HOST, "user", 40).await;
    assert_eq!(told.last().unwrap()["data"]["successful"], 40);
    let refused = hub.zoom.seen().rate_limited;
    assert!((1..12).contains(&refused), "{refused} of about 41 calls were refused");
}

#[actix_web::test]
async fn what_fails_in_passing_is_asked_for_again() {
    let hub = with(&[], |_| {}).await;
    // The simulator fails every second call for these: the next. Fewer than would make Zoom seem to be away.
    start_meeting(&hub, "flaky-host").await.expect(200);
    for n in 0..15 {
        join(&hub, &format!("flaky{n}@example.com")).await.expect(200);
    }
    let told = distribute(&hub, "flaky-host", "flaky", 15).await;
    assert_eq!(told.last().unwrap()["data"]["successful"], 15);
    let seen = hub.zoom.seen();
    assert_eq!((seen.zak_calls, seen.zaks, seen.obf_calls, seen.obfs), (3, 2, 45, 30));
}

#[rstest]
#[actix_web::test]
async fn a_call_that_a_proxy_spoils_or_whose_connection_is_cut_is_made_again(
    #[values(true, false)] cut: bool,
) {
    let hub = with(&[], |_| {}).await;
    hub.zoom.faults().change(|faults| {
        (faults.error_rate, faults.error_kind) = (1.0, ErrorKind::Html);
        faults.drop_rate = if cut { 1.0 } else { 0.0 };
    });
    let mut seen = hub.zoom.account().watch_seen();
    let spoilt_once = async {
        drop(due("a call", seen.wait_for(|seen| seen.obf_calls == 1)).await.unwrap());
        due("its failure", seen.wait_for(|seen| seen.under_way == 0)).await.map(drop).unwrap();
        hub.zoom.faults().reset();
    };
    let (answer, ()) = futures_util::future::join(join(&hub, "alice"), spoilt_once).await;
    answer.expect(200);
    assert!(hub.zoom.seen().obf_calls >= 2);
}

#[actix_web::test]
async fn callers_who_want_the_same_zak_at_once_get_the_same_and_an_obf_is_never_shared() {
    let hub = with(&[], |faults| faults.token_latency_ms = 500).await;
    let starts = join_all((0..5).map(|_| start_meeting(&hub, "host@example.com"))).await;
    let zaks: Vec<_> = starts.iter().map(|answer| answer.expect(200)["zakToken"].clone()).collect();
    assert!(zaks.iter().all(|zak| *zak == zaks[0]));
    assert_eq!(hub.zoom.seen().zak_calls, 1);
    let joins = join_all((0..5).map(|_| join(&hub, "alice@example.com"))).await;
    let mut obfs: Vec<_> = joins.iter().map(|answer| answer.expect(200)["obfToken"].to_string()).collect();
    obfs.sort();
    obfs.dedup();
    assert_eq!((obfs.len(), hub.zoom.seen().obf_calls), (5, 5));
}

#[actix_web::test]
async fn while_zoom_is_away_callers_are_told_at_once_and_soon_after_its_return_they_are_served() {
    let hub = with(&[("ZOOM_TIMEOUT_SECONDS", "1")], |_| {}).await;
    hub.zoom.faults().change(|faults| faults.silent = true);
    let users: Vec<_> = (0..20).map(|n| format!("user{n}")).collect();
    for answer in join_all(users.iter().map(|user| join(&hub, user))).await {
        assert!([503, 504].contains(&answer.status), "{answer:?}");
    }
    let asked = Instant::now();
    let refused = join(&hub, "late").await.expect(503);
    assert_eq!(refused["code"], "zoom_unavailable");
    assert!(refused["error"].as_str().unwrap().ends_with("Zoom does not answer"), "{refused}");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(hub.get("/api/health").await.expect(503)["status"], "unhealthy");

    hub.zoom.faults().reset();
    due("Zoom's return", async { while join(&hub, "late").await.status != 200 {} }).await;
    hub.get("/api/health").await.expect(200);
}

#[actix_web::test]
async fn a_call_whose_turn_cannot_come_in_time_is_refused_at_once_and_others_have_theirs() {
    let hub = with(&[("ZOOM_RATE_PER_SECOND", "4"), ("ZOOM_TIMEOUT_SECONDS", "2")], |_| {}).await;
    let asked = Instant::now();
    let one_user = join_all((0..16).map(|_| join(&hub, "looper")));
    let (answers, other) = futures_util::future::join(one_user, join(&hub, "honest")).await;
    other.expect(200);
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty(), "after {:?}", asked.elapsed());
    for answer in refused {
        let body = answer.json();
        assert_eq!(body["code"], "overloaded");
        assert!(body["retryAfterSeconds"].as_u64().unwrap() >= 2, "{body}");
    }
}

#[actix_web::test]
async fn a_batch_that_pace_would_stretch_too_long_for_one_answer_is_pointed_to_distribute() {
    let hub = with(&[("ZOOM_RATE_PER_SECOND", "4")], |_| {}).await;
    let users: Vec<_> = (0..221).map(|n| format!("user{n}")).collect();
    for call in ["batch-join", "setup"] {
        let body = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": users});
        let refused = hub.post(&format!("/api/meetings/{call}"), body).await.expect(413);
        assert_eq!(refused["code"], "too_many_participants");
        assert!(refused["error"].as_str().unwrap().contains("/api/meetings/distribute"), "{refused}");
    }
    assert_eq!(hub.zoom.seen().zak_calls, 0, "nothing was minted");
}
