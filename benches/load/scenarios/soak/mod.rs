//! All of it at once for long, at about half of what the machine can do: what grows, and what is left in the end.
//!
//! `traffic.rs` has the honest clients, with `socket_io.rs` and `churn.rs`; the hostile ones are the mob's, a few of each
//! kind; `trend.rs` judges what grows.

mod churn;
mod socket_io;
mod traffic;
pub(crate) mod trend;

use std::time::Duration;

use clap::ValueEnum;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use self::traffic::Traffic;
use super::{Stage, need_clients, p99, without_token};
use crate::complaints::Complaints;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::hub::Hub;
use crate::mob::{Crew, Kind, Mob};
use crate::pings::{took, unanswered};
use crate::process;
use crate::spread::median;
use crate::stand_in::{Behaviour, StandIn};
use crate::{Attempt, say};

/// From line to line.
const ROUND: Duration = Duration::from_secs(30);
const SAMPLE: Duration = Duration::from_secs(1);
/// Before a hostile client that was cut comes back: they are to be there, not to take all there is.
const PAUSE_MS: u64 = 1000;
/// Until nothing must be left once everybody is gone: the heartbeat's 45 s, and what awc keeps open for Zoom.
const GONE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(500);

/// What takes part, beside this process.
struct Cast {
    hub: Hub,
    zoom: StandIn,
    mob: Mob,
}

/// What was seen as it went on.
struct Seen {
    since: Instant,
    resident: Vec<f64>,
}

pub(super) async fn play(minutes: u32, stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(1000)?;
    let (hub, zoom) = stage.set_with(Behaviour::default(), 0, &[]).await?;
    let files = hub.open_files()?;
    let mut traffic = Traffic::at(hub.address()).await?;
    let mob = Mob::begin(hub.address(), crews(), PAUSE_MS).await?;
    let mut cast = Cast { hub, zoom, mob };
    let mut seen = Seen { since: Instant::now(), resident: Vec::new() };
    let before = cast.processor()?;
    let rounds = minutes * 60 / u32::try_from(ROUND.as_secs())?;
    for round in 1..=rounds {
        let tokens = traffic.tokens();
        let (from, until, spent) = (Instant::now(), seen.since + ROUND * round, cast.processor()?);
        let (run, watched) = tokio::join!(traffic.run(until), watch(&cast.hub, until, &mut seen.resident));
        run.and(watched)?;
        let tokens = number(traffic.tokens() - tokens);
        say(&line(&mut cast, &traffic, from, tokens, spent).await?)?;
    }
    let (took, shares) = (seen.since.elapsed(), cast.shares(before, seen.since)?);
    let mut figures = figures(&traffic, &seen, took);
    let names =
        ["the hub's processor", "the mob's processor", "the stand-in's processor", "the driver's processor"];
    figures
        .extend(names.into_iter().zip(shares).map(|(name, share)| Figure::new(name, share, Unit::Percent)));
    let mut notes: Vec<_> = traffic.lost().map(|why| format!("lost: {why}")).collect();
    notes.extend(traffic.failed.iter().cloned());
    notes.extend(without_token(&traffic.joins(seen.since, Instant::now())).1);
    let mut hub = all_leave(cast, traffic).await?;
    figures.extend(left(&hub, files).await?);
    if let Some(complaints) = hub.complaints() {
        figures.push(Figure::count("complaints in the log", complaints.count()));
        notes.extend(complaints.told());
    }
    Ok(Measurement { figures, notes })
}

/// A few of each kind.
fn crews() -> Vec<Crew> {
    Kind::value_variants().iter().map(|kind| Crew { kind: *kind, clients: kind.few() }).collect()
}

/// Samples the hub's memory.
async fn watch(hub: &Hub, until: Instant, resident: &mut Vec<f64>) -> Attempt<()> {
    let mut ticks = interval(SAMPLE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = sleep_until(until) => return Ok(()),
            _ = ticks.tick() => resident.push(hub.usage()?.resident),
        }
    }
}

