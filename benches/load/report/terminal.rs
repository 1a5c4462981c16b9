//! The comparison as a table for the terminal: a row each measure, a column each contender, what the hub's should be.

use super::measure::Measure;
use super::record::{Contestant, Record, Summary};
use super::verdict::{PLAIN, Target};
use crate::columns::aligned;

/// All of it, and below the table what could not be measured and why.
pub(crate) fn table(record: &Record) -> String {
    let mut lines = head(record);
    let mut rows = vec![heading(record)];
    rows.extend(Measure::ALL.into_iter().map(|measure| row(record, measure)));
    lines.extend(aligned(&rows));
    lines.extend(record.notes().into_iter().map(|note| format!("  {note}")));
    lines.join("\n")
}

fn head(record: &Record) -> Vec<String> {
    let machine = &record.machine;
    let mut lines = vec![
        format!(
            "{} × {}, {}, Linux {}; load {} before",
            machine.processors, machine.processor, machine.memory, machine.kernel, machine.load
        ),
        format!("processor time {}", record.clock),
    ];
    let built = record.contenders.iter().filter(|contender| contender.not_built.is_none());
    lines.extend(built.map(|Contestant { label, version, .. }| format!("{label}: {version}")));
    lines.push(format!(
        "{}; the least and the most where rounds differ; –: not measured; ✗: misses its target",
        if record.rounds == 1 {
            "one round".to_owned()
        } else {
            format!("medians of {} rounds", record.rounds)
        }
    ));
    lines.push(String::new());
    lines
}

fn heading(record: &Record) -> Vec<String> {
    let labels = record.contenders.iter().map(|contender| contender.label.clone());
    [String::new()].into_iter().chain(labels).chain(["target".to_owned()]).collect()
}

fn row(record: &Record, measure: Measure) -> Vec<String> {
    let cells = record.contenders.iter().map(|contender| cell(record, measure, &contender.label));
    let name = measure.name(&record.sizes);
    [name].into_iter().chain(cells).chain([wanted(measure)]).collect()
}

fn cell(record: &Record, measure: Measure, label: &str) -> String {
    let Some(Summary { median, least, most }) = record.summary(label, measure) else {
        return "–".to_owned();
    };
    let unit = measure.unit();
    let mut text = unit.written(median);
    let (least, most) = (unit.digits(least), unit.digits(most));
    if least != most {
        text = format!("{text} ({least}…{most})");
    }
    let mut targets = Target::of_measure(measure).filter(|target| target.of == label);
    if targets.any(|target| target.is_met(record) == Some(false)) {
        text.push_str(" ✗");
    }
    text
}

/// What the hub's should be; over which carrier is said where it isn't `/ws` alone.
fn wanted(measure: Measure) -> String {
    let targets: Vec<_> = Target::of_measure(measure).collect();
    let plain_alone = targets.iter().all(|target| target.of == PLAIN);
    let told = targets.iter().map(|target| {
        let carrier = target.of.trim_start_matches("hub ");
        if plain_alone { target.told() } else { format!("{carrier} {}", target.told()) }
    });
    told.collect::<Vec<_>>().join(", ")
}
