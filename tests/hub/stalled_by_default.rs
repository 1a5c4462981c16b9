//! The same with default settings, in a process of its own: how long it takes, and what it costs in memory. It takes a
//! minute because nothing is shortened; `tests/all` runs it, `cargo test` leaves it out.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use serde_json::{Value, json};

use crate::harness::program::{Program, Start, connect_as, post};
use crate::harness::{Carrier, Client, Http, MEETING};
use crate::stalled::Stalled;

/// Resident memory, in KiB.
fn resident(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn users(address: SocketAddr) -> Value {
    Http::new(address).get("/api/health").await.json()["users"].take()
}

/// One large event to all sessions of a user, who is named as a host.
async fn tell_much(address: SocketAddr, user: &str) {
    let absent: Vec<_> = (0..1000).map(|n| format!("absent{n:04}@example.com")).collect();
    let body = json!({"meetingId": MEETING, "hostUserId": user, "participantUserIds": absent, "hold": false});
    post(address, "/api/meetings/distribute", body).await.expect(200);
}

/// Whether a client that behaves is served as if nothing were the matter.
async fn serves(honest: &mut Client) {
    let asked = Instant::now();
    honest.expect_nothing().await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?} for a pong", asked.elapsed());
}

#[actix_web::test]
#[ignore = "takes a minute: nothing is shortened"]
async fn a_stalled_client_is_gone_within_15_s_and_an_idle_one_within_50_s_and_memory_stays() {
    let (program, address) =
        Start::with(&[("PORT", "0"), ("RUST_LOG", "info,access=off,audit=off")]).serve().await;
    let mut honest = connect_as(address, Carrier::WebSocket, "honest").await;
    // The first of its kind pays for code and pools; what comes after is what a client costs.
    tell_much(address, "nobody").await;
    let (before, mut most) = (resident(&program), 0);

    let idle = Stalled::connect(address, Carrier::WebSocket, "idle").await;
    let silent_since = Instant::now();
    let stalled = Stalled::connect(address, Carrier::WebSocket, "stalled").await;
    let flow = Instant::now();
    while users(address).await != 2 {
        tell_much(address, "stalled").await;
        most = most.max(resident(&program));
        serves(&mut honest).await;
        assert!(flow.elapsed() < Duration::from_secs(15), "its queue has no bound");
    }
    while stalled.is_connected() {
        assert!(flow.elapsed() < Duration::from_secs(15), "still connected");
        most = most.max(resident(&program));
        serves(&mut honest).await;
        sleep(Duration::from_millis(100)).await;
    }
    let grown = most.saturating_sub(before);
    assert!(grown <= 16 << 10, "{grown} KiB for one client");

    while idle.is_connected() {
        assert!(silent_since.elapsed() < Duration::from_secs(50), "an idle client is still connected");
        serves(&mut honest).await;
        sleep(Duration::from_millis(200)).await;
    }
    assert!(silent_since.elapsed() > Duration::from_secs(40), "an idle client has time to answer");
    serves(&mut honest).await;
}
