//! All contenders at the same time, each at a Zoom of its own that lets only so many calls a second in: processors are
//! idle then, and what counts is how many of the users have a token, and when.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep, timeout};

use super::contenders::Contender;
use super::plan::Plan;
use super::sheet::Sheet;
use crate::clients::Crowd;
use crate::figures::number;
use crate::hub::Hub;
use crate::press::{Receipts, press};
use crate::report::measure::Measure;
use crate::report::record::series;
use crate::scenarios::{MEETING, need_clients};
use crate::stand_in::{Behaviour, StandIn};
use crate::{Attempt, due};

/// Whoever has no report by then has none; at 80 calls a second 1,000 take 12.5 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// Until all are ready to press.
const READY: Duration = Duration::from_mins(1);
/// What comes after the report, comes within this.
const SETTLED: Duration = Duration::from_millis(500);

/// A contender whose users are all connected.
struct Ready {
    host: Crowd,
    participants: Crowd,
    _hub: Hub,
    _zoom: StandIn,
}

/// What the users of one had.
struct Outcome {
    receipts: Receipts,
    notes: Vec<String>,
}

pub(super) async fn play(contenders: &[Contender], plan: &Plan, sheets: &mut [Sheet]) {
    let barrier = Barrier::new(contenders.len());
    let outcomes = join_all(contenders.iter().map(|contender| distribute(contender, plan, &barrier))).await;
    for (outcome, sheet) in outcomes.into_iter().zip(sheets) {
        match outcome {
            Ok(Outcome { receipts, notes }) => {
                sheet.put(Measure::UnderLimit, number(receipts.after.len()));
                sheet.put_series(series(&receipts.after));
                sheet.note(notes);
            }
            Err(why) => sheet.lacks(&[Measure::UnderLimit], &why.to_string()),
        }
    }
}

async fn distribute(contender: &Contender, plan: &Plan, barrier: &Barrier) -> Attempt<Outcome> {
    let ready = due("a contender that is ready", READY, ready(contender, plan)).await.flatten();
    // Who isn't ready doesn't hold up the others.
    due("the other contenders", READY * 2, barrier.wait()).await?;
    let mut ready = ready?;
    let at = Instant::now();
    let pressed = timeout(PATIENCE, press(&mut ready.host, ready.participants.users(), MEETING)).await;
    sleep(SETTLED).await;
    let (told, mut notes): (_, Vec<String>) = match pressed {
        Ok(pressed) => {
            let pressed = pressed?;
            (pressed.report.successful, pressed.failures().into_iter().collect())
        }
        Err(_elapsed) => (0, vec![format!("no report within {} s", PATIENCE.as_secs())]),
    };
    let receipts = Receipts::since(at, told, &mut ready.participants).await?;
    if receipts.astray > 0 {
        notes.push(format!("{} tokens astray", receipts.astray));
    }
    let notes = notes.into_iter().map(|note| format!("under Zoom's limit: {note}")).collect();
    Ok(Outcome { receipts, notes })
}

async fn ready(contender: &Contender, plan: &Plan) -> Attempt<Ready> {
    let users = plan.sizes.pressed;
    need_clients((users + 1) * 5)?;
    let zoom = StandIn::start(Behaviour::limited(plan.sizes.rate)).await?;
    let hub = contender.start(zoom.address(), plan.sizes.rate).await?;
    let participants = contender.crowd(&hub, "participant", users).await?;
    let host = contender.crowd(&hub, "host", 1).await?;
    Ok(Ready { host, participants, _hub: hub, _zoom: zoom })
}
