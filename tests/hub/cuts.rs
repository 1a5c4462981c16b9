//! Every connection is cut at a random moment of a distribution and comes back: everybody ends with one good token that
//! they confirmed, nobody gets another's, and the host knows.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::{Instant, sleep, timeout};
use futures_util::future::join_all;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest::rstest;
use serde_json::{Value, json};
use zoom_token_hub::simulator::Claims;

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::rows::{HOST, request};
use crate::harness::{Client, Hub, due};

const PARTICIPANTS: usize = 200;
/// A distribution takes about so long.
const CUT_WITHIN: Duration = Duration::from_millis(700);
const BACK_WITHIN: Duration = Duration::from_millis(900);

/// What a participant saw over all its connections.
#[derive(Default)]
struct Saw {
    /// The tokens that came, with when they end.
    tokens: Vec<Claims>,
    /// How many of them it confirmed, or was about to.
    confirmed: usize,
}

type Shared = Rc<RefCell<HashMap<String, Saw>>>;

/// Reads and confirms until then, or for ever.
async fn listen(client: &mut Client, user: &str, until: Option<Instant>, saw: &Shared) {
    let reading = async {
        loop {
            let frame = client.next_or_end().await.expect("the hub ends nobody");
            if frame["event"] != "meeting:credentials" {
                continue;
            }
            let token = &frame["data"];
            let claims = Claims::read(token["obfToken"].as_str().unwrap()).unwrap();
            saw.borrow_mut().entry(user.to_owned()).or_default().tokens.push(claims);
            // Before it is sent: the cut may come when it is, and this hears no more of it.
            saw.borrow_mut().entry(user.to_owned()).or_default().confirmed += 1;
            client.confirm(token).await;
        }
    };
    match until {
        Some(until) => drop(timeout(until.saturating_duration_since(Instant::now()), reading).await),
        None => reading.await,
    }
}

/// A participant's phone: there, cut without a goodbye, and back again.
fn phone(
    hub: &Rc<Hub>,
    user: String,
    mut client: Client,
    random: &mut StdRng,
    saw: &Shared,
) -> JoinHandle<()> {
    let cut = Instant::now() + random.random_range(Duration::ZERO..CUT_WITHIN);
    let back = random.random_range(Duration::ZERO..BACK_WITHIN);
    let (hub, saw) = (Rc::clone(hub), Rc::clone(saw));
    actix_web::rt::spawn(async move {
        listen(&mut client, &user, Some(cut), &saw).await;
        drop(client);
        sleep(back).await;
        let mut client = hub.connect_confirming(&user).await;
        listen(&mut client, &user, None, &saw).await;
    })
}

/// Asks how the rows stand until every one is acknowledged.
async fn all_acknowledged(hub: &Hub) -> Value {
    due("every receipt", async {
        loop {
            let list = hub.get("/api/distributions").await.expect(200);
            let id = list["distributions"][0]["distributionId"].as_str().unwrap_or("none").to_owned();
            let report = hub.get(&format!("/api/distributions/{id}")).await.json();
            let rows = report["participants"].as_array().map_or(&[][..], Vec::as_slice);
            if !rows.is_empty() && rows.iter().all(|row| row["status"] == "acknowledged") {
                return report;
            }
            assert!(rows.iter().all(|row| row["status"] != "failed"), "{report}");
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

async fn course(carrier: Carrier, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    // A polling client that is cut says no goodbye that anybody hears: what it does not confirm is lost.
    let hub = Hub::start_with(&[("RECEIPT_TIMEOUT_SECONDS", "3")]).await.over(carrier);
    hub.zoom.faults().change(|faults| faults.token_latency_ms = 100);
    let hub = Rc::new(hub);
    let users: Vec<_> = (0..PARTICIPANTS).map(|n| format!("user{n}@example.com")).collect();
    let saw = Shared::default();
    let mut clients = Vec::new();
    for some in users.chunks(50) {
        clients.extend(join_all(some.iter().map(|user| hub.connect_confirming(user))).await);
    }
    let named: Vec<_> = users.iter().map(String::as_str).collect();
    let mut body = request(&named);
    body["wait"] = json!(0);
    let pressed = hub.post("/api/meetings/distribute", body);
    let phones = users.iter().zip(clients);
    let phones: Vec<_> =
        phones.map(|(user, client)| phone(&hub, user.clone(), client, &mut random, &saw)).collect();
    pressed.await.expect(200);

    let report = all_acknowledged(&hub).await;
    phones.iter().for_each(JoinHandle::abort);
    assert_eq!(report["participants"].as_array().unwrap().len(), PARTICIPANTS);
    assert_eq!((&report["hostUserId"], &report["successful"]), (&json!(HOST), &json!(PARTICIPANTS)));
    let now = Timestamp::now().as_second();
    for user in &users {
        let saw = saw.borrow();
        let Saw { tokens, confirmed } = saw.get(user).unwrap_or_else(|| panic!("{user} saw nothing"));
        assert!(*confirmed > 0, "{user} confirmed nothing, whatever the host was told");
        assert!(tokens.iter().all(|token| &token.sub == user), "{user} saw another's token");
        assert!(tokens.last().unwrap().exp > now + 60, "{user}'s token has ended");
        assert!(tokens.len() <= 3, "{user} got {} tokens", tokens.len());
    }
}

#[rstest]
#[actix_web::test]
async fn everybody_who_is_cut_off_and_comes_back_ends_with_a_token_that_they_confirmed(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    course(carrier, 0).await;
}

#[rstest]
#[actix_web::test]
#[ignore = "minutes long: ./tests/all runs it"]
async fn so_they_do_in_twenty_random_courses(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    for seed in 1..=20 {
        course(carrier, seed).await;
    }
}
