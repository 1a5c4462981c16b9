//! The largest message, and what is larger. The protocol's own suite is silent here.

use super::{frames, polls};

/// A packet of a million bytes, and so many more.
fn packet(more: usize) -> String {
    format!("4{}", "x".repeat(999_999 + more))
}

#[actix_web::test]
async fn a_post_over_the_limit_is_413_and_one_at_the_limit_is_not() {
    let polls = polls().await;
    polls.post(&packet(0)).await;
    assert_eq!(polls.packets().await, packet(0));
    let refused = polls.try_post(&packet(1)).await.expect("an answer");
    assert_eq!(refused.status, 413);
}

#[actix_web::test]
async fn a_frame_over_the_limit_closes_with_1009_and_one_at_the_limit_does_not() {
    let mut frames = frames().await;
    frames.send(&packet(0)).await;
    frames.expect(&packet(0)).await;
    frames.send(&packet(1)).await;
    assert_eq!(frames.closed().await, Some(1009));
}
