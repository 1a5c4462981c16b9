//! The hub beside what a user might pick in its place: every contender in turn, round after round, the same questions to
//! each. `benches/README.md` says what is played, and how each figure is measured.

mod contenders;
mod idle;
mod joins;
mod life;
mod limit;
mod machine;
mod peers;
mod pinging;
mod plan;
mod sheet;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::time::Instant;

use self::contenders::{Contender, Field};
use self::peers::Peer;
use self::plan::Plan;
use self::sheet::Sheet;
use crate::report::record::Record;
use crate::report::{limit_plot, plots, readme, terminal};
use crate::{Attempt, process, say};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RESULTS: &str = "benches/results.json";

#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Rounds, in each of which every contender is measured once; five, or one of the short form
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// A small crowd and few of everything: whether all can be measured, in half a minute; the figures mean little
    #[arg(long, conflicts_with = "write")]
    short: bool,
    /// Only these beside the hub; can be given again. Else all, of the short form those that are built already
    #[arg(long = "peer", value_enum, value_name = "PEER")]
    peers: Vec<Peer>,
    /// A file for every figure of every round
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures nothing and shows what such a file holds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rounds", "short", "peers", "json"])]
    from: Option<PathBuf>,
    /// Writes the results into the project: benches/results.json, the README's table, the plots in docs
    #[arg(long)]
    write: bool,
}

/// Measures, or reads what was measured, and shows it. Whether all could be measured.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn compare(options: &Options) -> Attempt<bool> {
    let record = match &options.from {
        Some(file) => Record::read(&fs::read_to_string(file)?)?,
        None => measured(options).await?,
    };
    say(&terminal::table(&record))?;
    if let Some(file) = &options.json {
        fs::write(file, record.written()?)?;
    }
    if options.write {
        write(Path::new(ROOT), &record)?;
    }
    Ok(options.from.is_some() || record.is_whole())
}

async fn measured(options: &Options) -> Attempt<Record> {
    let began = Instant::now();
    let plan = if options.short { Plan::short(options.rounds) } else { Plan::full(options.rounds) };
    let machine = machine::this();
    let field = Field::build(&options.peers, options.short).await?;
    let built = began.elapsed();
    let mut measured = Vec::new();
    for round in 1..=plan.rounds {
        let mut sheets: Vec<_> =
            field.contenders.iter().map(|contender| Sheet::new(contender.label, round)).collect();
        for turn in 0..sheets.len() {
            // Who comes first in one round comes last in the next, so that nobody always follows the same.
            let index = (turn + usize::try_from(round)?) % sheets.len();
            if let (Some(contender), Some(sheet)) = (field.contenders.get(index), sheets.get_mut(index)) {
                play(contender, &plan, sheet).await;
            }
        }
        progress(&format!("round {round} of {}, all under Zoom's limit", plan.rounds));
        limit::play(&field.contenders, &plan, &mut sheets).await;
        measured.extend(sheets.into_iter().map(Sheet::finished));
    }
    let (all, built) = (began.elapsed().as_secs(), built.as_secs());
    progress(&format!("measured for {} s, after {built} s of building the peers", all - built));
    Ok(Record {
        date: jiff::Zoned::now().strftime("%Y-%m-%d").to_string(),
        command: plan.command(),
        machine,
        clock: process::clock().to_owned(),
        rounds: plan.rounds,
        seconds: all,
        sizes: plan.sizes,
        contenders: field.contestants,
        measured,
    })
}

/// What is measured of one contender by itself.
async fn play(contender: &Contender, plan: &Plan, sheet: &mut Sheet) {
    progress(&format!("round {} of {}, {}", sheet.round(), plan.rounds, contender.label));
    life::play(contender, plan, sheet).await;
    idle::play(contender, plan, sheet).await;
    if contender.is_first_hub() {
        life::fill(contender, plan, sheet).await;
    }
}

/// Puts the record, and what is made of it, where it belongs.
fn write(root: &Path, record: &Record) -> Attempt<()> {
    let page = root.join("README.md");
    let with_results = readme::with_results(&fs::read_to_string(&page)?, record)?;
    fs::write(page, with_results)?;
    fs::write(root.join(RESULTS), record.written()?)?;
    fs::write(root.join("docs/processor.svg"), plots::processor(record))?;
    fs::write(root.join("docs/memory.svg"), plots::memory(record))?;
    fs::write(root.join("docs/limit.svg"), limit_plot::limit(record))?;
    Ok(())
}

fn progress(what: &str) {
    writeln!(io::stderr(), "{what} …").ok();
}
