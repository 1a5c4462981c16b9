//! Another life of a contender, in which it only holds connections: nothing that work leaves behind is in its memory.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::contenders::Contender;
use super::plan::Plan;
use super::sheet::{LONGEST_LIFE, Sheet};
use crate::figures::number;
use crate::report::measure::Measure;
use crate::scenarios::need_clients;
use crate::stand_in::{Behaviour, StandIn};
use crate::{Attempt, due};

pub(super) async fn play(contender: &Contender, plan: &Plan, sheet: &mut Sheet) {
    let held = due("the end of a life", LONGEST_LIFE, hold(contender, plan, sheet)).await.flatten();
    if let Err(why) = held {
        sheet.lacks(&[&Measure::IDLE[..], &[Measure::Connects]].concat(), &why.to_string());
    }
}

async fn hold(contender: &Contender, plan: &Plan, sheet: &mut Sheet) -> Attempt<()> {
    let zoom = StandIn::start(Behaviour::default()).await?;
    let hub = contender.start(zoom.address(), 0).await?;
    sleep(plan.settled).await;
    let empty = hub.usage()?.resident;
    let mut crowds = Vec::new();
    let mut connected = 0;
    let mut connecting = Duration::ZERO;
    for (measure, size) in Measure::IDLE.into_iter().zip(plan.sizes.idle) {
        need_clients(size)?;
        let began = Instant::now();
        crowds.push(contender.crowd(&hub, &format!("idle-{size}"), size - connected).await?);
        connecting += began.elapsed();
        connected = size;
        sleep(plan.settled).await;
        let grown = hub.usage()?.resident - empty;
        sheet.put(measure, grown * 1024.0 / number(connected));
        sheet.put(Measure::Connects, number(connected) / connecting.as_secs_f64());
    }
    drop(crowds);
    Ok(())
}
