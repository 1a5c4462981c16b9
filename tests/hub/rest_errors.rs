//! Zoom's failures as a caller over HTTP sees them: the status, the code, the words that people search for, and Zoom's
//! own answer beside them.

use futures_util::future::join;
use serde_json::{Value, json};
use zoom_token_hub::simulator::{ErrorKind, FaultSettings, Settings, TokenShape, start};
use zoom_token_hub::zoom::Health;

use crate::harness::{Answer, Hub, MEETING, due, expect_shape};

async fn start_meeting(hub: &Hub, host: &str) -> Answer {
    let body = json!({"meetingId": MEETING, "hostUserId": host});
    hub.post("/api/meetings/start", body).await
}

async fn join_meeting(hub: &Hub, user: &str) -> Answer {
    let body = json!({"meetingId": MEETING, "participantUserId": user});
    hub.post("/api/meetings/join", body).await
}

/// A hub whose first login went well, before Zoom began to fail in this way.
async fn with_fault(change: impl FnOnce(&mut FaultSettings)) -> Hub {
    // What fails in passing is asked for again until then.
    let hub = Hub::start_with(&[("ZOOM_TIMEOUT_SECONDS", "1")]).await;
    hub.zoom.faults().change(change);
    hub
}

/// A refusal that asking again won't change.
fn refusal(code: &str, error: &str, zoom: &Value) -> Value {
    json!({"success": false, "error": error, "code": code, "retryable": false, "zoom": zoom})
}

/// A refusal that will pass.
fn passing(code: &str, error: &str, seconds: u64) -> Value {
    json!({"success": false, "error": error, "code": code, "retryable": true, "retryAfterSeconds": seconds})
}

#[actix_web::test]
async fn an_unknown_user_is_404_in_zooms_words() {
    let hub = Hub::start().await;
    for (kind, answer) in [
        ("ZAK", start_meeting(&hub, "missing@example.com").await),
        ("OBF", join_meeting(&hub, "missing@example.com").await),
    ] {
        let said = "User does not exist: missing@example.com.";
        let error = format!("{kind} token retrieval failed: {said}");
        let zoom = json!({"status": 404, "code": 1001, "message": said});
        expect_shape(&answer.expect(404), &refusal("zoom_user_not_found", &error, &zoom));
    }
}

#[actix_web::test]
async fn a_missing_scope_is_502_and_named() {
    let hub = with_fault(|faults| faults.missing_scope = true).await;
    let said = "Invalid access token, does not contain scopes:[user:read:token:admin].";
    let shape = refusal(
        "zoom_scope_missing",
        &format!("ZAK token retrieval failed: {said}"),
        &json!({"status": 400, "code": 4711, "message": said}),
    );
    expect_shape(&start_meeting(&hub, "h").await.expect(502), &shape);
}

#[actix_web::test]
async fn an_obf_that_zoom_refuses_is_502_and_a_zak_is_not_concerned() {
    let hub = with_fault(|faults| faults.obf_unauthorised = true).await;
    let said = "The user has not authorized this app to act on their behalf.";
    let shape = refusal(
        "zoom_refused",
        &format!("OBF token retrieval failed: {said}"),
        &json!({"status": 400, "code": 300, "message": said}),
    );
    expect_shape(&join_meeting(&hub, "alice").await.expect(502), &shape);
    start_meeting(&hub, "h").await.expect(200);
}

#[actix_web::test]
async fn refused_credentials_are_502_with_the_grants_own_words() {
    let zoom = start(Settings::default()).await.unwrap();
    zoom.faults().change(|faults| faults.bad_credentials = true);
    let hub = Hub::start_against(zoom, &[]).await;
    let said = "Invalid client_id or client_secret";
    let shape = refusal(
        "zoom_credentials_rejected",
        &format!("OAuth authentication failed: {said}"),
        &json!({"status": 400, "code": "invalid_client", "message": said}),
    );
    expect_shape(&start_meeting(&hub, "h").await.expect(502), &shape);
    // Nobody hammers at a closed door: for a moment the refusal is the answer, and no login is made.
    let logins = hub.zoom.seen().login_calls;
    hub.zoom.faults().reset();
    assert_eq!(start_meeting(&hub, "h").await.expect(502)["code"], "zoom_credentials_rejected");
    assert_eq!(hub.zoom.seen().login_calls, logins);
    drop(due("health", hub.health().wait_for(|health| *health == Health::Connected)).await.unwrap());
    start_meeting(&hub, "h").await.expect(200);
}

#[actix_web::test]
async fn an_empty_token_is_502_and_never_handed_out() {
    for token_shape in [TokenShape::Null, TokenShape::Empty] {
        let hub = with_fault(|faults| faults.token_shape = token_shape).await;
        let mut host = hub.connect_as("h").await;
        let shape = refusal(
            "zoom_bad_answer",
            "ZAK token retrieval failed: Zoom answered with an empty token",
            &json!({"status": 200}),
        );
        expect_shape(&start_meeting(&hub, "h").await.expect(502), &shape);
        host.expect_nothing().await;
    }
}

