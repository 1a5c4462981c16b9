//! Somebody joins while a thousand others are being served.

use std::time::Duration;

use tokio::time::Instant;

use super::{MEETING, Stage, need_clients, p99, seen, without_token};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::flow::{Flow, Join};
use crate::press::press;
use crate::spread::{median, milliseconds};
use crate::stand_in::Behaviour;

const RATE: u32 = 80;
const PARTICIPANTS: usize = 1000;
const JOINS: usize = 50;
const EVERY: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + 2)?;
    let (hub, mut zoom) = stage.set(Behaviour::limited(RATE), RATE).await?;
    let mut participants = Crowd::connect(hub.address(), "participant", PARTICIPANTS).await?;
    let mut host = Crowd::connect(hub.address(), "host", 1).await?;
    let joiner = Crowd::connect(hub.address(), "joiner", 1).await?;
    let start = Instant::now();
    let mut flow = Flow::new(joiner, "2345678901", EVERY, JOINS);
    let pressed = press(&mut host, participants.users(), MEETING);
    let (pressed, flowed) = tokio::join!(pressed, flow.run_out(start + PATIENCE));
    flowed?;
    let pressed = pressed?;
    let receipts = pressed.receipts(&mut participants).await?;
    let joins = &flow.joins;
    let beside = joins
        .iter()
        .filter(|join| pressed.report_after.is_some_and(|after| join.sent < start + after))
        .count();
    let (without, codes) = without_token(joins);
    let mut figures = vec![
        Figure::new("joins, p99", p99(joins), Unit::Milliseconds).at_most(100.0),
        Figure::new(
            "joins, median",
            median(&milliseconds(joins.iter().filter_map(Join::token_took))),
            Unit::Milliseconds,
        ),
        Figure::count("joins while the batch ran", beside).at_least(number(JOINS)),
        Figure::count("joins without a token", without).at_most(0.0),
        Figure::seconds("every participant has one", receipts.all_after()),
        Figure::count("delivered", pressed.report.successful).at_least(number(PARTICIPANTS)),
    ];
    figures.push(Figure::count("tokens astray", receipts.astray).at_most(0.0));
    figures.extend(seen(&zoom.counts().await?));
    Ok(Measurement { figures, notes: codes.into_iter().chain(pressed.failures()).collect() })
}
