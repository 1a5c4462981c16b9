//! From polling to WebSocket, and what comes late.

use rstest::rstest;

use super::{ENGINE_IO, SOCKET_IO, engine, lives};

#[rstest]
#[actix_web::test]
async fn a_session_goes_on_by_websocket_after_a_probe(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let polls = engine(path).by_polling().await;
    let mut frames = polls.probe().await;
    // The poll is ended with something that means nothing, so that the next packet has to come by frame.
    assert_eq!(polls.packets().await, "6");
    frames.send("5").await;
    lives(&mut frames, path).await;
}

#[rstest]
#[actix_web::test]
async fn a_poll_after_the_upgrade_is_refused_and_the_session_goes_on(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let polls = engine(path).by_polling().await;
    let mut frames = polls.probe().await;
    frames.send("5").await;
    lives(&mut frames, path).await;
    polls.expect_none().await;
    frames.send(if path == ENGINE_IO { "4again" } else { r#"42["message","again"]"# }).await;
    if path == ENGINE_IO {
        frames.expect("4again").await;
    } else {
        frames.expect(r#"42["auth",{}]"#).await;
        frames.expect(r#"42["message-back","again"]"#).await;
    }
}

#[rstest]
#[actix_web::test]
async fn a_second_websocket_after_the_upgrade_is_turned_away_and_the_session_goes_on(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let polls = engine(path).by_polling().await;
    let mut frames = polls.probe().await;
    frames.send("5").await;
    // Refused, or opened and closed without a word.
    if let Ok(mut second) = polls.websocket().await {
        assert!(second.frame().await.is_err());
    }
    lives(&mut frames, path).await;
}
