//! Secrets can't leak: a hub that asks for credentials goes through everything that it can do, at its most talkative and
//! with secrets in every place, and all that came out of it, at whichever end, is searched for every one.
//!
//! Logs and answers hold none. Sessions hear their own tokens and nobody else's.

mod calls;
mod cast;
mod commands;
mod record;
mod standing;
mod talks;

use awc::http::Method;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use self::cast::{ALICE, BACKEND, Credential, HOST, PREVIOUS, SLOW};
use self::record::Record;
use self::talks::{CARRIERS, Listener};
use crate::harness::credentials::SECRET;
use crate::harness::program::Program;
use crate::harness::stand_in::StandIn;
use crate::harness::{Client, DEADLINE, MEETING};
use crate::secrets::over_a_failing_zoom;

const JWT: [(&str, &str); 3] =
    [("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET", SECRET), ("AUTH_JWT_SECRET_PREVIOUS", PREVIOUS)];
/// Every library says what it does too, and what is waited for comes soon.
const TALKATIVE: [(&str, &str); 5] = [
    ("RUST_LOG", "trace"),
    ("RENEW_SECONDS", "4"),
    ("AUTH_TIMEOUT_SECONDS", "4"),
    ("WRITE_TIMEOUT_SECONDS", "5"),
    ("ZOOM_TIMEOUT_SECONDS", "1"),
];

fn of<'a>(credentials: &'a [Credential], user: &str) -> &'a Credential {
    credentials.iter().find(|credential| credential.user == user).unwrap()
}

async fn tells_secrets_to_their_owners_alone(zoom: &StandIn) {
    let hub = || zoom.hub(&JWT).and(&TALKATIVE);
    let (program, address) = hub().serve().await;
    let record = Record::of(address);
    zoom.account.faults().change(|faults| faults.slow_user_ms = 0);
    let (good, bad, unserved) = (cast::good_ones(), cast::bad_ones(), cast::unserved());
    for credential in good.iter().chain(&bad).chain(&unserved) {
        record.plant(&format!("a credential, {}", credential.name), &credential.token);
    }
    let [host, alice, service] = [HOST, ALICE, BACKEND].map(|user| of(&good, user));

    let (mut listeners, mut served) = (Vec::new(), Vec::new());
    for credential in &good {
        listeners.extend(Listener::on_each_carrier(&record, credential).await);
    }
    served.extend(listeners.iter().map(|listener| listener.who.clone()));
    for credential in &unserved {
        listeners.extend(Listener::on_each_carrier(&record, credential).await);
    }
    let mortal = standing::mortal(&record).await;
    served.extend(mortal.iter().map(|listener| listener.who.clone()));
    let silent = standing::silent(&record, alice).await;

    let revoked = standing::revoked(&record, service).await;
    for credential in good.iter().chain(&bad).chain([&revoked]) {
        calls::show(&record, credential).await;
        talks::show(&record, credential).await;
    }
    for credential in [alice, host, service, &bad[2], &revoked] {
        calls::every_endpoint(&record, credential).await;
    }
    calls::malformed(&record, alice).await;
    talks::malformed(&record, alice).await;
    // What fails in passing is tried again for a while, and credentials run out: all that at once.
    let talks = CARRIERS.map(async |carrier| {
        for credential in [alice, host, service] {
            talks::every_event(&record, credential, carrier).await;
        }
        talks::in_vain(&record, service, carrier).await;
    });
    join(join_all(talks), standing::renewed(&record)).await;
    let stalled = standing::stalled(&record, service, &program).await;
    let call = async || {
        let body = json!({"meetingId": MEETING, "participantUserId": ALICE});
        record.call(alice, Method::POST, "/api/meetings/join", &body).await
    };
    over_a_failing_zoom(zoom, call, async || {
        record.call(alice, Method::GET, "/api/health", &Value::Null).await.expect(503);
    })
    .await;
    let mut said = commands::all(&record, hub).await;

    for (listeners, code) in [(mortal, "4601"), (silent, "4508")] {
        for listener in listeners {
            let heard = listener.ended(&record).await;
            assert!(heard.contains(code), "{heard}");
        }
    }
    for stalled in stalled {
        stalled.cut(DEADLINE).await;
    }
    listeners.push(drained(&record, &program, zoom, host).await);
    for listener in listeners {
        let heard = listener.ended(&record).await;
        assert!(heard.contains("4503"), "{heard}");
    }
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for marker in [" TRACE mio", "TRACE actix_", "[secret]", "credential is refused", "audit", "overloaded"] {
        assert!(ended.err.contains(marker), "no {marker:?} in {} bytes of log", ended.err.len());
    }
    said.push_str(&ended.out);
    said.push_str(&ended.err);
    record.judge(zoom, &served, &said);
}

/// A stop while a distribution runs. Who asked for that listens.
async fn drained(record: &Record, program: &Program, zoom: &StandIn, host: &Credential) -> Listener {
    zoom.account.faults().change(|faults| faults.slow_user_ms = 800);
    let carrier = CARRIERS[1];
    let mut client = Client::connect(record.address, carrier).await;
    client.show(host.user, &host.token).await;
    let data = json!({"meetingId": MEETING, "hostUserId": HOST, "participantUserIds": [ALICE, SLOW]});
    client.emit("meeting:distribute", data).await;
    client.expect("meeting:started").await;
    let listener = Listener::new("who stops the hub".to_owned(), host.whose, client);
    program.signal("TERM").await;
    program.logs("stopping: new work is refused").await;
    listener
}

#[actix_web::test]
async fn a_hub_that_asks_for_credentials_tells_secrets_to_their_owners_alone() {
    let zoom = StandIn::plain();
    tells_secrets_to_their_owners_alone(&zoom).await;
    zoom.stop().await;
}

#[actix_web::test]
async fn over_tls_with_http_2_offered_it_tells_secrets_to_their_owners_alone_too() {
    let zoom = StandIn::tls();
    tells_secrets_to_their_owners_alone(&zoom).await;
    assert_eq!(zoom.learnt().versions.iter().collect::<Vec<_>>(), ["HTTP/1.1"]);
    zoom.stop().await;
}
