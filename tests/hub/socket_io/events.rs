//! Events to and fro, with and without bytes and acknowledgements, and what closes a connection for its form.

use super::{PATIENT, connected};

#[actix_web::test]
async fn an_event_comes_back() {
    let mut frames = connected(PATIENT).await;
    frames.send(r#"42["message",1,"2",{"3":[true]}]"#).await;
    frames.expect(r#"42["message-back",1,"2",{"3":[true]}]"#).await;
}

#[actix_web::test]
async fn an_event_with_bytes_comes_back_with_them() {
    let mut frames = connected(PATIENT).await;
    frames.send(r#"452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    frames.send_binary(&[1, 2, 3]).await;
    frames.send_binary(&[4, 5, 6]).await;
    frames
        .expect(r#"452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
        .await;
    frames.expect_binary(&[1, 2, 3]).await;
    frames.expect_binary(&[4, 5, 6]).await;
}

#[actix_web::test]
async fn an_event_is_acknowledged_by_its_number() {
    let mut frames = connected(PATIENT).await;
    frames.send(r#"42456["message-with-ack",1,"2",{"3":[false]}]"#).await;
    frames.expect(r#"43456[1,"2",{"3":[false]}]"#).await;
}

#[actix_web::test]
async fn an_event_with_bytes_is_acknowledged_with_them() {
    let mut frames = connected(PATIENT).await;
    frames
        .send(r#"452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
        .await;
    frames.send_binary(&[1, 2, 3]).await;
    frames.send_binary(&[4, 5, 6]).await;
    frames.expect(r#"462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    frames.expect_binary(&[1, 2, 3]).await;
    frames.expect_binary(&[4, 5, 6]).await;
}

/// What a connected client can't say without being closed, at once.
async fn closes(packet: &str) {
    let mut frames = connected(PATIENT).await;
    frames.send(packet).await;
    assert!(frames.frame().await.is_err());
}

#[actix_web::test]
async fn an_unknown_kind_of_packet_closes_the_connection() {
    closes("4abc").await;
}

#[actix_web::test]
async fn an_event_that_is_no_list_closes_the_connection() {
    closes("42{}").await;
}

#[actix_web::test]
async fn a_number_that_is_none_closes_the_connection() {
    closes(r#"42abc["message-with-ack",1,"2",{"3":[false]}]"#).await;
}
