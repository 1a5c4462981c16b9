//! What is measured, a file a scenario. Each has a hub and a stand-in of its own, fresh in every run.

mod batch;
mod faults;
mod joins_beside_batch;
mod learns;
mod looper;
mod silence;
mod two_batches;
mod unlimited;

use std::path::PathBuf;

use clap::ValueEnum;

use crate::Attempt;
use crate::figures::{Figure, Measurement};
use crate::flow::Join;
use crate::hub::{Build, Hub};
use crate::process;
use crate::spread::{milliseconds, percentile};
use crate::stand_in::{Behaviour, Counts, StandIn};

/// The scenarios. What is said of each is what `--help` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// A host distributes to 1,000 connected participants, at the 80 calls a second that Zoom lets in: when the tokens
    /// come, what Zoom refuses, what the hub takes of processor and memory
    Batch,
    /// 600 participants, where Zoom lets in 30 calls a second and the hub believes 80: when the last has its token, how
    /// many calls are refused
    Learns,
    /// Somebody joins every 200 ms, 50 times, while a batch of 1,000 runs: how long a join takes
    JoinsBesideBatch,
    /// A batch of 400 by one host, and 100 ms later one of 20 by another: when the small one has ended
    TwoBatches,
    /// 200 participants, where half of the calls end with status 500, a reset or a page: that each ends with one token
    /// or a code, and how long it takes
    Faults,
    /// Zoom is silent for 25 s under ten joins a second, each of another user: when refusals begin to come at once, and
    /// how soon a join succeeds when Zoom is back
    Silence,
    /// A client joins 20 times a second without end, beside a batch of 300 and 20 joins of others: how long those take,
    /// and by how much the batch is held up
    Looper,
    /// No pace and no limit, twenty batches of 1,000 after one that isn't counted: what a token costs
    Unlimited,
}

/// Where a scenario is played.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) build: &'a Build,
    /// Where the hub's log goes.
    pub(crate) log: Option<PathBuf>,
}

/// A meeting; a scenario that needs another names it.
const MEETING: &str = "1234567890";

impl Scenario {
    pub(crate) async fn play(self, stage: &Stage<'_>) -> Attempt<Measurement> {
        match self {
            Self::Batch => batch::play(stage).await,
            Self::Learns => learns::play(stage).await,
            Self::JoinsBesideBatch => joins_beside_batch::play(stage).await,
            Self::TwoBatches => two_batches::play(stage).await,
            Self::Faults => faults::play(stage).await,
            Self::Silence => silence::play(stage).await,
            Self::Looper => looper::play(stage).await,
            Self::Unlimited => unlimited::play(stage).await,
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Stage<'_> {
    /// A Zoom that behaves so, and a hub that believes in so many calls a second and has logged in.
    async fn set(&self, behaviour: Behaviour, rate: u32) -> Attempt<(Hub, StandIn)> {
        let zoom = StandIn::start(behaviour).await?;
        let hub = Hub::start(self.build, zoom.address(), rate, self.log.as_deref()).await?;
        Ok((hub, zoom))
    }
}

/// Whether so many clients can be connected: each is an open file here and one in the hub, which needs some more.
fn need_clients(count: usize) -> Attempt<()> {
    let (limit, needed) = (process::open_files()?, count + 200);
    if limit >= needed {
        return Ok(());
    }
    Err(format!("it needs {needed} open files, and {limit} are allowed here: try `ulimit -n {needed}`")
        .into())
}

/// What the stand-in saw of a scenario in which it has a limit.
fn seen(counts: &Counts) -> [Figure; 3] {
    [
        Figure::count("calls at Zoom", counts.calls),
        Figure::count("refused by Zoom (429)", counts.refused),
        Figure::count("most calls in one second", counts.busiest_second),
    ]
}

/// The 99th percentile of the joins that got a token, in milliseconds.
fn p99(joins: &[Join]) -> f64 {
    percentile(&milliseconds(joins.iter().filter_map(Join::token_took)), 99)
}

/// The joins that got no token, and why.
fn without_token(joins: &[Join]) -> (usize, Option<String>) {
    let without: Vec<_> = joins.iter().filter(|join| join.token_took().is_none()).collect();
    let code = |join: &&Join| join.code.clone().unwrap_or_else(|| "no answer".to_owned());
    let mut codes: Vec<_> = without.iter().map(code).collect();
    codes.sort_unstable();
    codes.dedup();
    (without.len(), (!codes.is_empty()).then(|| format!("joins without a token: {}", codes.join(", "))))
}
