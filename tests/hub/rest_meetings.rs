//! Tokens asked for over HTTP: every answer field by field.

use serde_json::{Value, json};
use zoom_token_hub::simulator::Claims;

use crate::harness::{Hub, MEETING, expect_shape};

/// The moment at which a simulated token says that it ends.
fn end_of(token: &Value) -> String {
    let claims = Claims::read(token.as_str().unwrap()).unwrap();
    let end = jiff::Timestamp::from_second(claims.exp).unwrap();
    end.to_string().replace('Z', ".000Z")
}

#[actix_web::test]
async fn a_start_answers_with_the_hosts_zak() {
    let hub = Hub::start().await;
    let body = json!({"meetingId": MEETING, "hostUserId": "host@example.com"});
    let answer = hub.post("/api/meetings/start", body).await.expect(200);
    let shape = json!({
        "success": true,
        "meetingId": MEETING,
        "zakToken": "<zak host@example.com>",
        "expiresIn": "2 hours",
        "message": "Meeting credentials generated successfully",
        "expiresAt": "<moment>", "simulated": true,
    });
    expect_shape(&answer, &shape);
    assert_eq!(answer["expiresAt"], json!(end_of(&answer["zakToken"])));
}

#[actix_web::test]
async fn a_join_answers_with_the_participants_obf() {
    let hub = Hub::start().await;
    let body = json!({"meetingId": MEETING, "participantUserId": "alice@example.com"});
    let answer = hub.post("/api/meetings/join", body).await.expect(200);
    let shape = json!({
        "success": true,
        "meetingId": MEETING,
        "obfToken": "<obf alice@example.com>",
        "expiresIn": "30 minutes",
        "message": "Join credentials generated successfully",
        "expiresAt": "<moment>", "simulated": true,
    });
    expect_shape(&answer, &shape);
    assert_eq!(answer["expiresAt"], json!(end_of(&answer["obfToken"])));
}

#[actix_web::test]
async fn the_lives_that_were_configured_are_asked_for_and_told() {
    let hub = Hub::start_with(&[("ZAK_TTL_SECONDS", "3600"), ("OBF_TTL_SECONDS", "300")]).await;
    let body = json!({"meetingId": MEETING, "hostUserId": "h", "participantUserId": "p"});
    let start = hub.post("/api/meetings/start", body.clone()).await.expect(200);
    let join = hub.post("/api/meetings/join", body).await.expect(200);
    assert_eq!((&start["expiresIn"], &join["expiresIn"]), (&json!("1 hour"), &json!("5 minutes")));
}

#[actix_web::test]
async fn a_batch_join_answers_with_each_token_and_each_failure() {
    let hub = Hub::start().await;
    let users = ["alice@example.com", "me", "missing@example.com", "ALICE@example.com", "bob@example.com"];
    let body = json!({"meetingId": MEETING, "participantUserIds": users});
    let answer = hub.post("/api/meetings/batch-join", body).await.expect(200);
    let row = |user: &str| {
        json!({
            "userId": user, "obfToken": format!("<obf {user}>"), "success": true, "expiresAt": "<moment>", "simulated": true,
        })
    };
    let shape = json!({
        "success": true,
        "meetingId": MEETING,
        "results": {
            "successful": [row("alice@example.com"), row("bob@example.com")],
            "failed": [
                {
                    "userId": "me",
                    "error": "name the user: \"me\", \".\" and \"..\" are not accepted",
                    "success": false,
                    "code": "invalid_user_id",
                    "retryable": false,
                },
                {
                    "userId": "missing@example.com",
                    "error": "OBF token retrieval failed: User does not exist: missing@example.com.",
                    "success": false,
                    "code": "zoom_user_not_found",
                    "retryable": false,
                },
            ],
        },
        "summary": {"total": 4, "successful": 2, "failed": 2},
    });
    expect_shape(&answer, &shape);
    // A duplicate in other letters is served once.
    assert_eq!(hub.zoom.seen().obf_calls, 3);
}

#[actix_web::test]
async fn a_batch_join_in_which_everybody_fails_is_answered_all_the_same() {
    let hub = Hub::start().await;
    let body = json!({"meetingId": MEETING, "participantUserIds": ["missing-a", 7, null, ".."]});
    let answer = hub.post("/api/meetings/batch-join", body).await.expect(200);
    assert_eq!(
        (&answer["success"], &answer["summary"]),
        (&json!(true), &json!({"total": 4, "successful": 0, "failed": 4}))
    );
    let users: Vec<_> =
        answer["results"]["failed"].as_array().unwrap().iter().map(|row| &row["userId"]).collect();
    assert_eq!(users, ["missing-a", "7", "", ".."]);
}

#[actix_web::test]
async fn a_set_up_answers_with_the_hosts_token_and_everybody_elses() {
    let hub = Hub::start().await;
    let users = ["alice@example.com", "missing@example.com"];
    let body = json!({"meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": users});
    let answer = hub.post("/api/meetings/setup", body).await.expect(200);
    let shape = json!({
        "success": true,
        "meetingId": MEETING,
        "host": {
            "userId": "host@example.com",
            "zakToken": "<zak host@example.com>",
            "expiresIn": "2 hours",
            "expiresAt": "<moment>", "simulated": true,
        },
        "participants": [{
            "userId": "alice@example.com",
            "obfToken": "<obf alice@example.com>",
            "expiresIn": "30 minutes",
            "expiresAt": "<moment>", "simulated": true,
        }],
        "failed": [{
            "userId": "missing@example.com",
            "error": "OBF token retrieval failed: User does not exist: missing@example.com.",
            "success": false,
            "code": "zoom_user_not_found",
            "retryable": false,
        }],
        "timestamp": "<moment>",
    });
    expect_shape(&answer, &shape);
}

