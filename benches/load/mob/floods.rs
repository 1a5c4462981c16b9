//! Those that send too much, each its share of 20,000 frames a second: prepared bytes, several frames a write.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{MissedTickBehavior, interval};

use super::line::{Place, cut};
use super::wire;

/// A client's frames at each tick: 400 a second, and fifty clients are 20,000.
const AT_ONCE: usize = 8;
const TICK: Duration = Duration::from_millis(20);

pub(super) async fn events(place: &Place) -> io::Result<()> {
    flood(place, &wire::event("ping", "null")).await
}

pub(super) async fn pings(place: &Place) -> io::Result<()> {
    flood(place, &wire::frame(wire::PING, b"are you there?")).await
}

/// Until the hub says goodbye, or takes no more.
async fn flood(place: &Place, frame: &[u8]) -> io::Result<()> {
    let stream = place.session(&format!("flooder-{}", place.number)).await?;
    let (mut ear, mut mouth) = stream.into_split();
    let frames = frame.repeat(AT_ONCE);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    tokio::select! {
        () = cut(&mut ear) => Ok(()),
        ended = async { loop {
            ticks.tick().await;
            mouth.write_all(&frames).await?;
            place.tell(|tally| tally.frames += AT_ONCE);
        } } => ended,
    }
}
