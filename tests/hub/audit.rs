//! What the audit log says: of each token that was handed over, and of one that nobody may have any more.

use futures_util::future::join_all;
use serde_json::json;
use zoom_token_hub::simulator::{self, Settings};

use crate::harness::program::{Start, connect_as, post};
use crate::harness::{Carrier, Client, MEETING};

#[actix_web::test]
async fn a_token_that_comes_when_nobody_waits_for_it_is_dropped_and_said() {
    let zoom = simulator::start(Settings::default()).await.unwrap();
    let one_at_a_time = [("ZOOM_MAX_CONCURRENCY", "1"), ("ZOOM_TIMEOUT_SECONDS", "0.6")];
    let (program, address) = Start::hub(&zoom, &one_at_a_time).serve().await;
    zoom.faults().change(|faults| faults.token_latency_ms = 400);
    // The second call starts when the first has ended, and its caller's time is over before its own.
    let joins = ["alice", "bob"].map(|user| {
        post(address, "/api/meetings/join", json!({"meetingId": MEETING, "participantUserId": user}))
    });
    let mut statuses: Vec<_> = join_all(joins).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 504]);
    let log = program.logs("outcome=nobody_waits").await;
    let line = log.lines().find(|line| line.contains("nobody_waits")).unwrap();
    let dropped = ["alice", "bob"].map(|user| format!("dropped kind=OBF user={user:?} meeting={MEETING}"));
    assert!(dropped.iter().any(|text| line.contains(text)), "{line}");
    assert!(!log.contains("eyJ"));
}

#[actix_web::test]
async fn each_token_that_was_handed_over_has_its_line_however_fast_its_client_confirms_it() {
    let zoom = simulator::start(Settings::default()).await.unwrap();
    let (program, address) = Start::hub(&zoom, &[("ZOOM_RATE_PER_SECOND", "0")]).serve().await;
    let users: Vec<_> = (1..=200).map(|n| format!("user{n}@example.com")).collect();
    let confirming = users.iter().map(|user| async move {
        let mut client = Client::connect(address, Carrier::WebSocket).await;
        client.authenticate_confirming(user).await;
        client
    });
    let mut clients = join_all(confirming).await;
    let mut host = connect_as(address, Carrier::WebSocket, "host@example.com").await;
    let request =
        json!({"meetingId": MEETING, "hostUserId": "host@example.com", "participantUserIds": users});
    host.emit("meeting:distribute", request).await;
    join_all(clients.iter_mut().map(|client| async {
        let token = client.expect("meeting:credentials").await;
        client.confirm(&token).await;
    }))
    .await;
    program.signal("TERM").await;
    let log = program.ended().await.err;
    let lines = |deed: &str| log.lines().filter(|line| line.contains(deed)).count();
    assert_eq!([lines("] minted kind=OBF"), lines("] delivered kind=OBF")], [200, 200]);
}
