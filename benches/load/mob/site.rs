//! The mob's own process: a task for each client, which lives one life after the other.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use super::line::Place;
use super::{Crew, Kind, Order, Tallies, floods, nonsense, polls, stalled};
use crate::offshoot::{self, say};

/// Until there are no more orders to come; what is open then is closed by the system.
pub(crate) fn play() -> io::Result<()> {
    let orders = offshoot::orders();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(orders))
}

async fn run(mut orders: UnboundedReceiver<String>) -> io::Result<()> {
    let tallies = Rc::new(RefCell::new(Tallies::new()));
    let (hold, holding) = watch::channel(false);
    while let Some(order) = orders.recv().await {
        match serde_json::from_str(&order)? {
            Order::Begin { hub, crews, pause_ms } => {
                begin(hub, &crews, Duration::from_millis(pause_ms), &tallies, &holding);
            }
            Order::Hold => {
                hold.send_replace(true);
            }
        }
        say(&serde_json::to_string(&*tallies.borrow())?)?;
    }
    Ok(())
}

fn begin(
    hub: SocketAddr,
    crews: &[Crew],
    pause: Duration,
    tallies: &Rc<RefCell<Tallies>>,
    holding: &watch::Receiver<bool>,
) {
    let clients = crews.iter().flat_map(|crew| (0..crew.clients).map(move |number| (crew, number)));
    for (nth, (crew, number)) in clients.enumerate() {
        let place = Place::new(hub, crew.kind, number, nth, tallies, holding);
        if crew.kind == Kind::NeverReads && number == 0 {
            drop(spawn_local(stalled::feed(place.clone(), crew.clients)));
        }
        drop(spawn_local(live(place, pause)));
    }
}

/// One life after the other, until nobody is to come back.
async fn live(place: Place, pause: Duration) {
    while !place.is_holding() {
        // How a life ends is the hub's business: it is over.
        drop(life(&place).await);
        place.tell(|tally| tally.ended += 1);
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
}

/// From the first byte until the hub has had enough.
async fn life(place: &Place) -> io::Result<()> {
    match place.kind {
        Kind::NeverReads => stalled::never_reads(place).await,
        Kind::SlowHead => stalled::slow_head(place).await,
        Kind::SlowBody => stalled::slow_body(place).await,
        Kind::NeverPongs => stalled::never_pongs(place).await,
        Kind::HalfOpen => stalled::half_open(place).await,
        Kind::SilentConnects => stalled::silent(place).await,
        Kind::OneUser => stalled::one_user(place).await,
        Kind::EventFlood => floods::events(place).await,
        Kind::PingFlood => floods::pings(place).await,
        Kind::HugeFrames => nonsense::huge_frame(place).await,
        Kind::Fragments => nonsense::fragments(place).await,
        Kind::BadUtf8 => nonsense::bad_utf8(place).await,
        Kind::BadJson => nonsense::bad_json(place).await,
        Kind::HugeHeads => nonsense::huge_head(place).await,
        Kind::UnfetchedPolls => polls::unfetched(place).await,
        Kind::TwoPolls => polls::two(place).await,
        Kind::EndlessPosts => polls::endless_post(place).await,
        Kind::HalfUpgrades => polls::half_upgrade(place).await,
    }
}
