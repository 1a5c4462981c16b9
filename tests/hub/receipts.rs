//! A client that confirms what it gets, and what is done where no receipt comes.

use rstest::rstest;
use serde_json::{Value, json};
use zoom_token_hub::simulator::Claims;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::rows::{HOST, distribute, request, row, row_becomes};
use crate::harness::{Hub, MEETING};

const ANN: &str = "ann@example.com";
/// Receipts that are missed soon.
const SOON: [(&str, &str); 1] = [("RECEIPT_TIMEOUT_SECONDS", "0.3")];

fn jti(credentials: &Value) -> String {
    Claims::read(credentials["obfToken"].as_str().unwrap()).unwrap().jti
}

#[rstest]
#[actix_web::test]
async fn a_token_that_its_client_confirms_is_acknowledged(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut ann = hub.connect_confirming(ANN).await;
    let report = distribute(&mut host, request(&[ANN])).await;
    let stood = row(&report, ANN).unwrap();
    assert_eq!((&stood["status"], &stood["sessions"]), (&json!("delivered"), &json!(1)));
    let token = ann.expect("meeting:credentials").await;
    ann.confirm(&token).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
    ann.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn over_socket_io_either_way_to_confirm_is_good(#[values(SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut ann = hub.connect_confirming(ANN).await;
    distribute(&mut host, request(&[ANN])).await;
    let token = ann.expect("meeting:credentials").await;
    ann.emit("delivery:ack", json!({"deliveryId": token["deliveryId"]})).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
    // A client that knows nothing of `acks` and calls its acknowledgement.
    let mut ben = hub.connect_as("ben").await;
    distribute(&mut host, request(&["ben"])).await;
    let token = ben.expect("meeting:credentials").await;
    ben.confirm(&token).await;
    row_becomes(&mut host, "ben", "acknowledged").await;
}

#[rstest]
#[actix_web::test]
async fn the_newest_session_that_confirms_gets_the_token_alone(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut older = hub.connect_confirming(ANN).await;
    let mut newer = hub.connect_confirming(ANN).await;
    let mut plain = hub.connect_as(ANN).await;
    distribute(&mut host, request(&[ANN])).await;
    let token = newer.expect("meeting:credentials").await;
    newer.confirm(&token).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
    older.expect_nothing().await;
    plain.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn without_a_receipt_another_session_gets_a_fresh_token_and_after_three_it_failed(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&SOON).await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut older = hub.connect_confirming(ANN).await;
    let mut newer = hub.connect_confirming(ANN).await;
    distribute(&mut host, request(&[ANN])).await;
    let tokens = [
        newer.expect("meeting:credentials").await,
        older.expect("meeting:credentials").await,
        newer.expect("meeting:credentials").await,
    ];
    let [first, second, third] = tokens.each_ref().map(jti);
    assert!(first != second && second != third && first != third, "each is fresh");
    let failed = row_becomes(&mut host, ANN, "failed").await;
    assert_eq!(failed["code"], "not_acknowledged");
    older.expect_nothing().await;
    newer.expect_nothing().await;
    // However late it comes, and for whichever: the client has a token, it says.
    older.confirm(&tokens[1]).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
    assert_eq!(hub.zoom.seen().obfs, 3);
}

#[rstest]
#[actix_web::test]
async fn where_there_is_one_session_alone_it_gets_the_next_too(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&SOON).await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut ann = hub.connect_confirming(ANN).await;
    distribute(&mut host, request(&[ANN])).await;
    ann.expect("meeting:credentials").await;
    let second = ann.expect("meeting:credentials").await;
    ann.confirm(&second).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
    ann.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn when_the_connection_dies_first_the_next_gets_a_fresh_token_at_once(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    // Never by the time-out.
    let hub = Hub::start_with(&[("RECEIPT_TIMEOUT_SECONDS", "3600")]).await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut older = hub.connect_confirming(ANN).await;
    let mut newer = hub.connect_confirming(ANN).await;
    distribute(&mut host, request(&[ANN])).await;
    newer.expect("meeting:credentials").await;
    newer.leave().await;
    older.expect("meeting:credentials").await;
    older.leave().await;
    // Nobody is left: the row waits, and whoever comes gets the third.
    row_becomes(&mut host, ANN, "pending").await;
    let mut ann = hub.connect_confirming(ANN).await;
    let token = ann.expect("meeting:credentials").await;
    ann.confirm(&token).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
    assert_eq!(hub.zoom.seen().obfs, 3);
}

#[rstest]
#[actix_web::test]
async fn nobody_confirms_what_is_another_users(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut ann = hub.connect_confirming(ANN).await;
    let mut eve = hub.connect_confirming("eve@example.com").await;
    distribute(&mut host, request(&[ANN])).await;
    let token = ann.expect("meeting:credentials").await;
    for delivery in [token["deliveryId"].clone(), json!("00000000000000000000000000000000")] {
        eve.emit("delivery:ack", json!({"deliveryId": delivery})).await;
    }
    eve.expect_nothing().await;
    let id = token_less(&distribution_of(&mut host).await);
    assert_eq!(row(&id, ANN).unwrap()["status"], "delivered");
    ann.confirm(&token).await;
    row_becomes(&mut host, ANN, "acknowledged").await;
}

/// The newest distribution as it stands.
async fn distribution_of(host: &mut crate::harness::Client) -> Value {
    host.emit("distribution:get", json!({})).await;
    let list = host.expect("distribution").await;
    let id = list["distributions"][0]["distributionId"].clone();
    host.emit("distribution:get", json!({"distributionId": id})).await;
    host.expect("distribution").await
}

/// No host sees a token, nor what a delivery is called.
fn token_less(report: &Value) -> Value {
    let text = report.to_string();
    assert!(!text.contains("eyJ") && !text.contains("deliveryId"), "{text}");
    report.clone()
}

#[rstest]
#[actix_web::test]
async fn a_client_that_confirms_what_it_gets_is_never_too_fast(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with(&[("MESSAGE_RATE_PER_SECOND", "1")]).await.over(carrier);
    let mut ann = hub.connect_confirming(ANN).await;
    for _ in 0..10 {
        hub.post("/api/meetings/distribute", request(&[ANN])).await.expect(200);
        let token = ann.expect("meeting:credentials").await;
        ann.confirm(&token).await;
    }
    let list = hub.get("/api/distributions").await.expect(200);
    let newest = list["distributions"][0]["distributionId"].as_str().unwrap();
    crate::harness::due("the receipt", async {
        let path = format!("/api/distributions/{newest}");
        while row(&hub.get(&path).await.expect(200), ANN).unwrap()["status"] != "acknowledged" {}
    })
    .await;
    // Receipts that nobody owes are events as any other.
    for _ in 0..5 {
        ann.emit("delivery:ack", json!({"deliveryId": "00000000000000000000000000000000"})).await;
    }
    let error = ann.expect("error").await;
    assert_eq!((&error["code"], &error["event"]), (&json!("rate_limited"), &json!("delivery:ack")));
}

#[rstest]
#[actix_web::test]
async fn a_token_that_was_asked_for_is_confirmed_where_a_distribution_waited(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let mut ann = hub.connect().await;
    // It asks before it says who it is, so nothing comes by itself.
    distribute(&mut host, request(&[ANN])).await;
    let join = json!({"meetingId": MEETING, "participantUserId": ANN});
    ann.emit("meeting:join", join.clone()).await;
    assert!(ann.expect("meeting:credentials").await["deliveryId"].is_string());
    row_becomes(&mut host, ANN, "delivered").await;
    ann.authenticate_confirming(ANN).await;
    ann.emit("meeting:join", join).await;
    assert!(ann.expect("meeting:credentials").await["deliveryId"].is_null(), "nobody waits for it");
}

#[actix_web::test]
async fn a_receipt_that_names_nothing_is_refused_by_name() {
    let hub = Hub::start().await;
    let mut ann = hub.connect_confirming(ANN).await;
    for odd in [json!({}), json!({"deliveryId": 7}), json!({"deliveryId": "x"}), json!({"deliveryId": ["x"]})]
    {
        ann.emit("delivery:ack", odd).await;
        let error = ann.expect("error").await;
        assert_eq!(
            (&error["code"], &error["details"][0]["field"]),
            (&json!("invalid_request"), &json!("deliveryId"))
        );
    }
    for odd in [json!("yes"), json!(1), json!([true])] {
        ann.emit("authenticate", json!({"userId": ANN, "acks": odd})).await;
        let error = ann.expect("error").await;
        assert_eq!(
            (&error["code"], &error["details"][0]["field"]),
            (&json!("invalid_request"), &json!("acks"))
        );
    }
}
