//! A client acknowledges what the server emitted. The protocol's own suite is silent here.

use super::{PATIENT, connected};
use crate::harness::engine::{Frames, Packet};

/// Asks to be asked: what the question's acknowledgement has to begin with.
async fn asked(frames: &mut Frames, ask: &str) -> String {
    frames.send(&format!(r#"42["ask",{ask}]"#)).await;
    let Packet::Text(question) = frames.packet().await else { panic!("bytes") };
    let number: String = question[2..].chars().take_while(char::is_ascii_digit).collect();
    assert!(!number.is_empty(), "{question}");
    assert_eq!(question, format!(r#"42{number}["question",{ask}]"#));
    format!("43{number}")
}

#[actix_web::test]
async fn what_a_client_acknowledges_with_reaches_who_asked() {
    let mut frames = connected(PATIENT).await;
    let acknowledgement = asked(&mut frames, r#""why""#).await;
    frames.send(&format!(r#"{acknowledgement}["because",{{"of":[1]}}]"#)).await;
    frames.expect(r#"42["answered","because",{"of":[1]}]"#).await;
}

#[actix_web::test]
async fn an_acknowledgement_of_what_nobody_asked_means_nothing() {
    let mut frames = connected(PATIENT).await;
    frames.send(r#"43777["well"]"#).await;
    frames.send(r#"42["message","next"]"#).await;
    frames.expect(r#"42["message-back","next"]"#).await;
}
