//! What a refused call is told: a number and a sentence, which clients hand on to their users. The protocol's own suite
//! is silent here.

use actix_web::http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ENGINE_IO, SOCKET_IO, engine, lives};

#[rstest]
#[actix_web::test]
async fn a_refusal_has_its_number_and_its_sentence(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let engine = engine(path);
    let told: [(_, _, Value); 7] = [
        (Method::GET, "EIO=4", json!({"code": 0, "message": "Transport unknown"})),
        (Method::GET, "EIO=4&transport=abc", json!({"code": 0, "message": "Transport unknown"})),
        (
            Method::GET,
            "EIO=4&transport=polling&sid=nobody",
            json!({"code": 1, "message": "Session ID unknown"}),
        ),
        (
            Method::POST,
            "EIO=4&transport=polling&sid=nobody",
            json!({"code": 1, "message": "Session ID unknown"}),
        ),
        (Method::POST, "EIO=4&transport=polling", json!({"code": 2, "message": "Bad handshake method"})),
        (Method::GET, "EIO=4&transport=websocket", json!({"code": 3, "message": "Bad request"})),
        (
            Method::GET,
            "EIO=3&transport=polling",
            json!({"code": 5, "message": "Unsupported protocol version"}),
        ),
    ];
    for (method, query, refusal) in told {
        let answer = engine.call(method.clone(), query, "").await.expect("an answer");
        assert_eq!((answer.status, answer.json()), (400, refusal), "{method} {query}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_session_by_websocket_takes_no_polls(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let engine = engine(path);
    let mut frames = engine.websocket("EIO=4&transport=websocket").await.unwrap();
    let polls = engine.polls(&frames.text().await);
    let answer = polls.poll().await;
    assert_eq!((answer.status, answer.json()), (400, json!({"code": 3, "message": "Bad request"})));
    lives(&mut frames, path).await;
}
