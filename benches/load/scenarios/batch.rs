//! A thousand at once, at the rate that Zoom allows.

use super::{MEETING, Stage, need_clients, seen};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::press::press;
use crate::stand_in::Behaviour;

const RATE: u32 = 80;
const PARTICIPANTS: usize = 1000;

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + 1)?;
    let (hub, mut zoom) = stage.set(Behaviour::limited(RATE), RATE).await?;
    let mut participants = Crowd::connect(hub.address(), "participant", PARTICIPANTS).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    let before = hub.usage()?;
    let pressed = press(&mut host, participants.users(), MEETING).await?;
    let after = hub.usage()?;
    let spent = after.processor.saturating_sub(before.processor);
    let receipts = pressed.receipts(&mut participants).await?;
    let counts = zoom.counts().await?;
    let report = &pressed.report;
    // The host's token is one call more, and an answer that comes 3 % late is still as good as can be.
    let shortest = number(PARTICIPANTS + 1) / f64::from(RATE);
    let mut figures = vec![
        Figure::milliseconds("first token", receipts.after.first().copied()).at_most(100.0),
        Figure::seconds("last token", receipts.after.last().copied()),
        Figure::seconds("every participant has one", receipts.all_after()).at_most(1.03 * shortest),
        Figure::seconds("report", pressed.report_after),
        Figure::count("delivered", report.successful).at_least(number(PARTICIPANTS)),
        Figure::count("failed", report.codes().values().sum()).at_most(0.0),
        Figure::count("tokens astray", receipts.astray).at_most(0.0),
    ];
    figures.extend(seen(&counts).map(|figure| match figure.name {
        "refused by Zoom (429)" => figure.at_most(5.0),
        _ => figure,
    }));
    figures.extend([
        Figure::each("processor time a token", spent, report.successful),
        Figure::new("memory before", before.resident, Unit::Mebibytes),
        Figure::new("memory after", after.resident, Unit::Mebibytes),
        Figure::new("memory grown by", after.resident - before.resident, Unit::Mebibytes).at_most(16.0),
        Figure::new("memory at its peak", after.peak, Unit::Mebibytes),
    ]);
    Ok(Measurement { figures, notes: pressed.failures().into_iter().collect() })
}
