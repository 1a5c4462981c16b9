//! Zoom takes every call and answers none; then it is back.

use std::time::Duration;

use tokio::time::Instant;

use super::{MEETING, Stage, need_clients};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement};
use crate::flow::{Flow, Join};
use crate::stand_in::Behaviour;

const RATE: u32 = 80;
const EVERY: Duration = Duration::from_millis(100);
const BEFORE: Duration = Duration::from_secs(2);
/// It ends between two ticks, so that what a join is answered then doesn't hang on the order of both.
const SILENT: Duration = Duration::from_millis(25_050);
/// Until a join must have succeeded after that.
const PATIENCE: Duration = Duration::from_secs(30);
/// As many joins as all of it can hold: each is of another user.
const JOINS: usize = 600;
/// What comes within this is no waiting.
const AT_ONCE: Duration = Duration::from_secs(1);

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(JOINS)?;
    let (hub, mut zoom) = stage.set(Behaviour::limited(RATE), RATE).await?;
    let callers = Crowd::connect(hub.address(), "caller", JOINS).await?;
    let mut flow = Flow::new(callers, MEETING, EVERY, JOINS);
    flow.run(Instant::now() + BEFORE, |_| false).await?;
    let fell_silent = Instant::now();
    zoom.behave(Behaviour { silent: true, ..Behaviour::limited(RATE) }).await?;
    flow.run(fell_silent + SILENT, |_| false).await?;
    let back = Instant::now();
    zoom.behave(Behaviour::limited(RATE)).await?;
    let succeeds = |joins: &[Join]| joins.iter().filter_map(Join::token_at).filter(|at| *at > back).min();
    flow.run(back + PATIENCE, |joins| succeeds(joins).is_some()).await?;

    let before = flow.joins.iter().filter(|join| join.sent + AT_ONCE < fell_silent);
    let failed_before = before.filter(|join| join.token_took().is_none()).count();
    // What was sent in the last second of the silence might be answered by a Zoom that is back.
    let silent = |join: &&Join| join.sent > fell_silent && join.sent + AT_ONCE < back;
    let during: Vec<_> = flow.joins.iter().filter(silent).collect();
    let refused_at_once =
        |join: &&Join| join.code.is_some() && join.took().is_some_and(|took| took < AT_ONCE);
    let begin = during.iter().copied().find(refused_at_once);
    let since: Vec<_> =
        during.iter().copied().filter(|join| begin.is_some_and(|begin| join.sent >= begin.sent)).collect();
    let quick = since.iter().copied().filter(refused_at_once).count();
    let figures = vec![
        Figure::count("failed before the silence", failed_before).at_most(0.0),
        Figure::seconds("refusals come within 1 s after", begin.map(|join| join.sent - fell_silent)),
        Figure::percent("share refused so, from then on", quick, since.len()),
        Figure::seconds("a join succeeds after the return", succeeds(&flow.joins).map(|at| at - back))
            .at_most(3.0),
        Figure::count("calls at Zoom", zoom.counts().await?.calls),
    ];
    Ok(Measurement { figures, notes: Vec::new() })
}
