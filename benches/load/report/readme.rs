//! The comparison as the README shows it: between two comments, which stay.

use super::measure::Measure;
use super::record::{Contestant, Record};
use crate::Attempt;

const BEGIN: &str = "<!-- results -->\n";
const END: &str = "<!-- /results -->";

/// The README with this record's results in place of those that are in it.
pub(crate) fn with_results(readme: &str, record: &Record) -> Attempt<String> {
    let missing = "the README lacks the two comments between which the results stand";
    let (before, rest) = readme.split_once(BEGIN).ok_or(missing)?;
    let (_, after) = rest.split_once(END).ok_or(missing)?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", results(record)))
}

/// What stands between the comments.
fn results(record: &Record) -> String {
    let machine = &record.machine;
    let mut text = format!(
        "{}, on {} × {} with {} (Linux {}), by `{}` in {} min: medians of {} rounds. In brackets: times what the hub \
         takes or does over the same carrier.\n\n",
        record.date,
        machine.processors,
        machine.processor,
        machine.memory,
        machine.kernel,
        record.command,
        record.seconds.div_ceil(60),
        record.rounds,
    );
    text.push_str(&table(record));
    let built = record.contenders.iter().filter(|contender| contender.not_built.is_none());
    let versions: Vec<_> =
        built.map(|Contestant { label, version, .. }| format!("{label}: {version}")).collect();
    text.extend(["\n", &escaped(&versions.join("; ")), ".\n"]);
    for Contestant { label, not_built, .. } in &record.contenders {
        text.extend(not_built.iter().map(|why| format!("\n{label} could not be built: {}.\n", escaped(why))));
    }
    text
}

fn table(record: &Record) -> String {
    let line = |name: &str, cells: Vec<String>| format!("| {name} | {} |\n", cells.join(" | "));
    let contenders = || record.contenders.iter();
    let mut table = line("", contenders().map(|contender| contender.label.clone()).collect());
    table.push_str(&line("---", contenders().map(|_| "---:".to_owned()).collect()));
    for measure in Measure::ALL {
        let cells = contenders().map(|contender| cell(record, measure, contender)).collect();
        table.push_str(&line(&escaped(&measure.name(&record.sizes)), cells));
    }
    table
}

fn cell(record: &Record, measure: Measure, contender: &Contestant) -> String {
    let Some(own) = record.median(&contender.label, measure) else { return "–".to_owned() };
    let text = measure.unit().written(own);
    let hubs = contender.beside.as_deref().and_then(|hub| record.median(hub, measure));
    match hubs {
        Some(hubs) if hubs > 0.0 => format!("{text} ({})", ratio(own / hubs)),
        _ => text,
    }
}

/// With as many digits as say something.
pub(crate) fn ratio(ratio: f64) -> String {
    match ratio {
        ..0.1 => format!("{ratio:.3} ×"),
        0.1..10.0 => format!("{ratio:.2} ×"),
        _ => format!("{ratio:.0} ×"),
    }
}

/// Without what would end a cell or begin a tag.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}
