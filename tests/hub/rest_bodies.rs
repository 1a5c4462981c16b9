//! Bodies as people and programs write them, and those that are refused.

use awc::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Hub, MEETING, expect_shape, send_until};

async fn start(hub: &Hub, media_type: &str, body: &str) -> Answer {
    let http = hub.http().with("content-type", media_type);
    http.call(Method::POST, "/api/meetings/start", body).await
}

fn refusal(error: &str, code: &str) -> Value {
    json!({"success": false, "error": error, "code": code, "retryable": false})
}

fn refusal_with_details(error: &str, code: &str, details: &[(&str, &str)]) -> Value {
    let mut refusal = refusal(error, code);
    refusal["details"] =
        details.iter().map(|(field, message)| json!({"field": field, "message": message})).collect();
    refusal
}

#[actix_web::test]
async fn a_form_is_taken_with_a_list_in_any_of_three_styles() {
    let hub = Hub::start().await;
    for list in [
        "participantUserIds=a%40example.com&participantUserIds=b%40example.com",
        "participantUserIds[]=a@example.com&participantUserIds%5B%5D=b@example.com",
        "participantUserIds[0]=a@example.com&participantUserIds%5B1%5D=b@example.com",
    ] {
        let form = format!("meetingId=123+456+7890&hostUserId=host%40example.com&{list}");
        let answer = hub.http().post_form("/api/meetings/setup", &form).await.expect(200);
        let shape = json!({
            "success": true,
            "meetingId": MEETING,
            "host": {
                "userId": "host@example.com", "zakToken": "<zak host@example.com>", "expiresIn": "2 hours",
                "expiresAt": "<moment>", "simulated": true,
            },
            "participants": [
                {
                    "userId": "a@example.com", "obfToken": "<obf a@example.com>", "expiresIn": "30 minutes",
                    "expiresAt": "<moment>", "simulated": true,
                },
                {
                    "userId": "b@example.com", "obfToken": "<obf b@example.com>", "expiresIn": "30 minutes",
                    "expiresAt": "<moment>", "simulated": true,
                },
            ],
            "failed": [],
            "timestamp": "<moment>",
        });
        expect_shape(&answer, &shape);
    }
}

#[actix_web::test]
async fn one_value_is_a_list_of_one_in_a_form_and_in_json() {
    let hub = Hub::start().await;
    let form = format!("meetingId={MEETING}&participantUserIds=alice@example.com");
    let from_form = hub.http().post_form("/api/meetings/batch-join", &form).await;
    let body = json!({"meetingId": MEETING, "participantUserIds": "alice@example.com"});
    let from_json = hub.post("/api/meetings/batch-join", body).await;
    for answer in [from_form, from_json] {
        assert_eq!(answer.expect(200)["summary"], json!({"total": 1, "successful": 1, "failed": 0}));
    }
}

#[actix_web::test]
async fn a_meeting_id_may_be_a_number_or_pasted_and_is_answered_as_digits() {
    let hub = Hub::start().await;
    for written in [json!(1_234_567_890), json!("123 456 7890"), json!("123-456-7890"), json!(" 1234567890 ")]
    {
        let body = json!({"meetingId": written, "hostUserId": "host@example.com"});
        let answer = hub.post("/api/meetings/start", body).await.expect(200);
        assert_eq!(answer["meetingId"], MEETING, "{written}");
    }
    for written in [
        json!(12_345_678),
        json!(123_456_789_012_u64),
        json!(1_234_567_890.5),
        json!(-1_234_567_890),
        json!("123456789a"),
        json!([MEETING]),
        json!({}),
        json!(true),
    ] {
        let body = json!({"meetingId": written, "hostUserId": "host@example.com"});
        let answer = hub.post("/api/meetings/start", body).await.expect(400);
        assert_eq!(answer["code"], "invalid_meeting_id", "{written}");
        assert_eq!(answer["details"][0]["field"], "meetingId", "{written}");
    }
}

#[actix_web::test]
async fn unknown_fields_pass_and_a_charset_changes_nothing() {
    let hub = Hub::start().await;
    let body = json!({"meetingId": MEETING, "hostUserId": "h", "topic": {"a": [1]}}).to_string();
    for media_type in ["application/json; charset=utf-8", "APPLICATION/JSON"] {
        start(&hub, media_type, &body).await.expect(200);
    }
}

#[actix_web::test]
async fn missing_fields_read_as_in_the_seed_and_each_is_named() {
    let hub = Hub::start().await;
    let cases: [(&str, Value, &str, &[&str]); 7] = [
        ("start", json!({}), "meetingId and hostUserId", &["meetingId", "hostUserId"]),
        (
            "start",
            json!({"meetingId": MEETING, "hostUserId": ""}),
            "meetingId and hostUserId",
            &["hostUserId"],
        ),
        (
            "join",
            json!({"meetingId": null}),
            "meetingId and participantUserId",
            &["meetingId", "participantUserId"],
        ),
        ("batch-join", json!({}), "meetingId and participantUserIds", &["meetingId", "participantUserIds"]),
        ("setup", json!({}), "meetingId and hostUserId", &["meetingId", "hostUserId"]),
        (
            "distribute",
            json!({}),
            "meetingId, hostUserId and participantUserIds",
            &["meetingId", "hostUserId", "participantUserIds"],
        ),
        (
            "distribute",
            json!({"meetingId": MEETING, "hostUserId": "h"}),
            "meetingId, hostUserId and participantUserIds",
            &["participantUserIds"],
        ),
    ];
    for (path, body, required, missing) in cases {
        let answer = hub.post(&format!("/api/meetings/{path}"), body).await;
        let details: Vec<_> = missing.iter().map(|field| (*field, "required")).collect();
        let error = format!("Missing required fields: {required}");
        expect_shape(&answer.expect(400), &refusal_with_details(&error, "invalid_request", &details));
    }
    // A call without any body lacks the same fields.
    let none = hub.http().call(Method::POST, "/api/meetings/start", "").await;
    assert_eq!(none.expect(400)["error"], "Missing required fields: meetingId and hostUserId");
}

