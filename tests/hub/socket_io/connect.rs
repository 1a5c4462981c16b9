//! Connecting to a namespace.

use std::time::Instant;

use zoom_token_hub::web::socketio::Settings;

use super::{PATIENT, opened};
use crate::harness::echo::SETTINGS;

/// Connects with a packet, and is answered with these before a name of its own and with this event.
async fn connects(packet: &str, before: &str, event: &str) {
    let mut frames = opened(PATIENT).await;
    frames.send(packet).await;
    let answer = frames.expect_json(before).await;
    let fields = answer.as_object().unwrap();
    assert!(fields.len() == 1 && fields["sid"].is_string(), "{answer}");
    frames.expect(event).await;
}

#[actix_web::test]
async fn a_client_connects_to_the_main_namespace() {
    connects("40", "40", r#"42["auth",{}]"#).await;
}

#[actix_web::test]
async fn a_client_connects_to_the_main_namespace_with_data() {
    connects(r#"40{"token":"123"}"#, "40", r#"42["auth",{"token":"123"}]"#).await;
}

#[actix_web::test]
async fn a_client_connects_to_another_namespace() {
    connects("40/custom,", "40/custom,", r#"42/custom,["auth",{}]"#).await;
}

#[actix_web::test]
async fn a_client_connects_to_another_namespace_with_data() {
    connects(r#"40/custom,{"token":"abc"}"#, "40/custom,", r#"42/custom,["auth",{"token":"abc"}]"#).await;
}

#[actix_web::test]
async fn an_unknown_namespace_is_refused() {
    let mut frames = opened(PATIENT).await;
    frames.send("40/random").await;
    frames.expect(r#"44/random,{"message":"Invalid namespace"}"#).await;
}

#[actix_web::test]
async fn a_first_packet_of_no_known_form_closes_the_connection() {
    let mut frames = opened(PATIENT).await;
    frames.send("4abc").await;
    assert!(frames.frame().await.is_err());
}

#[actix_web::test]
async fn a_client_that_connects_to_nothing_is_closed_in_time() {
    let opened_at = Instant::now();
    let settings = Settings { connect_timeout: SETTINGS.connect_timeout, ..PATIENT };
    let mut frames = opened(settings).await;
    assert!(frames.frame().await.is_err());
    assert!(opened_at.elapsed() >= SETTINGS.connect_timeout, "{:?}", opened_at.elapsed());
}
