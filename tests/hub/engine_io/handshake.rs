//! How a session begins, and what is no beginning.

use actix_web::http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ENGINE_IO, SOCKET_IO, engine, hasty};
use crate::harness::engine::Engine;

/// What a client is told at the beginning, whichever way it came.
fn tells(packet: &str, upgrades: &Value) {
    let told: Value = serde_json::from_str(packet.strip_prefix('0').unwrap()).unwrap();
    let expected = json!({
        "sid": told["sid"].as_str().expect("a text"), "upgrades": upgrades,
        "pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000_000,
    });
    assert_eq!(told, expected);
}

async fn websocket_is_refused(engine: &Engine, query: &str) {
    let refused = engine.websocket(query).await.expect_err(query);
    assert_eq!(refused.status, 400, "{query}: {}", refused.text);
}

#[rstest]
#[actix_web::test]
async fn a_get_opens_a_session_by_polling_that_can_be_upgraded(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let answer = hasty(path).get("EIO=4&transport=polling").await;
    assert_eq!(answer.status, 200);
    tells(&answer.text, &json!(["websocket"]));
}

#[rstest]
#[actix_web::test]
async fn a_get_without_the_protocols_version_or_with_another_is_refused(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let engine = engine(path);
    for query in ["transport=polling", "EIO=abc&transport=polling"] {
        assert_eq!(engine.get(query).await.status, 400, "{query}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_get_without_a_transport_or_with_an_unknown_one_is_refused(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let engine = engine(path);
    for query in ["EIO=4", "EIO=4&transport=abc"] {
        assert_eq!(engine.get(query).await.status, 400, "{query}");
    }
}

#[rstest]
#[actix_web::test]
async fn no_other_method_opens_a_session(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let engine = engine(path);
    for method in [Method::POST, Method::PUT] {
        let answer = engine.call(method.clone(), "EIO=4&transport=polling", "").await.unwrap();
        assert_eq!(answer.status, 400, "{method}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_websocket_opens_a_session_that_needs_no_upgrade(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let mut frames = hasty(path).websocket("EIO=4&transport=websocket").await.unwrap();
    tells(&frames.text().await, &json!([]));
}

#[rstest]
#[actix_web::test]
async fn a_websocket_without_the_protocols_version_or_with_another_is_refused(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let engine = engine(path);
    for query in ["transport=websocket", "EIO=abc&transport=websocket"] {
        websocket_is_refused(&engine, query).await;
    }
}

#[rstest]
#[actix_web::test]
async fn a_websocket_without_a_transport_or_with_an_unknown_one_is_refused(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let engine = engine(path);
    for query in ["EIO=4", "EIO=4&transport=abc"] {
        websocket_is_refused(&engine, query).await;
    }
}
