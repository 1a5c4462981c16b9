//! What the hub does, in numbers: for its operator, and without a name or a token.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::credentials::credential;
use crate::harness::rows::{HOST, distribute, request, row_becomes};
use crate::harness::{Hub, MEETING, due, expect_shape};

const ANN: &str = "ann@example.com";

async fn stats(hub: &Hub) -> Value {
    hub.get("/api/stats").await.expect(200)
}

async fn join(hub: &Hub, user: &str) -> u16 {
    hub.post("/api/meetings/join", json!({"meetingId": MEETING, "participantUserId": user})).await.status
}

#[actix_web::test]
async fn a_hub_that_has_done_nothing_says_so() {
    let hub = Hub::start_with(&[("ZOOM_RATE_PER_SECOND", "30")]).await;
    let shape = json!({
        "success": true, "timestamp": "<moment>", "uptimeSeconds": "<count>", "sessions": 0, "users": 0,
        "distributions": {"running": 0, "remembered": 0, "queued": 0, "pending": 0},
        "zoom": {"status": "connected", "breaker": "closed", "ratePerSecond": 29.4, "waiting": 0, "underWay": 0},
        "tokens": {"zak": 0, "obf": 0}, "errors": [],
    });
    let answer = hub.get("/api/stats").await;
    expect_shape(&answer.expect(200), &shape);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(stats(&Hub::start().await).await["zoom"]["ratePerSecond"], Value::Null, "without a limit");
}

#[actix_web::test]
async fn a_paced_distribution_shows_while_it_runs_and_when_it_has_ended() {
    let hub = Hub::start_with(&[("ZOOM_RATE_PER_SECOND", "4")]).await;
    let users = ["a", "b", "c", "d", "e", "f"];
    let mut there = hub.connect().await;
    for user in users {
        there.authenticate(user).await;
    }
    let mut host = hub.connect_as(HOST).await;
    host.emit("meeting:distribute", request(&[&users[..], &[ANN]].concat())).await;
    host.expect("meeting:started").await;
    let running = due("rows that wait", async {
        loop {
            let now = stats(&hub).await;
            if now["distributions"]["pending"] == 1 && now["tokens"]["obf"].as_u64() > Some(0) {
                return now;
            }
        }
    })
    .await;
    let (queued, obf) = (&running["distributions"]["queued"], &running["tokens"]["obf"]);
    assert!(queued.as_u64() > Some(0) && obf.as_u64() < Some(6), "{running}");
    assert!(running["zoom"]["waiting"].as_u64() > Some(0), "{running}");
    assert_eq!((&running["sessions"], &running["users"]), (&json!(2), &json!(7)));
    let counts = json!({"running": 1, "remembered": 1, "queued": queued, "pending": 1});
    assert_eq!(running["distributions"], counts);
    host.expect("meeting:distributed").await;
    let ended = stats(&hub).await;
    assert_eq!(ended["distributions"], json!({"running": 0, "remembered": 1, "queued": 0, "pending": 1}));
    assert_eq!(ended["tokens"], json!({"zak": 1, "obf": 6}));
    assert_eq!((&ended["zoom"]["waiting"], &ended["zoom"]["underWay"]), (&json!(0), &json!(0)));
}

#[actix_web::test]
async fn what_is_under_way_and_what_has_failed_shows() {
    let hub = Hub::start_with(&[("ZOOM_TIMEOUT_SECONDS", "2")]).await;
    for user in ["missing-a", "missing-b"] {
        assert_eq!(join(&hub, user).await, 404);
    }
    hub.zoom.faults().change(|faults| faults.silent = true);
    let under_way = async {
        due("a call", async { while stats(&hub).await["zoom"]["underWay"] != 1 {} }).await;
    };
    let (status, ()) = futures_util::future::join(join(&hub, ANN), under_way).await;
    assert!([503, 504].contains(&status));
    let now = stats(&hub).await;
    let errors = now["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{now}");
    expect_shape(&errors[1], &json!({"code": "zoom_user_not_found", "count": 2, "lastAt": "<moment>"}));
    assert_eq!(errors[0]["count"], 1);
    assert!(errors[0]["lastAt"].as_str() >= errors[1]["lastAt"].as_str(), "the most recent first: {now}");
    assert_eq!(now["tokens"], json!({"zak": 0, "obf": 0}));
}

#[actix_web::test]
async fn a_zoom_that_is_away_shows_as_an_open_breaker() {
    let hub = Hub::start_with(&[("ZOOM_TIMEOUT_SECONDS", "1")]).await;
    hub.zoom.faults().change(|faults| faults.silent = true);
    let users: Vec<_> = (0..20).map(|n| format!("user{n}")).collect();
    join_all(users.iter().map(|user| join(&hub, user))).await;
    let zoom = due("an open breaker", async {
        loop {
            let zoom = stats(&hub).await["zoom"].take();
            if zoom["breaker"] == "open" {
                return zoom;
            }
        }
    })
    .await;
    assert_eq!(zoom["status"], "disconnected");
    hub.zoom.faults().reset();
    due("its return", async { while stats(&hub).await["zoom"]["breaker"] != "closed" {} }).await;
}

#[actix_web::test]
async fn role_service_alone_sees_them() {
    let hub = Hub::start_with_credentials(&[]).await;
    assert_eq!(hub.get("/api/stats").await.expect(401)["code"], "not_authenticated");
    for (role, status) in [("participant", 403), ("host", 403), ("service", 200)] {
        let http = hub.http_with(&credential(ANN, role, &json!({})));
        assert_eq!(http.get("/api/stats").await.status, status, "{role}");
    }
}

#[actix_web::test]
async fn nobodys_name_no_meeting_and_no_token_is_in_them() {
    let hub = Hub::start().await;
    let mut ann = hub.connect_as(ANN).await;
    let mut host = hub.connect_as(HOST).await;
    distribute(&mut host, request(&[ANN, "missing@example.com", "late@example.com"])).await;
    let token = ann.expect("meeting:credentials").await;
    let _late = hub.connect_as("late@example.com").await;
    row_becomes(&mut host, "late@example.com", "delivered").await;
    let text = hub.get("/api/stats").await.text;
    for secret in ["@", MEETING, "eyJ", token["obfToken"].as_str().unwrap()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(hub.get("/api/stats").await.json()["tokens"], json!({"zak": 1, "obf": 2}));
}
