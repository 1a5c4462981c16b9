//! What can go wrong while a session goes over to WebSocket. The protocol's own suite is silent here.

use std::ops::Range;

use futures_util::future::join;

use super::{ENGINE_IO, engine, lives, polls};
use crate::harness::due;
use crate::harness::engine::{Frames, Polls, SEPARATOR};

fn messages(numbers: Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("4{number}")).collect()
}

async fn post(polls: &Polls, numbers: Range<u32>) {
    polls.post(&messages(numbers).join(SEPARATOR)).await;
}

async fn expect(frames: &mut Frames, numbers: Range<u32>) {
    for message in messages(numbers) {
        frames.expect(&message).await;
    }
}

/// The messages of the next poll that has any.
async fn polled(polls: &Polls) -> Vec<String> {
    due("messages", async {
        loop {
            let packets = polls.packets().await;
            let packets: Vec<_> = packets.split(SEPARATOR).map(str::to_owned).collect();
            if packets.iter().any(|packet| packet == "2") {
                polls.post("3").await;
            }
            let messages: Vec<_> = packets.into_iter().filter(|packet| packet.starts_with('4')).collect();
            if !messages.is_empty() {
                return messages;
            }
        }
    })
    .await
}

#[actix_web::test]
async fn what_waits_while_a_session_goes_over_comes_by_frame_in_order_and_once() {
    let polls = polls().await;
    post(&polls, 0..3).await;
    let mut frames = polls.probe().await;
    // Nobody polls: all of it waits for the upgrade.
    post(&polls, 3..6).await;
    frames.send("5").await;
    for message in messages(6..9) {
        frames.send(&message).await;
    }
    expect(&mut frames, 0..9).await;
    lives(&mut frames, ENGINE_IO).await;
}

#[actix_web::test]
async fn what_a_poll_took_while_a_session_goes_over_does_not_come_again_by_frame() {
    let polls = polls().await;
    post(&polls, 0..3).await;
    let mut frames = polls.probe().await;
    assert_eq!(polled(&polls).await, messages(0..3));
    post(&polls, 3..6).await;
    frames.send("5").await;
    expect(&mut frames, 3..6).await;
    lives(&mut frames, ENGINE_IO).await;
}

#[actix_web::test]
async fn a_poll_that_waits_is_ended_by_the_probe_without_a_message() {
    let polls = polls().await;
    let (packets, mut frames) = join(polls.packets(), polls.probe()).await;
    assert_eq!(packets, "6");
    frames.send("5").await;
    lives(&mut frames, ENGINE_IO).await;
}

#[actix_web::test]
async fn an_upgrade_without_a_probe_is_turned_away_and_the_session_lives_on() {
    let polls = polls().await;
    let mut frames = polls.websocket().await.unwrap();
    frames.send("5").await;
    assert!(frames.frame().await.is_err());
    post(&polls, 0..3).await;
    assert_eq!(polled(&polls).await, messages(0..3));
}

#[actix_web::test]
async fn a_session_whose_probe_goes_no_further_lives_on_by_polling() {
    let polls = polls().await;
    let mut probe = polls.probe().await;
    for numbers in [0..3, 3..6, 6..9] {
        post(&polls, numbers.clone()).await;
        assert_eq!(polled(&polls).await, messages(numbers));
    }
    // It may still make up its mind.
    probe.send("5").await;
    lives(&mut probe, ENGINE_IO).await;
}

#[actix_web::test]
async fn a_session_whose_probe_breaks_off_lives_on_by_polling_and_may_try_again() {
    let polls = polls().await;
    drop(polls.probe().await);
    post(&polls, 0..3).await;
    assert_eq!(polled(&polls).await, messages(0..3));
    let again = async {
        loop {
            // The end of the first is not noticed at once, and until then a second is one too many.
            if let Ok(mut frames) = polls.websocket().await {
                frames.send("2probe").await;
                if frames.frame().await.is_ok() {
                    return frames;
                }
            }
        }
    };
    let mut frames = due("a second probe", again).await;
    frames.send("5").await;
    lives(&mut frames, ENGINE_IO).await;
}

#[actix_web::test]
async fn a_websocket_that_says_anything_else_before_the_upgrade_is_closed_and_the_session_lives_on() {
    let polls = polls().await;
    let mut frames = polls.websocket().await.unwrap();
    frames.send("4hello").await;
    assert!(frames.frame().await.is_err());
    post(&polls, 0..3).await;
    assert_eq!(polled(&polls).await, messages(0..3));
}

#[actix_web::test]
async fn a_websocket_for_a_session_that_is_not_there_is_refused() {
    let refused = engine(ENGINE_IO).websocket("EIO=4&transport=websocket&sid=nobody").await;
    assert_eq!(refused.expect_err("a refusal").status, 400);
}
