//! What every answer carries whatever is in it, and the answers to a path or a method that there isn't.

use awc::http::Method;
use serde_json::json;

use crate::harness::{Answer, Http, Hub, MEETING, expect_shape};

/// An answer of each kind: served, refused, not found, wrong method, unavailable.
async fn of_each_kind(http: impl Fn() -> Http) -> Vec<Answer> {
    let start = "/api/meetings/start";
    vec![
        http().get("/api/health").await,
        http().call(Method::HEAD, "/api/health/live", "").await,
        http().post(start, json!({"meetingId": MEETING, "hostUserId": "h"})).await,
        http().post(start, json!({"meetingId": MEETING, "hostUserId": "missing"})).await,
        http().post(start, json!({})).await,
        http().call(Method::POST, start, "x").await,
        http().get(start).await,
        http().get("/api/nothing").await,
        http().with("origin", "https://evil.example").get("/api/health").await,
    ]
}

#[actix_web::test]
async fn no_answer_of_the_api_may_be_stored() {
    let hub = Hub::start().await;
    for answer in of_each_kind(|| hub.http()).await {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    }
}

#[actix_web::test]
async fn every_answer_has_the_security_headers_of_helmet() {
    let hub = Hub::start().await;
    let policy = "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';\
                  frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';\
                  script-src-attr 'none';style-src 'self' https: 'unsafe-inline'";
    let mut answers = of_each_kind(|| hub.http()).await;
    answers.push(hub.get("/").await);
    for answer in answers {
        for (name, value) in [
            ("content-security-policy", policy),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("origin-agent-cluster", "?1"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-dns-prefetch-control", "off"),
            ("x-download-options", "noopen"),
            ("x-frame-options", "SAMEORIGIN"),
            ("x-permitted-cross-domain-policies", "none"),
            ("x-xss-protection", "0"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
        }
        // Over plain HTTP it would mean nothing.
        assert_eq!(answer.header("strict-transport-security"), None);
        assert_eq!(answer.header("x-powered-by"), None);
    }
}

#[actix_web::test]
async fn a_request_keeps_the_name_that_its_caller_gave_it() {
    let hub = Hub::start().await;
    let longest = "x".repeat(64);
    for name in ["abc-1._Z", longest.as_str()] {
        for answer in of_each_kind(|| hub.http().with("x-request-id", name)).await {
            assert_eq!(answer.header("x-request-id"), Some(name), "{answer:?}");
        }
    }
}

#[actix_web::test]
async fn a_name_that_is_none_is_replaced_by_a_random_one() {
    let hub = Hub::start().await;
    let too_long = "x".repeat(65);
    let mut names = Vec::new();
    for given in [None, Some("a b"), Some("a\"b"), Some("é"), Some(too_long.as_str())] {
        let http = match given {
            Some(given) => hub.http().with("x-request-id", given),
            None => hub.http(),
        };
        let answer = http.get("/api/health/live").await;
        names.push(answer.header("x-request-id").unwrap().to_owned());
    }
    for name in &names {
        expect_shape(&json!(name), &json!("<id>"));
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
    }
}

#[actix_web::test]
async fn every_answer_with_a_body_is_json() {
    let hub = Hub::start().await;
    for answer in of_each_kind(|| hub.http()).await {
        assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    }
}

#[actix_web::test]
async fn an_unknown_path_is_404_and_named_without_its_query() {
    let hub = Hub::start().await;
    for (asked, path) in [
        ("/api/nothing?token=hush", "/api/nothing"),
        ("/api/health/", "/api/health/"),
        ("/API/health", "/API/health"),
        ("/%61pi/health/%2e%2e", "/%61pi/health/%2e%2e"),
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = hub.http().call(method, asked, "").await;
            let shape = json!({
                "success": false, "error": "Endpoint not found", "path": path, "code": "endpoint_not_found",
                "retryable": false,
            });
            expect_shape(&answer.expect(404), &shape);
        }
    }
}

#[actix_web::test]
async fn a_wrong_method_is_405_and_told_which_there_are() {
    let hub = Hub::start().await;
    for (path, allowed) in [
        ("/", "GET, HEAD"),
        ("/api/health", "GET, HEAD"),
        ("/api/health/live", "GET, HEAD"),
        ("/api/health/ready", "GET, HEAD"),
        ("/api/meetings/start", "POST"),
        ("/api/meetings/join", "POST"),
        ("/api/meetings/batch-join", "POST"),
        ("/api/meetings/setup", "POST"),
        ("/api/meetings/distribute", "POST"),
        ("/ws", "GET"),
    ] {
        let others = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
        for method in others.into_iter().filter(|method| !allowed.contains(method.as_str())) {
            let answer = hub.http().call(method, path, "").await;
            let shape = json!({
                "success": false, "error": format!("Method not allowed; use {allowed}"),
                "code": "method_not_allowed", "retryable": false,
            });
            expect_shape(&answer.expect(405), &shape);
            assert_eq!(answer.header("allow"), Some(allowed), "{path}");
        }
    }
}
