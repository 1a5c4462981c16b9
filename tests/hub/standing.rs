//! Live sessions follow their credential: its end, its renewal, its being revoked.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::{credential, ending_in, now, signed_with};
use crate::harness::{Answer, Client, Hub, MEETING, due};

const ANN: &str = "ann@example.com";

fn anns() -> String {
    credential(ANN, "participant", &json!({}))
}

fn join() -> Value {
    json!({"meetingId": MEETING, "participantUserId": ANN})
}

/// A connection whose credential has just ended, as it was told.
async fn ended(hub: &Hub) -> Client {
    let mut client = hub.connect_with(ANN, &ending_in(2, ANN, "participant")).await;
    let told = client.expect("error").await;
    assert_eq!((&told["code"], &told["retryable"]), (&json!("credential_expired"), &json!(true)));
    client
}

async fn revoke(hub: &Hub, what: Value) -> Answer {
    let service = credential("backend", "service", &json!({}));
    hub.http_with(&service).post("/api/sessions/revoke", what).await
}

#[rstest]
#[actix_web::test]
async fn at_the_end_of_its_credential_a_session_is_told_and_ends_unless_it_shows_another(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[("RENEW_SECONDS", "1")]).await.over(carrier);
    let mut client = ended(&hub).await;
    client.expect_nothing().await;
    assert_eq!(client.refused("meeting:join", join()).await, "credential_expired");
    assert_eq!(client.refused("authenticate", json!({"userId": ANN})).await, "credential_expired");
    assert_eq!(client.closed().await, (4601, "credential_expired".to_owned()));
    assert_eq!(hub.zoom.seen().obf_calls, 0);
}

#[rstest]
#[actix_web::test]
async fn a_session_goes_on_with_another_credential_of_its_users(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[("RENEW_SECONDS", "20")]).await.over(carrier);
    let mut in_time = hub.connect().await;
    let first = in_time.show(ANN, &ending_in(3, ANN, "participant")).await;
    let second = in_time.show(ANN, &anns()).await;
    assert_eq!(first["socketId"], second["socketId"]);
    let mut late = ended(&hub).await;
    late.show("ANN@example.com", &anns()).await;
    for client in [&mut in_time, &mut late] {
        // The first credential's end has passed by now, and nothing is said of it.
        client.emit("meeting:join", join()).await;
        client.expect("meeting:credentials").await;
        client.expect_nothing().await;
    }
}

#[rstest]
#[actix_web::test]
async fn a_renewal_that_is_refused_loses_nothing(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let mut client = hub.connect_with(ANN, &anns()).await;
    let forged = signed_with("a-secret-that-the-hub-has-never-heard-of", ANN, "host", &json!({}));
    let anothers = credential("bob", "participant", &json!({}));
    for (user, token, code) in [
        (ANN, forged, "invalid_credential"),
        (ANN, ending_in(-5, ANN, "host"), "credential_expired"),
        ("bob", anothers, "forbidden"),
        ("bob", anns(), "forbidden"),
    ] {
        assert_eq!(client.refused("authenticate", json!({"userId": user, "token": token})).await, code);
    }
    client.emit("meeting:join", join()).await;
    client.expect("meeting:credentials").await;
}

#[rstest]
#[actix_web::test]
async fn no_token_is_pushed_to_a_session_whose_credential_has_ended(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[("RENEW_SECONDS", "20")]).await.over(carrier);
    let mut client = ended(&hub).await;
    let service = credential("backend", "service", &json!({}));
    let many = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": [ANN]});
    let report = hub.http_with(&service).post("/api/meetings/distribute", many.clone()).await.expect(200);
    assert_eq!(report["participants"][0]["code"], "forbidden");
    client.expect_nothing().await;
    client.show(ANN, &anns()).await;
    let report = hub.http_with(&service).post("/api/meetings/distribute", many).await.expect(200);
    assert_eq!(report["participants"][0]["status"], "delivered");
    client.expect("meeting:credentials").await;
}

