//! A client that has run wild, beside a batch and the joins of others.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{MEETING, Stage, need_clients, p99, seen, without_token};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, Unit, number};
use crate::flow::{Flow, Join};
use crate::press::press;
use crate::stand_in::Behaviour;

const RATE: u32 = 80;
const PARTICIPANTS: usize = 300;
const HONEST: usize = 20;
const LOOP: Duration = Duration::from_millis(50);
/// More than the looper can come to.
const LOOPS: usize = 10_000;
const PATIENCE: Duration = Duration::from_mins(1);
/// Until Zoom's second, and the hub's idea of it, are empty again.
const PAUSE: Duration = Duration::from_millis(1500);

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(PARTICIPANTS + HONEST + 2)?;
    let (hub, mut zoom) = stage.set(Behaviour::limited(RATE), RATE).await?;
    let address = hub.address();
    let mut participants = Crowd::connect(address, "participant", PARTICIPANTS).await?;
    let mut host = Crowd::connect(address, "host", 1).await?;
    let alone = press(&mut host, participants.users(), MEETING).await?;
    let Some(undisturbed) = alone.report_after else {
        return Err(alone.failures().unwrap_or_default().into());
    };
    let alone_receipts = alone.receipts(&mut participants).await?;
    sleep(PAUSE).await;

    let looper = Crowd::connect(address, "looper", 1).await?;
    let honest = Crowd::connect(address, "honest", HONEST).await?;
    let mut looper = Flow::new(looper, "2345678901", LOOP, LOOPS);
    let every = undisturbed / u32::try_from(HONEST + 1)?;
    let mut honest = Flow::new(honest, "3456789012", every.max(Duration::from_millis(10)), HONEST);
    let end = Instant::now() + PATIENCE;
    let measured = async {
        let pressed = press(&mut host, participants.users(), MEETING);
        let (pressed, flowed) = tokio::join!(pressed, honest.run_out(end));
        flowed?;
        pressed
    };
    let beside = tokio::select! {
        measured = measured => measured?,
        ended = looper.run(end + PATIENCE, |_| false) => {
            ended?;
            return Err("the batch did not end".into());
        }
    };
    let beside_receipts = beside.receipts(&mut participants).await?;
    let (alone_all, beside_all) = (alone_receipts.all_after(), beside_receipts.all_after());
    // A batch that isn't served as a whole is held up for ever.
    let held_up = alone_all.zip(beside_all);
    let held_up = held_up.map_or(f64::INFINITY, |(alone, beside)| beside.as_secs_f64() / alone.as_secs_f64());
    let (without, codes) = without_token(&honest.joins);
    let tokens = looper.joins.iter().filter(|join| Join::token_took(join).is_some()).count();
    let mut figures = vec![
        Figure::new("honest joins, p99", p99(&honest.joins), Unit::Milliseconds).at_most(200.0),
        Figure::count("honest joins without a token", without).at_most(0.0),
        Figure::seconds("batch alone: every participant has one", alone_all),
        Figure::seconds("batch beside: every participant has one", beside_all),
        Figure::new("held up by", held_up, Unit::Times).at_most(1.5),
        Figure::count("delivered alone", alone.report.successful).at_least(number(PARTICIPANTS)),
        Figure::count("delivered beside", beside.report.successful).at_least(number(PARTICIPANTS)),
        Figure::count("tokens astray", alone_receipts.astray + beside_receipts.astray).at_most(0.0),
        Figure::count("joins of the looper", looper.joins.len()),
        Figure::count("tokens of the looper", tokens),
    ];
    figures.extend(seen(&zoom.counts().await?));
    let notes = [codes, alone.failures(), beside.failures()];
    Ok(Measurement { figures, notes: notes.into_iter().flatten().collect() })
}
