//! Disconnecting from a namespace; the connection beneath goes on.

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
