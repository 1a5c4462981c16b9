//! A client that says it leaves.

use futures_util::future::join;
use rstest::rstest;

use super::{ENGINE_IO, SOCKET_IO, engine};
use crate::harness::due;

#[rstest]
#[actix_web::test]
async fn a_close_by_post_ends_the_poll_and_the_session(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let engine = engine(path);
    let closed = async {
        loop {
            let polls = engine.by_polling().await;
            let (poll, _) = join(polls.poll(), polls.try_post("1")).await;
            polls.expect_none().await;
            // A poll that the close has overtaken finds nothing: then it is tried again.
            if poll.status != 400 {
                return poll;
            }
        }
    };
    let poll = due("a poll that was there first", closed).await;
    assert_eq!((poll.status, poll.text.as_str()), (200, "6"));
}

#[rstest]
#[actix_web::test]
async fn a_close_by_frame_closes_the_websocket(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let mut frames = engine(path).by_websocket().await;
    frames.send("1").await;
    assert!(frames.frame().await.is_err());
}
