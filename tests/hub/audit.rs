//! What the audit log says of a token that nobody may have any more.

use futures_util::future::join_all;
use serde_json::json;
use zoom_token_hub::simulator::{self, Settings};

use crate::harness::MEETING;
use crate::harness::program::{Start, post};

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
