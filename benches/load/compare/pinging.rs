//! Clients that ping by event: as fast as they are answered, for what a ping costs, and at a pace, for how long it takes.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::plan::Plan;
use super::sheet::Figures;
use crate::Attempt;
use crate::clients::{Crowd, Heard};
use crate::figures::number;
use crate::frames::Event;
use crate::hub::Hub;
use crate::report::measure::Measure;
use crate::spread::{milliseconds, percentile};

/// Pings of a client that are not answered yet.
const WINDOW: usize = 10;
/// Between two pings at a pace, all clients together.
const EVERY: Duration = Duration::from_millis(1);
/// Until all are answered.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn play(hub: &Hub, plan: &Plan, clients: &mut Crowd) -> Attempt<Figures> {
    let pinging = plan.pinging.min(clients.users().len());
    in_windows(clients, pinging, pinging * WINDOW).await?;
    let before = hub.usage()?.processor;
    in_windows(clients, pinging, plan.pings).await?;
    let spent = hub.usage()?.processor.saturating_sub(before);
    let took = milliseconds(paced(clients, pinging, plan.paced).await?);
    Ok(vec![
        (Measure::PingProcessor, spent.as_secs_f64() * 1e6 / number(plan.pings)),
        (Measure::PingP99, percentile(&took, 99) * 1e3),
    ])
}

/// Who is answered asks again, until there were so many.
async fn in_windows(clients: &mut Crowd, pinging: usize, count: usize) -> Attempt<()> {
    let until = Instant::now() + PATIENCE;
    let (mut asked, mut answered) = (0, 0);
    for client in (0..pinging).cycle().take(count.min(pinging * WINDOW)) {
        ping(clients, client).await?;
        asked += 1;
    }
    while answered < count {
        let Heard { client, event, .. } = clients.hear(until).await?.ok_or("pings are not answered")?;
        if !matches!(event, Event::Pong) {
            continue;
        }
        answered += 1;
        if asked < count {
            ping(clients, client).await?;
            asked += 1;
        }
    }
    Ok(())
}

/// One client after the other at each tick: how long each answer took. A connection's answers come in the order of the
/// questions.
async fn paced(clients: &mut Crowd, pinging: usize, count: usize) -> Attempt<Vec<Duration>> {
    let until = Instant::now() + PATIENCE;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = vec![VecDeque::new(); pinging];
    let (mut next, mut took) = (0, Vec::with_capacity(count));
    while took.len() < count {
        tokio::select! {
            _ = ticks.tick(), if next < count => {
                let client = next % pinging;
                if let Some(asked) = asked.get_mut(client) {
                    asked.push_back(Instant::now());
                }
                ping(clients, client).await?;
                next += 1;
            }
            heard = clients.hear(until) => {
                let Heard { client, at, event, .. } = heard?.ok_or("pings are not answered")?;
                if let Event::Pong = event {
                    let asked = asked.get_mut(client).and_then(VecDeque::pop_front);
                    took.extend(asked.map(|asked| at - asked));
                }
            }
        }
    }
    Ok(took)
}

async fn ping(clients: &mut Crowd, client: usize) -> Attempt<()> {
    clients.send(client, "ping", &Value::Null, "").await
}