#[actix_web::test]
async fn zooms_rate_limit_is_503_and_its_retry_after_is_passed_on() {
    let hub = with_fault(|faults| {
        faults.requests_per_second = 1;
        faults.retry_after_seconds = Some(70);
    })
    .await;
    let (one, two) = join(start_meeting(&hub, "h"), start_meeting(&hub, "i")).await;
    let (served, refused) = if one.status == 200 { (one, two) } else { (two, one) };
    served.expect(200);
    let said = "You have reached the maximum per-second rate limit for this API. Try again later.";
    let mut shape = passing("zoom_rate_limited", &format!("ZAK token retrieval failed: {said}"), 70);
    shape["zoom"] = json!({"status": 429, "code": 429, "message": said});
    expect_shape(&refused.expect(503), &shape);
    assert_eq!(refused.header("retry-after"), Some("70"));
}

#[actix_web::test]
async fn zooms_daily_limit_is_503_and_a_matter_of_hours() {
    let hub = with_fault(|faults| faults.daily_limit = true).await;
    let answer = start_meeting(&hub, "h").await;
    let said = "You have reached the maximum daily rate limit for this API. Refer to the response header for details \
                on when you can make another request.";
    let mut shape = passing("zoom_daily_limit", &format!("ZAK token retrieval failed: {said}"), 0);
    shape["zoom"] = json!({"status": 429, "code": 429, "message": said});
    let body = answer.expect(503);
    // Zoom's day ends at a moment of its own, which its header names.
    let seconds = body["retryAfterSeconds"].as_u64().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    shape["retryAfterSeconds"] = seconds.into();
    expect_shape(&body, &shape);
    assert_eq!(answer.header("retry-after"), Some(seconds.to_string().as_str()));
    // Nobody asks Zoom again before.
    let calls = hub.zoom.seen().obf_calls;
    assert_eq!(join_meeting(&hub, "alice").await.expect(503)["code"], "zoom_daily_limit");
    assert_eq!(hub.zoom.seen().obf_calls, calls);
}

#[actix_web::test]
async fn a_proxys_page_and_zooms_own_failure_are_503() {
    for (kind, status, code, said) in [
        (ErrorKind::Html, 502, None, "Zoom answered with status 502"),
        (ErrorKind::Json, 500, Some(500), "Internal server error."),
    ] {
        let hub = with_fault(|faults| {
            faults.error_rate = 1.0;
            faults.error_kind = kind;
        })
        .await;
        let answer = start_meeting(&hub, "h").await;
        let mut shape = passing("zoom_unavailable", &format!("ZAK token retrieval failed: {said}"), 5);
        shape["zoom"] = match code {
            Some(code) => json!({"status": status, "code": code, "message": said}),
            None => json!({"status": status}),
        };
        expect_shape(&answer.expect(503), &shape);
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
}

#[actix_web::test]
async fn a_dropped_connection_is_503_and_says_so() {
    let hub = with_fault(|faults| faults.drop_rate = 1.0).await;
    let answer = start_meeting(&hub, "h").await;
    let body = answer.expect(503);
    expect_shape(&body, &passing("zoom_unavailable", "<text>", 5));
    let error = body["error"].as_str().unwrap();
    assert!(error.starts_with("ZAK token retrieval failed: Zoom could not be reached: "), "{error}");
    assert_eq!(answer.header("retry-after"), Some("5"));
}

#[actix_web::test]
async fn a_silent_zoom_is_504_in_time_and_in_the_same_words() {
    let hub = Hub::start_with(&[("ZOOM_TIMEOUT_SECONDS", "0.2")]).await;
    hub.zoom.faults().change(|faults| faults.silent = true);
    for (kind, answer) in
        [("ZAK", start_meeting(&hub, "h").await), ("OBF", join_meeting(&hub, "alice").await)]
    {
        let body = answer.expect(504);
        expect_shape(&body, &passing("deadline_exceeded", "<text>", 1));
        let error = body["error"].as_str().unwrap();
        // The call's own time and that of who waits for it are the same, so either may end first.
        assert!(
            error.starts_with(&format!("{kind} token retrieval failed: "))
                && error.ends_with(" within 0.2 s"),
            "{error}"
        );
        assert_eq!(answer.header("retry-after"), None);
    }
}

#[actix_web::test]
async fn a_row_of_a_batch_says_whether_asking_again_can_help() {
    let hub = with_fault(|faults| faults.daily_limit = true).await;
    let body = json!({"meetingId": MEETING, "participantUserIds": ["alice@example.com"]});
    let answer = hub.post("/api/meetings/batch-join", body).await.expect(200);
    let failed = json!([{
        "userId": "alice@example.com", "error": "<text>", "success": false, "code": "zoom_daily_limit",
        "retryable": true,
    }]);
    expect_shape(&answer["results"]["failed"], &failed);
}
