//! The figures as a table: a row each, a column a build, the target beside them.

use crate::columns::aligned;
use crate::figures::{Figure, Target, Unit};
use crate::process;
use crate::results::{Played, Results};
use crate::spread::{ends, median};

/// What stands above all tables.
pub(crate) fn head(results: &Results) -> String {
    let mut lines = vec![results.machine.clone()];
    lines.extend(results.hubs.iter().map(|hub| format!("{}: {}, {}", hub.label, hub.version, hub.path)));
    if results.runs > 1 {
        lines.push(format!("medians of {} runs, and the least and the most where runs differ", results.runs));
    }
    lines.push(format!("processor time {}", process::clock()));
    lines.push("✗: misses its target".to_owned());
    lines.join("\n")
}

/// One scenario's table, and below it what no number says.
pub(crate) fn scenario(results: &Results, name: &str) -> String {
    let played: Vec<_> = results.played.iter().filter(|played| played.scenario == name).collect();
    let mut rows = vec![heading(results, name)];
    let first = played.iter().find(|played| played.not_measured.is_none());
    for figure in first.map_or(&[][..], |played| &played.measurement.figures) {
        let mut row = vec![format!("  {}", figure.name)];
        row.extend(results.hubs.iter().map(|hub| {
            let own: Vec<_> = played.iter().filter(|played| played.hub == hub.label).copied().collect();
            cell(figure, &own)
        }));
        row.push(figure.target.map_or_else(String::new, |target| wanted(target, figure.unit)));
        rows.push(row);
    }
    let mut lines = aligned(&rows);
    for played in &played {
        let notes = played.not_measured.iter().map(|why| format!("not measured: {why}"));
        let notes = notes.chain(played.measurement.notes.iter().cloned());
        lines.extend(notes.map(|note| format!("  {}, run {}: {note}", played.hub, played.run)));
    }
    format!("\n{}", lines.join("\n"))
}

fn heading(results: &Results, name: &str) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend(results.hubs.iter().map(|hub| hub.label.to_string()));
    row.push("target".to_owned());
    row
}

/// A build's figure of this name, over its runs.
fn cell(figure: &Figure, played: &[&Played]) -> String {
    let figures = played.iter().flat_map(|played| &played.measurement.figures);
    let values: Vec<f64> = figures.filter(|own| own.name == figure.name).map(|own| own.value).collect();
    if values.is_empty() {
        return "–".to_owned();
    }
    let middle = median(&values);
    let mut text = figure.unit.written(middle);
    let (least, most) = ends(&values);
    let (least, most) = (figure.unit.digits(least), figure.unit.digits(most));
    if least != most {
        text = format!("{text} ({least}…{most})");
    }
    if figure.target.is_some_and(|target| !target.is_met(middle)) {
        text.push_str(" ✗");
    }
    text
}

fn wanted(target: Target, unit: Unit) -> String {
    match target {
        Target::AtMost(most) => format!("≤ {}", unit.written(most)),
        Target::AtLeast(least) => format!("≥ {}", unit.written(least)),
    }
}