#[actix_web::test]
async fn a_set_up_needs_no_participants() {
    let hub = Hub::start().await;
    for body in [
        json!({"meetingId": MEETING, "hostUserId": "host@example.com"}),
        json!({"meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": []}),
        json!({"meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": null}),
    ] {
        let answer = hub.post("/api/meetings/setup", body).await.expect(200);
        assert_eq!((&answer["participants"], &answer["failed"]), (&json!([]), &json!([])));
    }
    assert_eq!(hub.zoom.seen().obf_calls, 0);
}

#[actix_web::test]
async fn a_set_up_whose_zak_is_refused_fails_whole_and_mints_nothing_else() {
    let hub = Hub::start().await;
    let mut alice = hub.connect_as("alice@example.com").await;
    let users = ["alice@example.com", "bob@example.com"];
    let body = json!({"meetingId": MEETING, "hostUserId": "missing-host", "participantUserIds": users});
    let answer = hub.post("/api/meetings/setup", body).await.expect(404);
    let shape = json!({
        "success": false,
        "error": "ZAK token retrieval failed: User does not exist: missing-host.",
        "code": "zoom_user_not_found",
        "retryable": false,
        "zoom": {"status": 404, "code": 1001, "message": "User does not exist: missing-host."},
    });
    expect_shape(&answer, &shape);
    assert_eq!(hub.zoom.seen().obf_calls, 0);
    alice.expect_nothing().await;
}

#[actix_web::test]
async fn a_distribution_answers_with_its_rows() {
    let hub = Hub::start().await;
    let mut alice = hub.connect_as("alice@example.com").await;
    let mut missing = hub.connect_as("missing@example.com").await;
    let users = ["Alice@example.com", "missing@example.com", "nobody@example.com", "me"];
    let body = json!({
        "meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": users, "wait": 30,
        "hold": false,
    });
    let answer = hub.post("/api/meetings/distribute", body).await;
    let shape = json!({
        "meetingId": MEETING,
        "successful": 1,
        "failed": 3,
        "failedUsers": ["missing@example.com", "nobody@example.com", "me"],
        "timestamp": "<moment>",
        "distributionId": "<id>",
        "hostUserId": "host@example.com",
        "total": 4,
        "pending": 0,
        "pendingUsers": [],
        "participants": [
            {"userId": "Alice@example.com", "status": "delivered", "sessions": 1, "at": "<moment>"},
            {
                "userId": "missing@example.com", "status": "failed", "sessions": 0, "at": "<moment>", "code": "zoom_user_not_found",
                "error": "OBF token retrieval failed: User does not exist: missing@example.com.",
            },
            {
                "userId": "nobody@example.com", "status": "failed", "sessions": 0, "at": "<moment>", "code": "not_connected",
                "error": "The user is not connected",
            },
            {
                "userId": "me", "status": "failed", "sessions": 0, "at": "<moment>", "code": "invalid_user_id", "error": "<text>",
            },
        ],
    });
    expect_shape(&answer.expect(200), &shape);
    assert!(!answer.text.contains("eyJ"), "{}", answer.text);
    alice.expect("meeting:credentials").await;
    missing.expect_nothing().await;
}

#[actix_web::test]
async fn a_distribution_that_is_not_waited_for_answers_with_queued_rows() {
    let hub = Hub::start().await;
    hub.zoom.faults().change(|faults| faults.slow_user_ms = 600_000);
    let _slow = hub.connect_as("slow@example.com").await;
    for wait in [json!(0), json!("0.05")] {
        let body = json!({
            "meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": ["slow@example.com"],
            "wait": wait,
        });
        let answer = hub.post("/api/meetings/distribute", body).await.expect(200);
        let shape = json!({
            "meetingId": MEETING,
            "successful": 0,
            "failed": 0,
            "failedUsers": [],
            "timestamp": "<moment>",
            "distributionId": "<id>",
            "hostUserId": "host@example.com",
            "total": 1,
            "pending": 0,
            "pendingUsers": [],
            "participants": [{"userId": "slow@example.com", "status": "queued", "sessions": 0, "at": "<moment>"}],
        });
        expect_shape(&answer, &shape);
    }
}

#[actix_web::test]
async fn a_wait_beyond_half_a_minute_is_refused_by_name() {
    let hub = Hub::start().await;
    for wait in [json!(31), json!(-1), json!("soon"), json!(true)] {
        let body = json!({
            "meetingId": MEETING, "hostUserId": "h", "participantUserIds": ["a"], "wait": wait,
        });
        let answer = hub.post("/api/meetings/distribute", body).await.expect(400);
        assert_eq!(
            (&answer["code"], &answer["details"][0]["field"]),
            (&json!("invalid_request"), &json!("wait"))
        );
    }
    assert_eq!(hub.zoom.seen().zak_calls, 0);
}
