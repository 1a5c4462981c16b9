//! One life of a contender in which it works: it starts, users connect, a host presses, clients ping, callers join.

use std::fs;
use std::time::Duration;

use super::contenders::Contender;
use super::plan::Plan;
use super::sheet::{Figures, LONGEST_LIFE, Sheet};
use super::{joins, pinging};
use crate::clients::Crowd;
use crate::figures::number;
use crate::hub::Hub;
use crate::press::press;
use crate::presses::Presses;
use crate::report::measure::Measure;
use crate::scenarios::{MEETING, Stage, full, need_clients};
use crate::spread::{median, milliseconds, percentile};
use crate::stand_in::{Behaviour, StandIn};
use crate::{Attempt, due};

const START: [Measure; 2] = [Measure::FirstAnswer, Measure::Binary];
const PRESS: [Measure; 5] = [
    Measure::TokenProcessor,
    Measure::TokensASecond,
    Measure::ReceiptMedian,
    Measure::ReceiptP99,
    Measure::ReceiptLast,
];
const PING: [Measure; 2] = [Measure::PingProcessor, Measure::PingP99];

pub(super) async fn play(contender: &Contender, plan: &Plan, sheet: &mut Sheet) {
    let lived = due("the end of a life", LONGEST_LIFE, live(contender, plan, sheet)).await.flatten();
    if let Err(why) = lived {
        let why = why.to_string();
        sheet.lacks(&[&PRESS[..], &PING, &[Measure::Joins, Measure::FirstAnswer]].concat(), &why);
        if contender.is_binary {
            sheet.lacks(&START, &why);
        }
    }
}

async fn live(contender: &Contender, plan: &Plan, sheet: &mut Sheet) -> Attempt<()> {
    need_clients(plan.sizes.pressed + 1)?;
    if contender.is_binary {
        let bytes = u32::try_from(fs::metadata(&contender.build.path)?.len())?;
        sheet.put(Measure::Binary, f64::from(bytes) / 1e6);
    }
    let zoom = StandIn::start(Behaviour::default()).await?;
    let hub = contender.start(zoom.address(), 0).await?;
    if let Some(after) = hub.answered_after {
        sheet.put(Measure::FirstAnswer, in_milliseconds(after));
    }
    let mut participants = contender.crowd(&hub, "participant", plan.sizes.pressed).await?;
    let mut host = contender.crowd(&hub, "host", 1).await?;
    let mut notes = Vec::new();
    sheet.step(&PRESS, presses(&hub, plan, &mut host, &mut participants, &mut notes)).await;
    sheet.note(notes);
    sheet.step(&PING, pinging::play(&hub, plan, &mut participants)).await;
    sheet.step(&[Measure::Joins], joins::play(hub.address(), plan.joining)).await;
    Ok(())
}

async fn presses(
    hub: &Hub,
    plan: &Plan,
    host: &mut Crowd,
    participants: &mut Crowd,
    notes: &mut Vec<String>,
) -> Attempt<Figures> {
    // The first make the connections to Zoom, and an interpreter learns what it is to do.
    for _ in 0..plan.uncounted {
        press(host, participants.users(), MEETING).await?.receipts(participants).await?;
    }
    let meter = || Ok([hub.usage()?.processor]);
    let presses = Presses::play(host, participants, plan.presses, meter).await?;
    let tokens_a_second = presses.tokens_a_second();
    let Presses { spent: [spent], after, last, delivered, astray, notes: failures } = presses;
    notes.extend(failures);
    if astray > 0 {
        notes.push(format!("{astray} tokens astray"));
    }
    let (after, last) = (milliseconds(after), milliseconds(last));
    Ok(vec![
        (Measure::TokenProcessor, spent.as_secs_f64() * 1e6 / number(delivered)),
        (Measure::TokensASecond, tokens_a_second),
        (Measure::ReceiptMedian, percentile(&after, 50)),
        (Measure::ReceiptP99, percentile(&after, 99)),
        (Measure::ReceiptLast, median(&last)),
    ])
}

/// As many users as one process holds, who get their tokens from many hosts at once.
pub(super) async fn fill(contender: &Contender, plan: &Plan, sheet: &mut Sheet) {
    let mut notes = Vec::new();
    let filled = async {
        let stage = Stage { build: &contender.build, log: None };
        let filled = full::fill(&stage, plan.share).await?;
        notes.extend(filled.notes);
        let last = filled.receipts.all_after();
        Ok(vec![
            (Measure::FullDelivered, number(filled.receipts.after.len())),
            (Measure::FullAstray, number(filled.receipts.astray)),
            (Measure::FullLast, last.map_or(f64::INFINITY, |last| last.as_secs_f64())),
        ])
    };
    sheet.step(&Measure::FULL, filled).await;
    sheet.note(notes);
}

fn in_milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
