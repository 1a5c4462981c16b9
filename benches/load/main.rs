//! Measures the hub from outside: starts it and a stand-in for Zoom as processes of their own, plays the scenarios with
//! clients over `/ws`, and prints figures, of several builds side by side. `benches/README.md` says how to read them.
//!
//! It judges nobody: a target that is missed is marked, and only what couldn't be measured makes it fail.

mod carrier;
mod clients;
mod columns;
mod compare;
mod complaints;
mod credentials;
mod figures;
mod flow;
mod frames;
mod http;
mod hub;
mod mob;
mod offshoot;
mod pings;
mod press;
mod presses;
mod process;
mod report;
mod results;
mod scenarios;
mod spread;
mod stand_in;
mod table;
mod window;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::time::timeout;

use self::hub::Build;
use self::mob::Kind;
use self::results::{Played, Results};
use self::scenarios::{Piece, Scenario, Stage};

/// What was tried, or why it can't be measured.
type Attempt<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The build of this checkout.
const HUB: &str = env!("CARGO_BIN_EXE_zoom-token-hub");

/// Measures the hub under load, beside a stand-in for Zoom
#[derive(Debug, Parser)]
#[command(name = "load", bin_name = "cargo bench --bench load --", args_conflicts_with_subcommands = true)]
struct Cli {
    /// What to measure; all but the hostile clients where nothing is named
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// Of hostile clients only this kind; can be given again
    #[arg(long = "kind", value_enum, value_name = "KIND")]
    kinds: Vec<Kind>,
    /// Instead, all sorts of clients at once for so long, a few hostile ones of each kind among them, and what grows
    #[arg(
        long,
        value_name = "MINUTES",
        conflicts_with_all = ["scenarios", "kinds"],
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    soak: Option<u32>,
    /// Another build of the hub, measured in turn with that of this checkout; can be given again
    #[arg(long = "hub", value_name = "PATH")]
    hubs: Vec<PathBuf>,
    /// Runs of each scenario; the medians are shown, and the spread
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// A file for every figure of every run
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A folder for the hubs' logs, which are thrown away otherwise
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
    /// What cargo says where figures are wanted
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Debug, Subcommand)]
enum Part {
    /// Measures the hub beside what else a user might pick
    Compare(compare::Options),
    /// The stand-in for Zoom
    #[command(name = stand_in::COMMAND, hide = true)]
    StandIn,
    /// The hostile clients
    #[command(name = mob::COMMAND, hide = true)]
    Mob,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match (&cli.part, cli.bench) {
        (Some(Part::StandIn), _) => stand_in::serve().map(|()| true).map_err(Into::into),
        (Some(Part::Mob), _) => mob::play().map(|()| true).map_err(Into::into),
        (Some(Part::Compare(options)), true) => compare::compare(options),
        (None, true) => measure(&cli),
        // `cargo test --all-targets` starts benchmarks too, and of a build whose figures mean nothing.
        (Some(Part::Compare(_)) | None, false) => {
            say("nothing is measured but by cargo bench --bench load").map(|()| true)
        }
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            // Where even this can't be written, the code says it.
            writeln!(io::stderr(), "load: {why}").ok();
            ExitCode::FAILURE
        }
    }
}

/// Plays everything and shows each scenario when its last run is over. Whether all of it could be measured.
#[tokio::main(flavor = "current_thread")]
async fn measure(cli: &Cli) -> Attempt<bool> {
    let mut builds = Vec::new();
    for path in [Path::new(HUB)].into_iter().chain(cli.hubs.iter().map(PathBuf::as_path)) {
        builds.push(Build::at(path).await?);
    }
    if let Some(folder) = &cli.logs {
        fs::create_dir_all(folder)?;
    }
    let mut results = Results::new(&builds, cli.runs);
    say(&table::head(&results))?;
    let pieces = match cli.soak {
        Some(minutes) => vec![Piece::Soak(minutes)],
        None => Piece::chosen(&cli.scenarios, &cli.kinds),
    };
    for piece in pieces {
        let name = piece.name();
        for run in 1..=cli.runs {
            for (build, hub) in builds.iter().zip(&results.hubs) {
                writeln!(io::stderr(), "{name}, {}, run {run} of {} …", hub.label, cli.runs).ok();
                let log = format!("{name}-{}-{run}.log", hub.label);
                let stage = Stage { build, log: cli.logs.as_ref().map(|folder| folder.join(log)) };
                let outcome = due("the end of the scenario", piece.longest(), piece.play(&stage)).await;
                results.played.push(Played::new(&name, hub.label, run, outcome.flatten()));
            }
        }
        say(&table::scenario(&results, &name))?;
        if let Some(file) = &cli.json {
            fs::write(file, serde_json::to_string_pretty(&results)?)?;
        }
    }
    Ok(results.played.iter().all(|played| played.not_measured.is_none()))
}

/// What was waited for, if it came in time.
async fn due<T>(what: &str, within: Duration, waited: impl Future<Output = T>) -> Attempt<T> {
    let in_time = timeout(within, waited).await;
    in_time.map_err(|_elapsed| format!("waited {} s for {what} in vain", within.as_secs()).into())
}

fn say(text: &str) -> Attempt<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}
