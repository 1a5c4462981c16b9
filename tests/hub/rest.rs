//! What the hub tells of itself over HTTP: the index, its health, and whether it takes work.

use awc::http::Method;
use rstest::rstest;
use serde_json::json;
use zoom_token_hub::simulator::{Settings, start};
use zoom_token_hub::zoom::Health;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::{Answer, Http, Hub, MEETING, due, expect_shape};

#[actix_web::test]
async fn the_index_names_every_endpoint_and_every_event() {
    let hub = Hub::start().await;
    let shape = json!({
        "service": "Zoom Token Distribution Service",
        "version": env!("CARGO_PKG_VERSION"),
        "status": "running",
        "endpoints": {
            "health": "GET /api/health",
            "startMeeting": "POST /api/meetings/start",
            "joinMeeting": "POST /api/meetings/join",
            "batchJoin": "POST /api/meetings/batch-join",
            "setupMeeting": "POST /api/meetings/setup",
            "revokeSessions": "POST /api/sessions/revoke",
            "distribute": "POST /api/meetings/distribute",
            "distributions": "GET /api/distributions",
            "distribution": "GET /api/distributions/{id}",
            "cancelDistribution": "POST /api/distributions/{id}/cancel",
            "stats": "GET /api/stats",
            "live": "GET /api/health/live",
            "ready": "GET /api/health/ready",
        },
        "websocket": {
            "url": format!("ws://{}", hub.address()),
            "path": "/ws", "socketio": "/socket.io/",
            "events": {
                "client": ["authenticate", "meeting:start", "meeting:join", "meeting:distribute", "ping", "delivery:ack", "meeting:cancel", "distribution:get", "presence:watch"],
                "server": [
                    "authenticated", "meeting:started", "meeting:credentials", "meeting:progress", "meeting:distributed", "distribution",
                    "presence:state", "presence:change", "error", "pong",
                ],
            },
        },
        "documentation": "README.md and docs/protocol.md",
    });
    expect_shape(&hub.get("/").await.expect(200), &shape);
}

#[actix_web::test]
async fn behind_a_proxy_the_index_tells_clients_the_public_address() {
    for (told, shown) in [
        ("https://hub.example.com/", "wss://hub.example.com"),
        ("ws://hub.example.com:8080/zoom", "ws://hub.example.com:8080/zoom"),
    ] {
        let hub = Hub::start_with(&[("PUBLIC_URL", told)]).await;
        assert_eq!(hub.get("/").await.expect(200)["websocket"]["url"], shown);
    }
}

#[rstest]
#[actix_web::test]
async fn a_healthy_hub_tells_who_is_connected(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let _one = hub.connect_as("alice@example.com").await;
    let _same = hub.connect_as("ALICE@example.com").await;
    let mut unnamed = hub.connect().await;
    unnamed.expect_nothing().await;
    let shape = json!({
        "success": true,
        "status": "healthy",
        "zoom": "connected",
        "timestamp": "<moment>",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": "simulator",
        "auth": "open",
        "uptimeSeconds": "<count>",
        "sessions": 3,
        "users": 1,
    });
    expect_shape(&hub.get("/api/health").await.expect(200), &shape);
}

#[actix_web::test]
async fn without_zoom_the_hub_is_unhealthy_and_heals_without_traffic() {
    let zoom = start(Settings::default()).await.unwrap();
    zoom.faults().change(|faults| faults.bad_credentials = true);
    let hub = Hub::start_against(zoom, &[]).await;
    let answer = hub.get("/api/health").await;
    let shape = json!({
        "success": false,
        "status": "unhealthy",
        "mode": "simulator",
        "auth": "open",
        "zoom": "disconnected",
        "error": "OAuth authentication failed: Invalid client_id or client_secret",
        "timestamp": "<moment>",
    });
    expect_shape(&answer.expect(503), &shape);
    assert_eq!(answer.header("retry-after"), Some("5"));
    // Neither depends on Zoom: an outage there restarts nothing.
    hub.get("/api/health/live").await.expect(200);
    hub.get("/api/health/ready").await.expect(200);

    let mut health = hub.health();
    hub.zoom.faults().reset();
    let healed = health.wait_for(|health| *health == Health::Connected);
    drop(due("the healing", healed).await.unwrap());
    hub.get("/api/health").await.expect(200);
}

#[actix_web::test]
async fn health_never_calls_zoom() {
    let hub = Hub::start().await;
    let before = hub.zoom.seen();
    for path in ["/", "/api/health", "/api/health/live", "/api/health/ready"] {
        hub.get(path).await.expect(200);
    }
    assert_eq!(hub.zoom.seen(), before);
}

#[actix_web::test]
async fn a_hub_that_serves_is_live_and_ready() {
    let hub = Hub::start().await;
    for word in ["live", "ready"] {
        let answer = hub.get(&format!("/api/health/{word}")).await.expect(200);
        expect_shape(&answer, &json!({"success": true, "status": word}));
    }
}

#[actix_web::test]
async fn what_can_be_got_can_be_asked_for_its_head() {
    let hub = Hub::start().await;
    for path in ["/", "/api/health/live", "/api/health/ready", "/api/health"] {
        let (head, body) = (hub.http().call(Method::HEAD, path, "").await, hub.get(path).await);
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), body.header("content-type"), "{path}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_hub_that_drains_is_live_and_not_ready_and_takes_no_new_call(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let (address, faults) = (hub.address(), hub.zoom.faults().clone());
    let mut connected = hub.connect().await;
    // Answered, it is known: one that is only being opened when the drain begins is closed at once.
    connected.expect_nothing().await;
    let (http, get) = (|| Http::new(address), async |path| Http::new(address).get(path).await);
    // A call that Zoom does not answer yet keeps the drain waiting.
    faults.change(|faults| faults.silent = true);
    let body = json!({"meetingId": MEETING, "participantUserId": "alice@example.com"});
    let running = actix_web::rt::spawn(http().post("/api/meetings/join", body.clone()));
    let mut seen = hub.zoom.account().watch_seen();
    drop(due("the call", seen.wait_for(|seen| seen.obf_calls == 1)).await.unwrap());

    let ended = hub.begin_stop();
    let not_ready: Answer = due("the drain", async {
        loop {
            let ready = get("/api/health/ready").await;
            if ready.status != 200 {
                return ready;
            }
        }
    })
    .await;
    let shape = json!({
        "success": false,
        "error": "The hub is shutting down",
        "code": "shutting_down",
        "retryable": true,
        "retryAfterSeconds": 1,
    });
    expect_shape(&not_ready.expect(503), &shape);
    for path in ["start", "join", "batch-join", "setup", "distribute"] {
        let refused = http().post(&format!("/api/meetings/{path}"), body.clone()).await;
        expect_shape(&refused.expect(503), &shape);
        assert_eq!(refused.header("retry-after"), Some("1"), "{path}");
    }
    get("/api/health/live").await.expect(200);
    get("/api/health").await.expect(200);
    assert_eq!(get("/ws").await.expect(503)["code"], "shutting_down");
    connected.expect_nothing().await;

    // What ran before is answered, and then the hub ends.
    faults.reset();
    due("its answer", running).await.unwrap().expect(200);
    assert_eq!(connected.closed().await, (4503, "shutting_down".to_owned()));
    due("the end", ended).await.unwrap().unwrap();
}
