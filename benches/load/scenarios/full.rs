//! As many users as one process holds with 20,000 open files, and every one of them gets its token: nineteen hosts
//! distribute at once, each to a thousand.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Stage, need_clients};
use crate::Attempt;
use crate::clients::{Crowd, Heard};
use crate::figures::{Figure, Measurement, number};
use crate::frames::Event;
use crate::press::Receipts;
use crate::stand_in::Behaviour;

/// The most participants of one call, by the hub's default.
pub(crate) const EACH: usize = 1000;
pub(crate) const HOSTS: usize = 19;
/// Until the last report.
const PATIENCE: Duration = Duration::from_mins(1);
/// Until the last receipts, too, have been taken.
const SETTLED: Duration = Duration::from_millis(100);

/// What became of it.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) receipts: Receipts,
    /// Tokens that reports tell of.
    told: usize,
    /// Processor time of the hub.
    spent: Duration,
    pub(crate) notes: Vec<String>,
}

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    let Filled { receipts, told, spent, notes } = fill(stage, EACH).await?;
    let figures = vec![
        Figure::count("delivered", receipts.after.len()).at_least(number(HOSTS * EACH)),
        Figure::count("tokens astray", receipts.astray).at_most(0.0),
        Figure::seconds("every participant has one", receipts.all_after()),
        Figure::each("processor time a token", spent, told),
    ];
    Ok(Measurement { figures, notes })
}

/// Has each host distribute to so many.
pub(crate) async fn fill(stage: &Stage<'_>, each: usize) -> Attempt<Filled> {
    need_clients(HOSTS * (each + 1))?;
    let (hub, _zoom) = stage.set(Behaviour::default(), 0).await?;
    let mut participants = Crowd::connect(hub.address(), "participant", HOSTS * each).await?;
    let mut hosts = Crowd::connect(hub.address(), "host", HOSTS).await?;
    let before = hub.usage()?.processor;
    let press = Instant::now();
    let (told, notes) = distribute(&mut hosts, participants.users(), each).await?;
    sleep(SETTLED).await;
    let spent = hub.usage()?.processor.saturating_sub(before);
    let receipts = Receipts::since(press, told, &mut participants).await?;
    Ok(Filled { receipts, told, spent, notes })
}

/// Has every host distribute to its own share of the users, and waits for all their reports: the rows that succeeded.
async fn distribute(hosts: &mut Crowd, users: &[String], each: usize) -> Attempt<(usize, Vec<String>)> {
    for (host, share) in users.chunks(each).enumerate() {
        let meeting = (1_000_000_000 + host).to_string();
        let data = json!({"meetingId": meeting, "hostUserId": hosts.user(host), "participantUserIds": share});
        hosts.send(host, "meeting:distribute", &data, &meeting).await?;
    }
    let (mut reports, mut successful, mut notes) = (0, 0, Vec::new());
    let until = Instant::now() + PATIENCE;
    while reports < hosts.users().len() {
        let heard = hosts.hear(until).await?;
        let Heard { event, .. } =
            heard.ok_or_else(|| format!("no report within {} s", PATIENCE.as_secs()))?;
        match event {
            Event::Report(report) => {
                successful += report.successful;
                notes.extend(
                    report.codes().iter().map(|(code, count)| format!("{count} rows failed: {code}")),
                );
            }
            Event::Refused { code } => notes.push(format!("a distribution was refused: {code}")),
            Event::Authenticated | Event::Token { .. } | Event::Pong | Event::Other => continue,
        }
        reports += 1;
    }
    Ok((successful, notes))
}