#[rstest]
#[actix_web::test]
async fn a_hosts_expiry_does_not_stop_what_runs(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with_credentials(&[("RENEW_SECONDS", "20")]).await.over(carrier);
    let slow = "slow-ann@example.com";
    let mut ann = hub.connect_with(slow, &credential(slow, "participant", &json!({}))).await;
    let mut host = hub.connect_with("host", &ending_in(2, "host", "host")).await;
    hub.zoom.faults().change(|faults| faults.slow_user_ms = 3000);
    let data = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": [slow]});
    host.emit("meeting:distribute", data).await;
    host.expect("meeting:started").await;
    assert_eq!(host.expect("error").await["code"], "credential_expired");
    assert_eq!(host.expect("meeting:distributed").await["successful"], 1);
    ann.expect("meeting:credentials").await;
}

#[rstest]
#[actix_web::test]
async fn a_revocation_ends_the_sessions_and_refuses_the_credentials_that_were_signed_before(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let old = credential(ANN, "participant", &json!({"iat": now() - 10}));
    let mut first = hub.connect_with(ANN, &old).await;
    let mut second = hub.connect_with(ANN, &old).await;
    let mut bob = hub.connect_with("bob", &credential("bob", "host", &json!({}))).await;
    assert_eq!(
        revoke(&hub, json!({"userId": "Ann@Example.com"})).await.expect(200),
        json!({"success": true, "ended": 2})
    );
    for client in [&mut first, &mut second] {
        assert_eq!(client.closed().await, (4602, "credential_revoked".to_owned()));
    }
    bob.expect_nothing().await;
    let answer = hub.http_with(&old).post("/api/meetings/join", join()).await;
    assert_eq!(answer.expect(401)["code"], "credential_revoked");
    let mut again = hub.connect().await;
    again.emit("authenticate", json!({"userId": ANN, "token": old})).await;
    assert_eq!(again.expect("error").await["code"], "credential_revoked");
    assert_eq!(again.closed().await, (4602, "credential_revoked".to_owned()));
    // Signed within the leeway after it.
    let fresh = credential(ANN, "participant", &json!({"iat": now() + 2}));
    hub.connect_with(ANN, &fresh).await.expect_nothing().await;
}

#[actix_web::test]
async fn a_revocation_concerns_a_user_a_meeting_or_a_time() {
    let hub = Hub::start_with_credentials(&[]).await;
    let of = |claims| credential(ANN, "participant", &claims);
    let here = of(json!({"meetings": [MEETING], "iat": now() - 10}));
    let elsewhere = of(json!({"meetings": ["987654321"], "iat": now() - 10}));
    let old = of(json!({"iat": now() - 1000}));
    let mut counting = Vec::new();
    for credential in [&here, &elsewhere, &old] {
        counting.push(hub.connect_with(ANN, credential).await);
    }
    assert_eq!(revoke(&hub, json!({"meetingId": MEETING})).await.expect(200)["ended"], 1);
    assert_eq!(counting.remove(0).closed().await.0, 4602);
    let before = now() - 100;
    assert_eq!(revoke(&hub, json!({"userId": ANN, "issuedBefore": before})).await.expect(200)["ended"], 1);
    assert_eq!(counting.remove(1).closed().await.0, 4602);
    counting.remove(0).expect_nothing().await;
}

#[actix_web::test]
async fn a_revocation_says_whom_it_concerns_and_lies_in_the_past() {
    let hub = Hub::start_with_credentials(&[]).await;
    let mut ann = hub.connect_with(ANN, &anns()).await;
    for (what, field) in [
        (json!({}), "userId"),
        (json!({"userId": "me"}), "userId"),
        (json!({"meetingId": "12"}), "meetingId"),
        (json!({"userId": ANN, "issuedBefore": now() + 1000}), "issuedBefore"),
        (json!({"userId": ANN, "issuedBefore": "yesterday"}), "issuedBefore"),
        (json!({"userId": ANN, "issuedBefore": []}), "issuedBefore"),
    ] {
        let refused = revoke(&hub, what.clone()).await.expect(400);
        assert_eq!(refused["details"][0]["field"], field, "{what}");
    }
    ann.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn in_open_mode_a_revocation_ends_the_users_sessions(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut ann = hub.connect_as(ANN).await;
    assert_eq!(hub.post("/api/sessions/revoke", json!({"userId": ANN})).await.expect(200)["ended"], 1);
    assert_eq!(due("the end", ann.closed()).await, (4602, "credential_revoked".to_owned()));
    hub.connect_as(ANN).await.expect_nothing().await;
}
