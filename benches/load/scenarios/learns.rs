//! Zoom allows less than the hub was told, and says not how much.

use super::{MEETING, Stage, need_clients, seen};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, number};
use crate::press::press;
use crate::stand_in::Behaviour;

const ALLOWED: u32 = 30;
const BELIEVED: u32 = 80;
const PARTICIPANTS: usize = 600;

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + 1)?;
    let (hub, mut zoom) =
        stage.set(Behaviour { untold: true, ..Behaviour::limited(ALLOWED) }, BELIEVED).await?;
    let mut participants = Crowd::connect(hub.address(), "participant", PARTICIPANTS).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    let pressed = press(&mut host, participants.users(), MEETING).await?;
    let receipts = pressed.receipts(&mut participants).await?;
    let counts = zoom.counts().await?;
    let mut figures = vec![
        Figure::seconds("every participant has one", receipts.all_after()).at_most(25.0),
        Figure::seconds("report", pressed.report_after),
        Figure::count("delivered", pressed.report.successful).at_least(number(PARTICIPANTS)),
        Figure::count("tokens astray", receipts.astray).at_most(0.0),
    ];
    figures.extend(seen(&counts));
    figures.push(Figure::percent("share of calls refused", counts.refused, counts.calls).at_most(10.0));
    Ok(Measurement { figures, notes: pressed.failures().into_iter().collect() })
}
