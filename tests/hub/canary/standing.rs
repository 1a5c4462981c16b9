//! Sessions that end or go on with their credential, sessions that nobody owns, and clients that read nothing.

use awc::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::calls::join;
use super::cast::{Credential, noted};
use super::record::{Record, Whose};
use super::talks::{CARRIERS, Listener};
use crate::harness::Carrier::{self, SocketIo, WebSocket};
use crate::harness::credentials::{credential, ending_in, now};
use crate::harness::engine::Engine;
use crate::harness::program::Program;
use crate::harness::{Client, MEETING};
use crate::stalled::Stalled;

const RITA: &str = "rita@example.com";
const STAN: &str = "stan@example.com";

/// A session on each carrier whose credential ends soon, and which has got a token before; it listens.
pub async fn mortal(record: &Record) -> Vec<Listener> {
    const MIA: &str = "mia@example.com";
    let token = ending_in(3, MIA, "participant");
    record.plant("a credential that runs out", &token);
    let mut listeners = Vec::new();
    for carrier in CARRIERS {
        let mut client = Client::connect(record.address, carrier).await;
        client.show(MIA, &token).await;
        client.emit("meeting:join", join(MIA)).await;
        listeners.push(Listener::new(format!("{MIA} by {carrier:?}"), Whose::Only(MIA), client));
    }
    listeners
}

/// A session on each carrier that says nothing of who it is, though it talks; it listens.
pub async fn silent(record: &Record, credential: &Credential) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for carrier in CARRIERS {
        let mut client = Client::connect(record.address, carrier).await;
        client.emit("ping", json!({"token": credential.token})).await;
        listeners.push(Listener::new(format!("a stranger by {carrier:?}"), Whose::Nobodys, client));
    }
    listeners
}

/// Sessions that go on with another credential, shown before the end of the first or after it.
pub async fn renewed(record: &Record) {
    const LEE: &str = "lee@example.com";
    let (first, second) = (ending_in(4, LEE, "host"), credential(LEE, "host", &noted(json!({}))));
    record.plant("a credential that is renewed", &first);
    record.plant("a credential that renews", &second);
    let one = async |carrier: Carrier, late: bool| {
        let mut client = Client::connect(record.address, carrier).await;
        client.show(LEE, &first).await;
        if late {
            assert_eq!(client.expect("error").await["code"], "credential_expired");
            let odd = json!({"meetingId": MEETING, "participantUserId": LEE, "token": second});
            assert_eq!(client.refused("meeting:join", odd).await, "credential_expired");
        }
        client.show(LEE, &second).await;
        client.emit("meeting:join", join(LEE)).await;
        while client.next().await["event"] != "meeting:credentials" {}
        record.hear(format!("{LEE} by {carrier:?}"), Whose::Only(LEE), client.heard());
        client.leave().await;
    };
    join_all(CARRIERS.into_iter().flat_map(|carrier| [one(carrier, false), one(carrier, true)])).await;
}

/// A revocation, by a service; the credential, which is bad from now on.
pub async fn revoked(record: &Record, service: &Credential) -> Credential {
    let token = credential(RITA, "host", &noted(json!({"iat": now() - 10})));
    let rita = Credential {
        name: "a revoked one",
        user: RITA,
        token,
        whose: Whose::Only(RITA),
        refused: Some("credential_revoked"),
    };
    record.plant(rita.name, &rita.token);
    let listeners = Listener::on_each_carrier(record, &rita).await;
    record.call(&rita, Method::POST, "/api/meetings/join", &join(RITA)).await.expect(200);
    let body = json!({"userId": RITA, "token": rita.token});
    let answer = record.call(service, Method::POST, "/api/sessions/revoke", &body).await;
    assert_eq!(answer.expect(200)["ended"], 3);
    for listener in listeners {
        let heard = listener.ended(record).await;
        assert!(heard.contains("obfToken") && heard.contains("4602"), "{heard}");
    }
    Credential { whose: Whose::Nobodys, ..rita }
}

/// Clients that stop reading while events with tokens in them flow to them, until they are given up.
pub async fn stalled(record: &Record, service: &Credential, program: &Program) -> [Stalled; 2] {
    let token = credential(STAN, "host", &noted(json!({})));
    record.plant("the credential of who stops reading", &token);
    let who = json!({"userId": STAN, "token": token});
    let stalled = [
        Stalled::connect_with(record.address, WebSocket, who.clone()).await,
        Stalled::connect_with(record.address, SocketIo, who.clone()).await,
    ];
    let polls = Engine::at(record.address, "/socket.io/").by_polling().await;
    polls.post(&format!("40\u{1e}42{}", json!(["authenticate", who]))).await;
    let domain = "absent".repeat(30);
    let absent: Vec<_> = (0..1000).map(|n| format!("absent{n:04}@{domain}")).collect();
    let much: Value = json!({"meetingId": MEETING, "hostUserId": STAN, "participantUserIds": absent});
    let delivered = format!("delivered kind=ZAK user={STAN:?}");
    let is_over = |log: String| {
        let mut lines = log.lines().filter(|line| line.contains(&delivered));
        lines.any(|line| line.contains("sessions=3"))
            && lines.next_back().is_some_and(|line| line.contains("outcome=not_connected"))
    };
    let mut told = 0;
    while !is_over(program.log()) {
        record.call(service, Method::POST, "/api/meetings/distribute", &much).await.expect(200);
        told += 1;
        assert!(told < 400, "a queue has no bound");
    }
    polls.expect_none().await;
    stalled
}
