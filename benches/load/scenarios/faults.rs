//! Half of the calls go wrong, in three ways.

use super::{MEETING, Stage, need_clients, seen};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::press::press;
use crate::stand_in::Behaviour;

const RATE: u32 = 80;
const PARTICIPANTS: usize = 200;

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + 1)?;
    let third = 0.5 / 3.0;
    // Without a limit, so that nothing but faults ends a call.
    let behaviour = Behaviour { server_errors: third, resets: third, html: third, ..Behaviour::default() };
    let (hub, mut zoom) = stage.set(behaviour, RATE).await?;
    let mut participants = Crowd::connect(hub.address(), "participant", PARTICIPANTS).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    let pressed = press(&mut host, participants.users(), MEETING).await?;
    let receipts = pressed.receipts(&mut participants).await?;
    let counts = zoom.counts().await?;
    let codes = pressed.report.codes();
    let with_code: usize =
        codes.iter().filter(|(code, _)| **code != "without a code").map(|(_, count)| count).sum();
    let ended = pressed.report.successful + with_code;
    let mut figures = vec![
        Figure::seconds("report", pressed.report_after),
        Figure::count("delivered", pressed.report.successful),
        Figure::count("failed with a code", with_code),
        Figure::count("neither", PARTICIPANTS.saturating_sub(ended)).at_most(0.0),
        Figure::count("tokens astray", receipts.astray).at_most(0.0),
        // A breaker that opens fails rows at once, without a call.
        Figure::count("users without any call", (PARTICIPANTS + 1).saturating_sub(counts.users)).at_most(0.0),
        Figure::new("calls a row", number(counts.calls) / number(PARTICIPANTS + 1), Unit::Times),
    ];
    figures.extend(seen(&counts));
    Ok(Measurement { figures, notes: pressed.failures().into_iter().collect() })
}
