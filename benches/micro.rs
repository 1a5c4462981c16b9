//! What the hub's own steps of a token's way take: a frame read, a caller's right looked up, a token routed, a frame written,
//! and the life of a row. Without sockets, without Zoom; `benches/load` has those.

#![expect(clippy::expect_used, reason = "what can't be set up can't be measured")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{System, SystemRunner};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::Timestamp;
use serde_json::json;
use zoom_token_hub::hub::command::permit;
use zoom_token_hub::hub::distribution::{Attempt, Distribution};
use zoom_token_hub::hub::ledger::{Bounds, Ledger, Step};
use zoom_token_hub::hub::requests::{Distribute, JoinMeeting, Named, Roster};
use zoom_token_hub::identity::{Caller, Identity, Role};
use zoom_token_hub::micro::{Crowd, decode, encode};
use zoom_token_hub::names::{DistributionId, MeetingId, SessionId, UserId};

/// Users of a distribution.
const USERS: usize = 1000;
/// About as many bytes as a token of Zoom's has.
const TOKEN: usize = 700;

fn main() {
    divan::main();
}

fn users() -> Vec<UserId> {
    let named = (1..=USERS).map(|n| format!("participant-{n}@example.com").parse());
    named.collect::<Result<_, _>>().expect("they are names")
}

fn meeting() -> MeetingId {
    "1234567890".parse().expect("it is a meeting's number")
}

fn crowd(system: &SystemRunner) -> Crowd {
    let token = "x".repeat(TOKEN);
    system.block_on(Crowd::new(users(), meeting(), token)).expect("the registry takes them")
}

#[divan::bench]
fn decode_a_receipt(bencher: Bencher) {
    let frame = json!({"event": "delivery:ack", "data": {"deliveryId": "5f0c2a9e4b7d4c1e8a3b6d9f0e1c2b3a"}});
    let frame = frame.to_string();
    assert!(decode(&frame));
    bencher.bench(|| decode(black_box(&frame)));
}

#[divan::bench]
fn decode_a_ping(bencher: Bencher) {
    bencher.bench(|| decode(black_box(r#"{"event":"ping","data":null}"#)));
}

/// For each of the users that it names.
#[divan::bench]
fn decode_a_distribution(bencher: Bencher) {
    let users: Vec<_> = users().iter().map(ToString::to_string).collect();
    let data =
        json!({"meetingId": "1234567890", "hostUserId": "host@example.com", "participantUserIds": users});
    let frame = json!({"event": "meeting:distribute", "data": data}).to_string();
    assert!(decode(&frame));
    bencher.counter(ItemsCount::new(USERS)).bench(|| decode(black_box(&frame)));
}

/// Of a credential that names a hundred meetings.
#[divan::bench]
fn authorise_a_join(bencher: Bencher) {
    let user: UserId = "alice@example.com".parse().expect("it is a name");
    let meetings: BTreeSet<MeetingId> =
        (0..100).filter_map(|n| format!("{}", 1_234_567_890_u64 + n).parse().ok()).collect();
    let identity = Identity {
        user: user.clone(),
        role: Role::Participant,
        meetings: Some(meetings),
        issued_at: None,
        expires_at: Timestamp::MAX,
    };
    let caller = Caller::Known(Arc::new(identity));
    let join = || JoinMeeting { meeting: meeting(), participant: user.clone() };
    assert!(permit(&caller, join()).is_ok());
    bencher.with_inputs(join).bench_values(|join| permit(black_box(&caller), join).is_ok());
}

/// For each of the users: a message to the registry, one to the session, and the answer.
#[divan::bench]
fn route_a_token(bencher: Bencher) {
    let system = System::new();
    let crowd = crowd(&system);
    assert_eq!(system.block_on(crowd.route()).ok(), Some(USERS));
    bencher.counter(ItemsCount::new(USERS)).bench_local(|| system.block_on(crowd.route()).is_ok());
}

#[divan::bench]
fn encode_a_token(bencher: Bencher) {
    let crowd = crowd(&System::new());
    assert!(encode(crowd.event()).is_ok_and(|bytes| bytes > TOKEN));
    bencher.bench_local(|| encode(black_box(crowd.event())));
}

/// For each row of a distribution: taken in, tried, handed over, confirmed, forgotten.
#[divan::bench]
fn live_a_row(bencher: Bencher) {
    let roster = Roster::new(users().into_iter().map(Named::User));
    let host: UserId = "host@example.com".parse().expect("it is a name");
    let distribution = || {
        let participants = roster.clone();
        let request = Distribute { meeting: meeting(), host: host.clone(), participants, hold: None };
        Distribution::new(DistributionId::random(), request)
    };
    assert_eq!(live(distribution()), USERS);
    bencher.counter(ItemsCount::new(USERS)).with_inputs(distribution).bench_values(live);
}

/// How many rows had a whole life.
fn live(distribution: Distribution) -> usize {
    let remember = Duration::from_secs(1);
    let bounds = Bounds {
        queued: USERS,
        pending: 0,
        remembered: 1,
        hold: remember,
        receipt: Duration::from_secs(10),
        remember,
    };
    let (mut ledger, now, session) = (Ledger::new(bounds), Instant::now(), SessionId::random());
    let Ok(serial) = ledger.admit(distribution, now) else { return 0 };
    ledger.start(serial, now, |_| true);
    let mut confirmed = 0;
    while let Some(step) = ledger.next_step() {
        if let Step::Try(it) = step {
            let handed = Attempt::Handed { sessions: 1, confirms: Some(session) };
            ledger.tried(it.at, it.delivery, handed, now);
            confirmed += usize::from(ledger.receipt(it.delivery, |user| *user == it.user, now).is_some());
        }
    }
    ledger.due(now + remember);
    if ledger.distribution(serial).is_none() { confirmed } else { 0 }
}
