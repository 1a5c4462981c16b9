//! A small batch begins just after a large one.

use std::time::Duration;

use tokio::time::sleep;

use super::{MEETING, Stage, need_clients, seen};
use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::{Figure, Measurement, number};
use crate::press::press;
use crate::stand_in::Behaviour;

const RATE: u32 = 80;
const LARGE: usize = 400;
const SMALL: usize = 20;
const BETWEEN: Duration = Duration::from_millis(100);

pub(super) async fn play(stage: &Stage<'_>) -> Attempt<Measurement> {
    need_clients(LARGE + SMALL + 2)?;
    let (hub, mut zoom) = stage.set(Behaviour::limited(RATE), RATE).await?;
    let address = hub.address();
    let mut many = Crowd::connect(address, "one-of-many", LARGE).await?;
    let mut few = Crowd::connect(address, "one-of-few", SMALL).await?;
    let mut host_of_many = Crowd::connect(address, "host-of-many", 1).await?;
    let mut host_of_few = Crowd::connect(address, "host-of-few", 1).await?;
    let large = press(&mut host_of_many, many.users(), MEETING);
    let small = async {
        sleep(BETWEEN).await;
        press(&mut host_of_few, few.users(), "2345678901").await
    };
    let (large, small) = tokio::try_join!(large, small)?;
    let (of_many, of_few) = (large.receipts(&mut many).await?, small.receipts(&mut few).await?);
    let mut figures = vec![
        Figure::seconds("small: every participant has one", of_few.all_after()).at_most(1.0),
        Figure::seconds("small: report", small.report_after),
        Figure::count("small: delivered", small.report.successful).at_least(number(SMALL)),
        Figure::seconds("large: every participant has one", of_many.all_after()),
        Figure::count("large: delivered", large.report.successful).at_least(number(LARGE)),
    ];
    figures.push(Figure::count("tokens astray", of_many.astray + of_few.astray).at_most(0.0));
    figures.extend(seen(&zoom.counts().await?));
    Ok(Measurement { figures, notes: [small.failures(), large.failures()].into_iter().flatten().collect() })
}
