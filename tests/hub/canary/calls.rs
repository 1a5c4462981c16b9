//! Credentials shown over HTTP: where they belong, and where they don't.

use awc::http::Method;
use serde_json::{Value, json};

use super::cast::{ALICE, BOB, Credential, ECHO, EVE};
use super::record::Record;
use crate::harness::MEETING;

const JOIN: &str = "/api/meetings/join";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The name of no delivery.
const NO_NAME: &str = "00000000000000000000000000000000";

pub fn join(user: &str) -> Value {
    json!({"meetingId": MEETING, "participantUserId": user})
}

/// Fields enough for any call and any event, and a credential, which belongs into few of them. What goes wrong in
/// passing is asked for again for half a minute, so that is left to single requests.
pub fn everything(user: &str, credential: &Credential) -> Value {
    let participants = [ALICE, BOB, EVE, ECHO, "missing@example.com", "me"];
    json!({"meetingId": MEETING, "hostUserId": user, "participantUserId": user, "userId": user,
           "participantUserIds": participants, "token": credential.token, "deliveryId": NO_NAME,
           "distributionId": NO_NAME, "userIds": participants})
}

/// A credential in every place of a call where it may be, and in those where it may not.
pub async fn show(record: &Record, credential: &Credential) {
    let Credential { token, user, refused, .. } = credential;
    let answer = record.call(credential, Method::POST, JOIN, &join(user)).await;
    match refused {
        None => assert!(answer.expect(200)["obfToken"].is_string()),
        Some(code) => assert_eq!(&answer.expect(401)["code"], code, "{}", credential.name),
    }
    // None of these is looked at.
    let path = format!("{JOIN}?token={token}&access_token={token}");
    let body = everything(user, credential).to_string();
    for header in [("authorization", &format!("Basic {token}")), ("authorization", token), ("cookie", token)]
    {
        let headers = [(header.0, header.1.as_str())];
        let answer = record.call_with(credential, &headers, Method::POST, &path, &body).await;
        assert_eq!(answer.expect(401)["code"], "not_authenticated");
    }
}

/// Every path with every method, with and without a credential.
pub async fn every_endpoint(record: &Record, credential: &Credential) {
    let index = record.call(credential, Method::GET, "/", &Value::Null).await.expect(200);
    let endpoints = index["endpoints"].as_object().unwrap().values();
    let mut paths: Vec<_> = endpoints.map(|line| line.as_str().unwrap().split_once(' ').unwrap().1).collect();
    assert!(paths.contains(&"/api/sessions/revoke"));
    paths.extend(["/", "/client.js", "/ws", "/socket.io/", "/api/nowhere", "/nowhere"]);
    let body = everything(credential.user, credential);
    for path in paths {
        let path = format!("{path}?token={}", credential.token);
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
        ] {
            record.call(credential, method, &path, &body).await;
        }
        record.call_with(credential, &[("accept", "text/html")], Method::GET, &path, "").await;
    }
}

/// Calls that can't be taken, with a credential in each.
pub async fn malformed(record: &Record, credential: &Credential) {
    let token = &credential.token;
    let authorization = format!("Bearer {token}");
    let odd_field = json!({"meetingId": token, "participantUserId": {"token": token}}).to_string();
    let large = token.repeat(300_000 / token.len());
    for (status, code, header, body) in [
        (400, "malformed_frame", ("accept", "*/*"), token),
        (400, "malformed_frame", ("accept", "*/*"), &format!("{{\"meetingId\": \"{token}")),
        (400, "invalid_meeting_id", ("accept", "*/*"), &odd_field),
        (400, "invalid_meeting_id", FORM, &format!("meetingId={token}&token={token}&participantUserId=a")),
        (415, "unsupported_media_type", ("content-type", token), token),
        (413, "payload_too_large", ("accept", "*/*"), &large),
        (403, "origin_refused", ("origin", "https://evil.example"), token),
        (403, "origin_refused", ("origin", token), token),
    ] {
        let headers = [("authorization", authorization.as_str()), header];
        let answer = record.call_with(credential, &headers, Method::POST, JOIN, body).await;
        assert_eq!(answer.expect(status)["code"], code);
    }
}