#[actix_web::test]
async fn an_invalid_id_of_the_call_itself_is_refused_by_name() {
    let hub = Hub::start().await;
    for (id, why) in [
        ("me", "name the user: \"me\", \".\" and \"..\" are not accepted"),
        ("ME", "name the user: \"me\", \".\" and \"..\" are not accepted"),
        ("..", "name the user: \"me\", \".\" and \"..\" are not accepted"),
        ("a\nb", "a user ID has no control characters"),
        (&"x".repeat(255), "a user ID has at most 254 bytes"),
    ] {
        let body = json!({"meetingId": MEETING, "hostUserId": id});
        let shape = refusal_with_details(
            &format!("Invalid hostUserId: {why}"),
            "invalid_user_id",
            &[("hostUserId", why)],
        );
        expect_shape(&hub.post("/api/meetings/start", body).await.expect(400), &shape);
    }
    let empty = json!({"meetingId": MEETING, "participantUserIds": []});
    let why = "name at least one participant";
    let shape = refusal_with_details(
        &format!("Invalid participantUserIds: {why}"),
        "invalid_request",
        &[("participantUserIds", why)],
    );
    expect_shape(&hub.post("/api/meetings/batch-join", empty).await.expect(400), &shape);
    assert_eq!(hub.zoom.seen().zak_calls, 0);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let hub = Hub::start_with(&[("MAX_MESSAGE_BYTES", "1024")]).await;
    let mut body = json!({"meetingId": MEETING, "hostUserId": "h", "x": ""});
    let rest = 1024 - body.to_string().len();
    body["x"] = json!("x".repeat(rest));
    hub.post("/api/meetings/start", body.clone()).await.expect(200);
    body["x"] = json!("x".repeat(rest + 1));
    let answer = hub.post("/api/meetings/start", body).await.expect(413);
    expect_shape(&answer, &refusal("A body has at most 1024 bytes", "payload_too_large"));
}

#[actix_web::test]
async fn more_participants_than_fit_are_refused_and_none_is_served() {
    let hub = Hub::start_with(&[("MAX_BATCH", "2")]).await;
    let message = "At most 2 participants fit in one call";
    let shape = refusal_with_details(message, "too_many_participants", &[("participantUserIds", message)]);
    for path in ["batch-join", "setup", "distribute"] {
        let body =
            |users: &[&str]| json!({"meetingId": MEETING, "hostUserId": "h", "participantUserIds": users});
        let path = format!("/api/meetings/{path}");
        let answer = hub.post(&path, body(&["a", "b", "c"])).await.expect(413);
        expect_shape(&answer, &shape);
        assert_eq!(hub.zoom.seen().zak_calls + hub.zoom.seen().obf_calls, 0);
    }
    // Who is named twice is counted once.
    let body = json!({"meetingId": MEETING, "participantUserIds": ["a", "b", "A"]});
    hub.post("/api/meetings/batch-join", body).await.expect(200);
}

#[actix_web::test]
async fn a_body_that_is_neither_json_nor_a_form_is_refused() {
    let hub = Hub::start().await;
    let body = json!({"meetingId": MEETING, "hostUserId": "h"}).to_string();
    let shape =
        refusal("Send application/json or application/x-www-form-urlencoded", "unsupported_media_type");
    for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp"] {
        expect_shape(&start(&hub, media_type, &body).await.expect(415), &shape);
    }
    let untold = hub.http().call(Method::POST, "/api/meetings/start", &body).await;
    assert_eq!(untold.status, 415, "{}", untold.text);
}

#[actix_web::test]
async fn what_is_no_json_object_is_refused_and_not_quoted() {
    let hub = Hub::start().await;
    for body in ["[]", "[\"1234567890\",\"hush\"]", "\"hush\"", "{\"meetingId\":\"hush", "null", "hush"] {
        let answer = start(&hub, "application/json", body).await;
        let shape =
            json!({"success": false, "error": "<text>", "code": "malformed_frame", "retryable": false});
        expect_shape(&answer.expect(400), &shape);
        assert!(!answer.text.contains("hush"), "{}", answer.text);
    }
    let form = start(&hub, "application/x-www-form-urlencoded", "hostUserId=%ff").await;
    assert_eq!(form.expect(400)["code"], "malformed_frame");
}

#[actix_web::test]
async fn a_body_that_never_arrives_is_answered_in_time() {
    let hub = Hub::start_with(&[("REQUEST_TIMEOUT_SECONDS", "0.2")]).await;
    let request = format!(
        "POST /api/meetings/start HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{\"meetingId\":",
        hub.address()
    );
    let told = send_until(hub.address(), &request, "\"retryAfterSeconds\":1}").await;
    assert!(told.starts_with("HTTP/1.1 504 "), "{told}");
    assert!(told.contains("\"code\":\"deadline_exceeded\""), "{told}");
    assert!(told.contains("\"error\":\"The body did not arrive within 0.2 s\""), "{told}");
}

#[actix_web::test]
async fn a_head_that_never_arrives_is_answered_in_time() {
    let hub = Hub::start_with(&[("REQUEST_TIMEOUT_SECONDS", "0.2")]).await;
    let told = send_until(hub.address(), "POST /api/meetings/start HTT", "\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
}
