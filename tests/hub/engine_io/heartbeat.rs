//! Signs of life: the server asks every 300 ms and waits 200 ms for the answer.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use rstest::rstest;

use super::{ENGINE_IO, SOCKET_IO, hasty};
use crate::harness::due;
use crate::harness::engine::{Frames, Packet, Polls};

/// A session by WebSocket that ends for want of pongs alone: at Socket.IO's end, one that connects to nothing is ended
/// within a second, pongs or no pongs.
async fn frames(path: &'static str) -> Frames {
    let mut frames = hasty(path).by_websocket().await;
    if path == SOCKET_IO {
        frames.send("40").await;
        frames.expect_json("40").await;
        frames.expect_json("42").await;
    }
    frames
}

/// The same by polling.
async fn polls(path: &'static str) -> Polls {
    let polls = hasty(path).by_polling().await;
    if path == SOCKET_IO {
        polls.post("40").await;
        due("what comes of it", async { while !polls.packets().await.contains("auth") {} }).await;
    }
    polls
}

/// Whether three pings came in time, each after the answer to the one before.
///
/// # Panics
/// It ended, though nothing was late.
async fn thrice(mut round: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..3 {
        let began = Instant::now();
        let goes_on = round().await;
        // A busy machine is late itself: then nothing is shown.
        let is_late = began.elapsed() > Duration::from_millis(300 + 100);
        assert!(goes_on || is_late, "it ended in spite of pongs");
        if is_late {
            return false;
        }
    }
    true
}

#[rstest]
#[actix_web::test]
async fn polls_bring_pings_as_long_as_they_are_answered(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    due("three pings", async {
        loop {
            let polls = polls(path).await;
            let ping = async || {
                let poll = polls.poll().await;
                let is_ping = (poll.status, poll.text.as_str()) == (200, "2");
                is_ping && polls.try_post("3").await.is_some_and(|answer| answer.status == 200)
            };
            if thrice(ping).await {
                return;
            }
        }
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn a_session_that_answers_no_ping_in_time_is_gone(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    let polls = hasty(path).by_polling().await;
    // What this is about is time, and nothing else tells of its passing; some of it is for timers that are late.
    sleep(Duration::from_millis(300 + 200 + 100)).await;
    polls.expect_none().await;
}

#[rstest]
#[actix_web::test]
async fn frames_bring_pings_as_long_as_they_are_answered(#[values(ENGINE_IO, SOCKET_IO)] path: &'static str) {
    due("three pings", async {
        loop {
            let mut frames = frames(path).await;
            let ping = async || {
                let is_ping = frames.frame().await == Ok(Packet::Text("2".to_owned()));
                if is_ping {
                    frames.send("3").await;
                }
                is_ping
            };
            if thrice(ping).await {
                return;
            }
        }
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn a_websocket_that_answers_no_ping_in_time_is_closed(
    #[values(ENGINE_IO, SOCKET_IO)] path: &'static str,
) {
    let mut frames = frames(path).await;
    assert_eq!(frames.text().await, "2");
    assert!(frames.frame().await.is_err());
}