/// How it goes.
async fn line(
    cast: &mut Cast,
    traffic: &Traffic,
    from: Instant,
    tokens: f64,
    spent: [Duration; 4],
) -> Attempt<String> {
    let now = Instant::now();
    let [hub, mob, zoom, ours] = cast.shares(spent, from)?;
    let (health, files, usage) = (cast.hub.health().await?, cast.hub.open_files()?, cast.hub.usage()?);
    let complaints = cast.hub.complaints().map_or(0, Complaints::count);
    Ok(format!(
        "  {:.1} MiB, {files} files, {} sessions, {} users, {:.0} tokens/s, p99 of pings {:.1} ms, of joins {:.1} ms, \
         {complaints} complaints, processor: hub {hub:.0} %, mob {mob:.0} %, stand-in {zoom:.0} %, driver {ours:.0} %; \
         load {}",
        usage.resident,
        health.sessions,
        health.users,
        tokens / (now - from).as_secs_f64(),
        took(&traffic.pings(from, now), 99),
        p99(&traffic.joins(from, now)),
        process::load(),
    ))
}

fn figures(traffic: &Traffic, seen: &Seen, lasted: Duration) -> Vec<Figure> {
    let now = Instant::now();
    let (pings, joins) = (traffic.pings(seen.since, now), traffic.joins(seen.since, now));
    let mebibytes = |name, value| Figure::new(name, value, Unit::Mebibytes);
    vec![
        mebibytes("memory, median of the second quarter", median(trend::quarter(&seen.resident, 1))),
        mebibytes("memory, median of the last quarter", median(trend::quarter(&seen.resident, 3))),
        Figure::new("the last by the second", trend::growth(&seen.resident), Unit::Times).at_most(1.02),
        Figure::new("tokens a second", number(traffic.tokens()) / lasted.as_secs_f64(), Unit::Count),
        Figure::count("tokens astray", traffic.astray).at_most(0.0),
        Figure::count("batches with a failure", traffic.failed.len()).at_most(0.0),
        Figure::new("honest pings, p99", took(&pings, 99), Unit::Milliseconds),
        Figure::count("honest pings unanswered", unanswered(&pings)),
        Figure::new("joins, p99", p99(&joins), Unit::Milliseconds),
        Figure::count("joins without a token", without_token(&joins).0).at_most(0.0),
        Figure::count("pings over Socket.IO", traffic.talkers.answered),
        Figure::count("clients that came and went", traffic.churn.came),
        Figure::count("honest clients lost", traffic.lost().count()).at_most(0.0),
    ]
}

async fn all_leave(cast: Cast, mut traffic: Traffic) -> Attempt<Hub> {
    traffic.talkers.leave().await;
    traffic.churn.leave().await;
    drop(traffic);
    cast.mob.leave().await?;
    Ok(cast.hub)
}

/// What is left of them all.
async fn left(hub: &Hub, files: usize) -> Attempt<[Figure; 3]> {
    let since = Instant::now();
    loop {
        let sessions = hub.health().await?.sessions;
        let more = hub.open_files()?.saturating_sub(files);
        if (sessions == 0 && more == 0) || since.elapsed() > GONE {
            return Ok([
                Figure::count("sessions left over", sessions).at_most(0.0),
                Figure::count("open files left over", more).at_most(0.0),
                Figure::new("memory when all are gone", hub.usage()?.resident, Unit::Mebibytes),
            ]);
        }
        sleep(LOOK).await;
    }
}

impl Cast {
    /// What the hub, the mob, the stand-in and this process have taken so far.
    fn processor(&self) -> Attempt<[Duration; 4]> {
        let ours = process::usage(std::process::id())?;
        Ok([self.hub.usage()?, self.mob.usage()?, self.zoom.usage()?, ours].map(|usage| usage.processor))
    }

    /// What each has taken of a processor since then, in percent.
    fn shares(&self, before: [Duration; 4], since: Instant) -> Attempt<[f64; 4]> {
        let (mut shares, seconds) = ([0.0; 4], since.elapsed().as_secs_f64());
        for (share, (after, before)) in shares.iter_mut().zip(self.processor()?.into_iter().zip(before)) {
            *share = after.saturating_sub(before).as_secs_f64() / seconds * 100.0;
        }
        Ok(shares)
    }
}
