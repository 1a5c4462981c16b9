//! A hundred thousand absent participants are waited for.

use super::{MEETING, Stage};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::press::press;
use crate::stand_in::Behaviour;

/// As many as by default may be waited for.
const BATCHES: usize = 100;
const BATCH: usize = 1000;

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    // A host that presses as fast as it is answered.
    let variables = [("MESSAGE_RATE_PER_SECOND", "0")];
    let (hub, mut zoom) = stage.set_with(Behaviour::default(), 0, &variables).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    let users = |batch: usize| -> Vec<_> {
        (0..BATCH).map(|number| format!("absent-{batch}-{number}@company.example.com")).collect()
    };
    // What is made once.
    press(&mut host, &["me".to_owned()], MEETING).await?;
    let (before, calls) = (hub.usage()?, zoom.counts().await?.calls);
    let (mut waited_for, mut notes) = (0, Vec::new());
    for batch in 0..BATCHES {
        let pressed = press(&mut host, &users(batch), MEETING).await?;
        waited_for += pressed.report.pending;
        notes.extend(pressed.failures());
    }
    let full = hub.usage()?;
    let beyond = press(&mut host, &users(BATCHES), MEETING).await?;
    let refused = beyond.report.codes().get("hold_full").copied().unwrap_or_default();
    // Each press has its host's ZAK.
    let (minted, zaks) = (zoom.counts().await?.calls - calls, BATCHES + 1);
    let figures = vec![
        Figure::count("waited for", waited_for),
        Figure::new("memory for them", full.resident - before.resident, Unit::Mebibytes).at_most(100.0),
        Figure::count("refused beyond (hold_full)", refused).at_least(number(BATCH)),
        Figure::each("processor time of each", full.processor.saturating_sub(before.processor), waited_for),
        Figure::count("tokens minted for them", minted.saturating_sub(zaks)).at_most(0.0),
    ];
    Ok(Measurement { figures, notes })
}
