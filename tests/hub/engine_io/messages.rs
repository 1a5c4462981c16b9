//! Messages to and fro, and what ends a session for its form.

use std::time::Duration;

use actix_web::rt::time::timeout;
use futures_util::future::join;

use super::{frames, polls};
use crate::harness::due;

async fn polling_echoes(packets: &str) {
    let polls = polls().await;
    polls.post(packets).await;
    assert_eq!(polls.packets().await, packets);
}

#[actix_web::test]
async fn a_message_comes_back_in_a_poll() {
    polling_echoes("4hello").await;
}

#[actix_web::test]
async fn several_messages_of_one_post_come_back_in_one_poll() {
    polling_echoes("4test1\x1e4test2\x1e4test3").await;
}

#[actix_web::test]
async fn bytes_among_texts_come_back_in_base64() {
    polling_echoes("4hello\x1ebAQIDBA==").await;
}

#[actix_web::test]
async fn a_post_of_no_packets_closes_the_session() {
    let polls = polls().await;
    if let Some(answer) = polls.try_post("abc").await {
        assert_eq!(answer.status, 400);
    }
    polls.expect_none().await;
}

#[actix_web::test]
async fn a_second_poll_at_once_closes_the_session() {
    let polls = polls().await;
    // Whichever arrives last is one too many.
    let (one, other) = join(polls.poll(), polls.poll()).await;
    let (first, second) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!((first.status, first.text.as_str()), (200, "1"));
    assert!([400, 500].contains(&second.status), "{second:?}");
    polls.expect_none().await;
}

#[actix_web::test]
async fn a_poll_that_is_cut_closes_the_session() {
    let polls = polls().await;
    let cut = async {
        loop {
            // Nothing tells when a poll has arrived: one that is cut before that changes nothing, and is tried again.
            assert!(timeout(Duration::from_millis(5), polls.poll()).await.is_err(), "nothing was sent");
            for _ in 0..20 {
                // A sign of life, so that only the cut can end the session; another poll might be one too many.
                let answer = polls.try_post("3").await.expect("an answer");
                if answer.status != 200 {
                    return answer.status;
                }
            }
        }
    };
    assert_eq!(due("the end of the session", cut).await, 400);
    polls.expect_none().await;
}

#[actix_web::test]
async fn a_text_comes_back_in_a_frame() {
    let mut frames = frames().await;
    frames.send("4hello").await;
    frames.expect("4hello").await;
}

#[actix_web::test]
async fn bytes_come_back_in_a_frame_as_they_are() {
    let mut frames = frames().await;
    frames.send_binary(&[1, 2, 3, 4]).await;
    frames.expect_binary(&[1, 2, 3, 4]).await;
}

#[actix_web::test]
async fn a_frame_that_is_no_packet_closes_the_session() {
    let mut frames = frames().await;
    frames.send("abc").await;
    // At once, and not only for want of a sign of life.
    assert!(frames.frame().await.is_err());
}
