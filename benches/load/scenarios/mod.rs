//! What is measured, a file a scenario. Each has a hub and a stand-in of its own, fresh in every run.

mod arrivals;
mod batch;
mod faults;
pub(crate) mod full;
mod hostile;
mod joins_beside_batch;
mod learns;
mod looper;
mod silence;
mod soak;
mod two_batches;
mod unlimited;
mod waiting;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::Attempt;
use crate::figures::{Figure, Measurement};
use crate::flow::Join;
use crate::hub::{Build, Hub, Setting};
use crate::mob::Kind;
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
    /// 500 absent participants come over a minute: how soon after it each has its token, and that none is minted before
    Arrivals,
    /// 100,000 absent participants are waited for: what the hub takes of memory, and that it waits for no more
    Waiting,
    /// 19,000 connected users, as many as 20,000 open files allow, and 19 hosts who distribute to 1,000 of them each, all
    /// at once: that everybody has its token, and when
    Full,
    /// Hostile clients, one kind after the other, beside ten honest ones: what those notice, what the hub holds on to.
    /// About twelve minutes, so only where it is named
    Hostile,
}

/// What is played at a time: a scenario, or a kind of one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    Scenario(Scenario),
    Hostile(Kind),
    /// So many minutes of all of it.
    Soak(u32),
}

/// Where a scenario is played.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) build: &'a Build,
    /// Where the hub's log goes.
    pub(crate) log: Option<PathBuf>,
}

/// No scenario takes so long, on any build.
const LONGEST_PLAY: Duration = Duration::from_mins(5);

/// A meeting; a scenario that needs another names it.
pub(crate) const MEETING: &str = "1234567890";

impl Piece {
    /// Those of these scenarios, or else of all but the hostile ones; of those the kinds that are named, or else all.
    pub(crate) fn chosen(scenarios: &[Scenario], kinds: &[Kind]) -> Vec<Self> {
        let scenarios: Vec<_> = match (scenarios, kinds) {
            ([], []) => {
                let all = Scenario::value_variants().iter();
                all.copied().filter(|scenario| *scenario != Scenario::Hostile).collect()
            }
            ([], _) => vec![Scenario::Hostile],
            (named, _) => named.to_vec(),
        };
        let kinds = if kinds.is_empty() { Kind::value_variants() } else { kinds };
        let pieces = |scenario| {
            let kinds = if scenario == Scenario::Hostile { kinds } else { &[] };
            let alone = kinds.is_empty().then_some(Self::Scenario(scenario));
            kinds.iter().copied().map(Self::Hostile).chain(alone)
        };
        scenarios.into_iter().flat_map(pieces).collect()
    }

    pub(crate) async fn play(self, stage: &Stage<'_>) -> Attempt<Measurement> {
        match self {
            Self::Hostile(kind) => hostile::play(kind, stage).await,
            Self::Soak(minutes) => soak::play(minutes, stage).await,
            Self::Scenario(scenario) => scenario.play(stage).await,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Hostile(kind) => format!("hostile-{}", kind.name()),
            Self::Soak(_) => "soak".to_owned(),
            Self::Scenario(scenario) => scenario.name(),
        }
    }

    /// It doesn't take so long, whatever the build.
    pub(crate) fn longest(self) -> Duration {
        match self {
            Self::Soak(minutes) => LONGEST_PLAY + Duration::from_mins(1) * minutes,
            Self::Hostile(_) | Self::Scenario(_) => LONGEST_PLAY,
        }
    }
}

impl Scenario {
    async fn play(self, stage: &Stage<'_>) -> Attempt<Measurement> {
        match self {
            Self::Batch => batch::play(stage).await,
            Self::Learns => learns::play(stage).await,
            Self::JoinsBesideBatch => joins_beside_batch::play(stage).await,
            Self::TwoBatches => two_batches::play(stage).await,
            Self::Faults => faults::play(stage).await,
            Self::Silence => silence::play(stage).await,
            Self::Looper => looper::play(stage).await,
            Self::Unlimited => unlimited::play(stage).await,
            Self::Arrivals => arrivals::play(stage).await,
            Self::Waiting => waiting::play(stage).await,
            Self::Full => full::play(stage).await,
            Self::Hostile => Err("hostile clients are played a kind at a time".into()),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Stage<'_> {
    /// A Zoom that behaves so, and a hub that believes in so many calls a second and has logged in.
    async fn set(&self, behaviour: Behaviour, rate: u32) -> Attempt<(Hub, StandIn)> {
        let zoom = StandIn::start(behaviour).await?;
        let setting = Setting { rate, log: self.log.as_deref(), ..Setting::default() };
        let hub = Hub::start(self.build, zoom.address(), &setting).await?;
        Ok((hub, zoom))
    }

    /// The same with further variables, and with an ear for what the hub complains of.
    async fn set_with(
        &self,
        behaviour: Behaviour,
        rate: u32,
        variables: &[(&str, &str)],
    ) -> Attempt<(Hub, StandIn)> {
        let zoom = StandIn::start(behaviour).await?;
        let setting =
            Setting { rate, variables, log: self.log.as_deref(), heard: true, ..Setting::default() };
        let hub = Hub::start(self.build, zoom.address(), &setting).await?;
        Ok((hub, zoom))
    }
}

/// Whether so many clients can be connected: each is an open file here and one in the hub, which needs some more.
pub(crate) fn need_clients(count: usize) -> Attempt<()> {
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
