//! Nothing holds the hub back: what a token costs.

use std::time::Duration;

use super::{MEETING, Stage, need_clients};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::hub::Hub;
use crate::press::press;
use crate::presses::Presses;
use crate::process;
use crate::spread::{milliseconds, percentile};
use crate::stand_in::{Behaviour, StandIn};

const PARTICIPANTS: usize = 1000;
/// So many that even ticks of 10 ms are small beside what is spent.
const ROUNDS: usize = 20;

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + 1)?;
    let (hub, mut zoom) = stage.set(Behaviour::default(), 0).await?;
    let mut participants = Crowd::connect(hub.address(), "participant", PARTICIPANTS).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    // The first makes the connections to Zoom, and what else is made once.
    press(&mut host, participants.users(), MEETING).await?.receipts(&mut participants).await?;
    let calls = zoom.counts().await?.calls;
    let meter = || processor(&hub, &zoom);
    let presses = Presses::play(&mut host, &mut participants, ROUNDS, meter).await?;
    let calls = zoom.counts().await?.calls - calls;
    let tokens_a_second = presses.tokens_a_second();
    let Presses { spent: [hubs, zooms, ours], after, delivered, astray, notes, .. } = presses;
    let after = milliseconds(after);
    let figures = vec![
        Figure::each("processor time a token", hubs, delivered),
        Figure::new("tokens a second", tokens_a_second, Unit::Count),
        Figure::new("press to receipt, median", percentile(&after, 50), Unit::Milliseconds),
        Figure::new("press to receipt, p99", percentile(&after, 99), Unit::Milliseconds),
        Figure::count("delivered", delivered).at_least(number(PARTICIPANTS * ROUNDS)),
        Figure::count("tokens astray", astray).at_most(0.0),
        Figure::each("the stand-in's, a call", zooms, calls),
        Figure::each("the driver's, a token", ours, delivered),
    ];
    Ok(Measurement { figures, notes })
}

/// The processor time that the hub, the stand-in and this process have taken so far.
fn processor(hub: &Hub, zoom: &StandIn) -> Attempt<[Duration; 3]> {
    let ours = process::usage(std::process::id())?;
    Ok([hub.usage()?.processor, zoom.usage()?.processor, ours.processor])
}
