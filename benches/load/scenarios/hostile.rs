//! Hostile clients of one kind, and honest ones that notice nothing.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Stage, need_clients};
use crate::Attempt;
use crate::clients::Crowd;
use crate::complaints::Complaints;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::hub::Hub;
use crate::mob::{Crew, Kind, Mob, Tally};
use crate::pings::{Echo, Pings, took, unanswered};
use crate::process::{self, Usage};
use crate::stand_in::Behaviour;

const HONEST: usize = 10;
/// What isn't counted: connections are warm then.
const WARM: Duration = Duration::from_secs(2);
const QUIET: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(250);
/// After they have left.
const SETTLED: Duration = Duration::from_secs(5);
/// What an honest ping may take longer beside them: so many times as long, or so many milliseconds more.
const TIMES: f64 = 3.0;
const MORE: f64 = 20.0;
/// What each of them may hold of the hub's memory, and all of them together beyond that, in MiB.
const EACH: f64 = 16.0 / 1024.0;
const TOGETHER: f64 = 32.0;

/// What became of the hub while they came and left.
struct Seen {
    quiet: (Instant, Instant),
    beside: (Instant, Instant),
    /// The hub's, when all was quiet, when they stopped coming, and when they were gone.
    usages: [Usage; 3],
    /// Of the hub, the mob and the driver, while they were there.
    processor: [Duration; 3],
    tally: Tally,
    left: Left,
}

/// What is still there of them.
#[derive(Clone, Copy)]
struct Left {
    sessions: usize,
    connections: usize,
    after: Duration,
}

pub(super) async fn play(kind: Kind, stage: &Stage<'_>) -> Attempt<Measurement> {
    let terms = kind.terms();
    need_clients(2 * terms.clients)?;
    let load = process::load();
    let (mut hub, zoom) = stage.set_with(Behaviour::default(), 0, terms.variables).await?;
    let mut pings = Pings::new(Crowd::connect(hub.address(), "honest", HONEST).await?);
    let mut echo = Echo::at(zoom.address()).await?;
    let seen = tokio::select! {
        seen = watch(kind, &hub) => seen?,
        ended = pings.run() => match ended? {},
        ended = echo.run() => match ended? {},
    };
    let mut notes = vec![format!("load {load} before, {} after", process::load())];
    notes.extend(pings.lost.iter().map(|why| format!("an honest client was lost: {why}")));
    notes.extend(hub.complaints().map(Complaints::told).unwrap_or_default());
    Ok(Measurement { figures: figures(kind, &seen, &pings, &echo), notes })
}

/// Lets them come and leave.
async fn watch(kind: Kind, hub: &Hub) -> Attempt<Seen> {
    let terms = kind.terms();
    sleep(WARM).await;
    let began = Instant::now();
    sleep(QUIET).await;
    let (quiet, connections) = (hub.usage()?, hub.connections()?);
    let came = Instant::now();
    let ours = process::usage(std::process::id())?;
    let crew = Crew { kind, clients: terms.clients };
    let mut mob = Mob::begin(hub.address(), vec![crew], 0).await?;
    sleep(terms.lasts).await;
    let beside = hub.usage()?;
    let processor = [
        beside.processor.saturating_sub(quiet.processor),
        mob.usage()?.processor,
        process::usage(std::process::id())?.processor.saturating_sub(ours.processor),
    ];
    let held = Instant::now();
    let tally = mob.hold().await?.remove(&kind).unwrap_or_default();
    let left = left(hub, connections, terms.limit).await?;
    mob.leave().await?;
    sleep(SETTLED).await;
    let usages = [quiet, beside, hub.usage()?];
    Ok(Seen { quiet: (began, came), beside: (came, held), usages, processor, tally, left })
}

/// Waits until nothing of them is left, or until their time is over.
async fn left(hub: &Hub, connections: usize, limit: Duration) -> Attempt<Left> {
    let since = Instant::now();
    loop {
        let left = Left {
            sessions: hub.health().await?.sessions.saturating_sub(HONEST),
            connections: hub.connections()?.saturating_sub(connections),
            after: since.elapsed(),
        };
        if (left.sessions == 0 && left.connections == 0) || left.after > limit {
            return Ok(left);
        }
        sleep(LOOK).await;
    }
}

fn figures(kind: Kind, seen: &Seen, pings: &Pings, echo: &Echo) -> Vec<Figure> {
    let quiet = pings.between(seen.quiet.0, seen.quiet.1);
    let beside = pings.between(seen.beside.0, seen.beside.1);
    let (before, during) = (took(&quiet, 99), took(&beside, 99));
    let allowed = (TIMES * before).max(before + MORE);
    let [alone, worst, after] = seen.usages;
    let clients = number(kind.terms().clients);
    let lasted = (seen.beside.1 - seen.beside.0).as_secs_f64();
    let share = |time: Duration| time.as_secs_f64() / lasted * 100.0;
    let [hub, mob, ours] = seen.processor.map(share);
    let milliseconds = |name, value| Figure::new(name, value, Unit::Milliseconds);
    let mut figures = vec![
        milliseconds("honest ping p99, quiet", before),
        milliseconds("honest ping p99, beside", during),
        Figure::new("that, of what is allowed", during / allowed * 100.0, Unit::Percent).at_most(100.0),
        milliseconds("honest ping median, beside", took(&beside, 50)),
        milliseconds("echo p99, quiet", took(&echo.between(seen.quiet.0, seen.quiet.1), 99)),
        milliseconds("echo p99, beside", took(&echo.between(seen.beside.0, seen.beside.1), 99)),
        Figure::count("honest pings unanswered", unanswered(&beside)).at_most(0.0),
        Figure::count("honest clients lost", pings.lost.len()).at_most(0.0),
        Figure::new("memory, quiet", alone.resident, Unit::Mebibytes),
        Figure::new("memory grown by, at worst", worst.peak - alone.resident, Unit::Mebibytes)
            .at_most(EACH * clients + TOGETHER),
        Figure::new("memory kept when they are gone", after.resident - alone.resident, Unit::Mebibytes)
            .at_most(TOGETHER),
        Figure::count("sessions left over", seen.left.sessions).at_most(0.0),
        Figure::count("connections left over", seen.left.connections).at_most(0.0),
        Figure::seconds("nothing left after", Some(seen.left.after)),
        Figure::count("hostile connections made", seen.tally.opened),
        Figure::count("hostile connections refused", seen.tally.refused),
    ];
    if seen.tally.frames > 0 {
        figures.push(Figure::new("hostile frames a second", number(seen.tally.frames) / lasted, Unit::Count));
    }
    figures.extend([
        Figure::new("the hub's processor", hub, Unit::Percent),
        Figure::new("the mob's processor", mob, Unit::Percent),
        Figure::new("the driver's processor", ours, Unit::Percent),
    ]);
    figures
}
