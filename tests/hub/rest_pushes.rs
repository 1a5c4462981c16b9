//! What is minted over HTTP also reaches its owner's connected sessions, and nobody else's.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::{Client, Hub, MEETING, expect_shape};

async fn expect_zak(client: &mut Client, user: &str) -> Value {
    let data = client.expect("meeting:started").await;
    let shape = json!({
        "meetingId": MEETING, "zakToken": format!("<zak {user}>"), "expiresIn": "2 hours",
        "timestamp": "<moment>", "expiresAt": "<moment>", "simulated": true,
    });
    expect_shape(&data, &shape);
    data
}

async fn expect_obf(client: &mut Client, user: &str) -> Value {
    let data = client.expect("meeting:credentials").await;
    let shape = json!({
        "meetingId": MEETING, "obfToken": format!("<obf {user}>"), "expiresIn": "30 minutes",
        "timestamp": "<moment>", "expiresAt": "<moment>", "simulated": true,
    });
    expect_shape(&data, &shape);
    data
}

#[rstest]
#[actix_web::test]
async fn a_zak_from_a_start_reaches_all_sessions_of_the_host_alone(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut one = hub.connect_as("host@example.com").await;
    let mut two = hub.connect_as("HOST@example.com").await;
    let mut other = hub.connect_as("alice@example.com").await;
    let mut unnamed = hub.connect().await;
    let body = json!({"meetingId": MEETING, "hostUserId": "host@example.com"});
    let answer = hub.post("/api/meetings/start", body).await.expect(200);
    for client in [&mut one, &mut two] {
        let pushed = expect_zak(client, "host@example.com").await;
        assert_eq!((&pushed["zakToken"], &pushed["expiresAt"]), (&answer["zakToken"], &answer["expiresAt"]));
        client.expect_nothing().await;
    }
    other.expect_nothing().await;
    unnamed.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn an_obf_from_a_join_reaches_the_participant_alone(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut alice = hub.connect_as("alice@example.com").await;
    let mut bob = hub.connect_as("bob@example.com").await;
    let body = json!({"meetingId": MEETING, "participantUserId": "alice@example.com"});
    let answer = hub.post("/api/meetings/join", body).await.expect(200);
    assert_eq!(expect_obf(&mut alice, "alice@example.com").await["obfToken"], answer["obfToken"]);
    alice.expect_nothing().await;
    bob.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_batch_join_pushes_to_each_participant_its_own(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut alice = hub.connect_as("alice@example.com").await;
    let mut missing = hub.connect_as("missing@example.com").await;
    let mut bob = hub.connect_as("bob@example.com").await;
    let mut other = hub.connect_as("other@example.com").await;
    let users = ["alice@example.com", "absent@example.com", "missing@example.com", "bob@example.com"];
    let body = json!({"meetingId": MEETING, "participantUserIds": users});
    let answer = hub.post("/api/meetings/batch-join", body).await.expect(200);
    let rows = &answer["results"]["successful"];
    let pushed = expect_obf(&mut alice, "alice@example.com").await;
    assert_eq!(pushed["obfToken"], rows[0]["obfToken"]);
    let pushed = expect_obf(&mut bob, "bob@example.com").await;
    assert_eq!(pushed["obfToken"], rows[2]["obfToken"]);
    for client in [&mut alice, &mut missing, &mut bob, &mut other] {
        client.expect_nothing().await;
    }
}

#[rstest]
#[actix_web::test]
async fn a_set_up_pushes_to_the_host_and_to_each_participant(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as("host@example.com").await;
    let mut alice = hub.connect_as("alice@example.com").await;
    let mut other = hub.connect_as("other@example.com").await;
    let users = ["alice@example.com", "absent@example.com"];
    let body = json!({"meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": users});
    let answer = hub.post("/api/meetings/setup", body).await.expect(200);
    let pushed = expect_zak(&mut host, "host@example.com").await;
    assert_eq!(pushed["zakToken"], answer["host"]["zakToken"]);
    let pushed = expect_obf(&mut alice, "alice@example.com").await;
    assert_eq!(pushed["obfToken"], answer["participants"][0]["obfToken"]);
    for client in [&mut host, &mut alice, &mut other] {
        client.expect_nothing().await;
    }
}
