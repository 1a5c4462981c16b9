//! Which web pages may talk to the hub, over HTTP and at the socket, and that programs are not concerned.

use awc::http::Method;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{Answer, Hub, MEETING, due, expect_shape};

const FOREIGN: [&str; 5] = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example:3000",
    "null",
    "file://",
];

fn refusal() -> Value {
    json!({
        "success": false, "error": "This Origin or Host is not served; allow it with CORS_ORIGIN",
        "code": "origin_refused", "retryable": false,
    })
}

/// A call that would mint.
async fn start(hub: &Hub, headers: &[(&str, &str)]) -> Answer {
    let http = headers.iter().fold(hub.http(), |http, (name, value)| http.with(name, value));
    let body = json!({"meetingId": MEETING, "hostUserId": "host@example.com"});
    http.post("/api/meetings/start", body).await
}

/// The status that a WebSocket handshake with these headers is answered with.
async fn upgrade(hub: &Hub, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = format!("ws://{}/ws", hub.address()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match due("the handshake", connect_async(request)).await {
        Ok((_, answer)) => answer.status().as_u16(),
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}

async fn preflight(hub: &Hub, origin: &str) -> Answer {
    let http = hub
        .http()
        .with("origin", origin)
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "content-type, x-request-id");
    http.call(Method::OPTIONS, "/api/meetings/start", "").await
}

#[actix_web::test]
async fn a_foreign_page_is_refused_over_http_and_at_the_socket() {
    let hub = Hub::start().await;
    for origin in FOREIGN {
        let answer = start(&hub, &[("origin", origin)]).await;
        expect_shape(&answer.expect(403), &refusal());
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(preflight(&hub, origin).await.status, 403, "{origin}");
        assert_eq!(upgrade(&hub, &[("origin", origin)]).await, 403, "{origin}");
        let read = hub.http().with("origin", origin).get("/api/health").await;
        assert_eq!(read.status, 403, "{origin}");
    }
    assert_eq!(hub.zoom.seen().zak_calls, 0, "nothing was minted");
}

#[actix_web::test]
async fn a_name_that_was_re_pointed_at_this_machine_is_refused() {
    let named = Hub::start().await;
    let numbered = Hub::start_with(&[("HOST", "127.0.0.1")]).await;
    for hub in [named, numbered] {
        let host = format!("evil.example:{}", hub.address().port());
        // To its browser the page is of the same origin, so that it may send one or none.
        let origin = format!("http://{host}");
        for headers in
            [vec![("host", host.as_str())], vec![("host", host.as_str()), ("origin", origin.as_str())]]
        {
            expect_shape(&start(&hub, &headers).await.expect(403), &refusal());
            assert_eq!(upgrade(&hub, &headers).await, 403, "{headers:?}");
        }
        assert_eq!(hub.zoom.seen().zak_calls, 0, "nothing was minted");
    }
}

#[actix_web::test]
async fn a_page_of_this_machine_is_served_and_may_read_the_answer() {
    let hub = Hub::start().await;
    let own = format!("http://{}", hub.address());
    for origin in ["http://localhost:5173", "https://127.0.0.1", "http://[::1]:3000", own.as_str()] {
        let answer = start(&hub, &[("origin", origin)]).await;
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert!(answer.header("vary").unwrap().to_ascii_lowercase().contains("origin"));
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(upgrade(&hub, &[("origin", origin)]).await, 101, "{origin}");
    }
}

#[actix_web::test]
async fn a_refusal_can_be_read_by_a_page_that_may_call() {
    let hub = Hub::start().await;
    let page = hub.http().with("origin", "http://localhost:5173");
    let answer = page.post("/api/meetings/start", json!({})).await;
    answer.expect(400);
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"));
}

#[actix_web::test]
async fn a_browsers_question_before_the_call_is_answered() {
    let hub = Hub::start().await;
    let answer = preflight(&hub, "http://localhost:5173").await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let header = |name| answer.header(name).unwrap_or_default().to_ascii_lowercase();
    assert_eq!(header("access-control-allow-origin"), "http://localhost:5173");
    assert!(header("access-control-allow-methods").contains("post"), "{answer:?}");
    let headers = header("access-control-allow-headers");
    assert!(headers.contains("content-type") && headers.contains("x-request-id"), "{headers}");
    assert_eq!(header("access-control-max-age"), "600");
    assert_eq!(hub.zoom.seen().zak_calls, 0);
}

#[actix_web::test]
async fn the_pages_that_were_listed_are_served_and_no_others() {
    let hub = Hub::start_with(&[("CORS_ORIGIN", "https://app.example.com, https://*.example.org")]).await;
    for origin in ["https://app.example.com", "https://a.b.example.org"] {
        let answer = start(&hub, &[("origin", origin)]).await;
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        // A load balancer's cookie may come along.
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(preflight(&hub, origin).await.header("access-control-allow-origin"), Some(origin));
        assert_eq!(upgrade(&hub, &[("origin", origin)]).await, 101, "{origin}");
    }
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://example.org",
        "http://localhost:5173",
    ] {
        expect_shape(&start(&hub, &[("origin", origin)]).await.expect(403), &refusal());
        assert_eq!(upgrade(&hub, &[("origin", origin)]).await, 403, "{origin}");
    }
}

#[actix_web::test]
async fn where_every_page_may_call_every_page_is_served() {
    let hub = Hub::start_with(&[("CORS_ORIGIN", "*")]).await;
    for origin in FOREIGN {
        let answer = start(&hub, &[("origin", origin)]).await;
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{origin}");
        assert_eq!(upgrade(&hub, &[("origin", origin)]).await, 101, "{origin}");
    }
}

#[actix_web::test]
async fn a_program_sends_no_origin_and_is_served() {
    for variables in [&[][..], &[("CORS_ORIGIN", "https://app.example.com")], &[("CORS_ORIGIN", "*")]] {
        let hub = Hub::start_with(variables).await;
        start(&hub, &[]).await.expect(200);
        assert_eq!(upgrade(&hub, &[]).await, 101);
    }
    let hub = Hub::start().await;
    for host in ["localhost", "localhost:9", "127.0.0.1", "[::1]:3000"] {
        start(&hub, &[("host", host)]).await.expect(200);
    }
}

#[actix_web::test]
async fn where_callers_show_credentials_no_page_but_the_hubs_own_may_call_unless_it_is_listed() {
    let hub = Hub::start_with_credentials(&[]).await;
    for origin in ["http://localhost:5173", "https://app.example.com", "null"] {
        assert_eq!(
            start(&hub, &[("origin", origin)]).await.expect(403)["code"],
            "origin_refused",
            "{origin}"
        );
        assert_eq!(upgrade(&hub, &[("origin", origin)]).await, 403, "{origin}");
    }
    let own = format!("http://{}", hub.address());
    let answer = start(&hub, &[("origin", &own)]).await;
    assert_eq!(answer.expect(401)["code"], "not_authenticated");
    assert_eq!(answer.header("access-control-allow-origin"), Some(&*own));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let hub = Hub::start_with_credentials(&[("CORS_ORIGIN", "https://app.example.com")]).await;
    let answer = start(&hub, &[("origin", "https://app.example.com")]).await;
    assert_eq!(answer.expect(401)["code"], "not_authenticated");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"));
}
