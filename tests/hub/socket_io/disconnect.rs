//! Disconnecting from a namespace; the connection beneath goes on.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use zoom_token_hub::web::socketio::Settings;

use super::{PATIENT, connected};
use crate::harness::echo::SETTINGS;

#[actix_web::test]
async fn a_client_disconnects_from_the_main_namespace_and_is_still_pinged() {
    let mut frames = connected(SETTINGS).await;
    frames.send("41").await;
    assert_eq!(frames.text().await, "2");
}

#[actix_web::test]
async fn a_client_disconnects_from_another_namespace_and_stays_in_the_main_one() {
    let mut frames = connected(PATIENT).await;
    frames.send("40/custom").await;
    frames.expect_json("40/custom,").await;
    frames.expect(r#"42/custom,["auth",{}]"#).await;
    frames.send("41/custom").await;
    frames.send(r#"42["message","message to main namespace"]"#).await;
    frames.expect(r#"42["message-back","message to main namespace"]"#).await;
}

#[actix_web::test]
async fn a_client_that_has_left_everything_has_its_whole_time_to_come_back_and_no_more() {
    let connect_timeout = Duration::from_secs(1);
    let mut frames = connected(Settings { connect_timeout, ..PATIENT }).await;
    // The time that began with the connection is over in the middle of that which begins now.
    sleep(connect_timeout / 2).await;
    // However often it comes and goes.
    for _ in 0..10 {
        frames.send("41").await;
        frames.send("40").await;
        frames.expect_json("40").await;
        frames.expect(r#"42["auth",{}]"#).await;
    }
    let left = Instant::now();
    frames.send("41").await;
    assert!(frames.frame().await.is_err());
    assert!(left.elapsed() >= connect_timeout, "{:?}", left.elapsed());
    assert!(left.elapsed() < connect_timeout * 5, "{:?}", left.elapsed());
}
