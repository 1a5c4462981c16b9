//! What was measured, as it is kept in `benches/results.json`: every figure of every round, where and by what.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::measure::{Measure, Sizes};
use crate::Attempt;
use crate::spread::{ends, median};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) date: String,
    /// What measures the same again.
    pub(crate) command: String,
    pub(crate) machine: Machine,
    /// By which clock processor time was told.
    pub(crate) clock: String,
    pub(crate) rounds: u32,
    pub(crate) seconds: u64,
    pub(crate) sizes: Sizes,
    pub(crate) contenders: Vec<Contestant>,
    pub(crate) measured: Vec<Measured>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) memory: String,
    pub(crate) kernel: String,
    /// Of the minute before.
    pub(crate) load: String,
}

/// A contender, and why it couldn't be built if it couldn't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contestant {
    pub(crate) label: String,
    pub(crate) version: String,
    /// The one of the hub over the same carrier; none of a hub.
    pub(crate) beside: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) not_built: Option<String>,
}

/// What one round gave of one contender.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    pub(crate) contender: String,
    pub(crate) round: u32,
    pub(crate) figures: BTreeMap<Measure, f64>,
    /// Why the others are not here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    #[serde(rename = "notMeasured")]
    pub(crate) missing: BTreeMap<Measure, String>,
    /// Tokens that had come under Zoom's limit, half a second after half a second.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) under_limit: Vec<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) notes: Vec<String>,
}

/// A measure of one contender over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// Between two looks at what has come, in seconds.
pub(crate) const TICK: f64 = 0.5;

/// How many of those that came so long after the press had come at each tick, until all had.
pub(crate) fn series(after: &[Duration]) -> Vec<usize> {
    let last = after.iter().max().copied().unwrap_or_default();
    let (mut series, mut until) = (Vec::new(), Duration::ZERO);
    loop {
        series.push(after.iter().filter(|after| **after <= until).count());
        if until >= last {
            return series;
        }
        until += Duration::from_secs_f64(TICK);
    }
}

impl Record {
    pub(crate) fn read(text: &str) -> Attempt<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// As it is kept: what a round gave of a contender stands on a line of its own.
    pub(crate) fn written(&self) -> Attempt<String> {
        let Value::Object(fields) = serde_json::to_value(self)? else {
            return Err("a record has fields".into());
        };
        let lines = fields.iter().map(|(name, value)| match value {
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| format!("    {item}")).collect();
                format!("  \"{name}\": [\n{}\n  ]", items.join(",\n"))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                format!("  \"{name}\": {value}")
            }
        });
        Ok(format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n")))
    }

    pub(crate) fn of<'a>(&'a self, contender: &'a str) -> impl Iterator<Item = &'a Measured> {
        self.measured.iter().filter(move |measured| measured.contender == contender)
    }

    /// None where no round could measure it.
    pub(crate) fn summary(&self, contender: &str, measure: Measure) -> Option<Summary> {
        let own = self.of(contender);
        let values: Vec<f64> = own.filter_map(|measured| measured.figures.get(&measure).copied()).collect();
        let (least, most) = ends(&values);
        (!values.is_empty()).then(|| Summary { median: median(&values), least, most })
    }

    pub(crate) fn median(&self, contender: &str, measure: Measure) -> Option<f64> {
        self.summary(contender, measure).map(|summary| summary.median)
    }

    /// What couldn't be measured, a line each, and what else there is to say.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for Contestant { label, not_built, .. } in &self.contenders {
            notes.extend(not_built.iter().map(|why| format!("{label}: not built: {why}")));
            for measured in self.of(label) {
                let mut by_reason = BTreeMap::<_, Vec<_>>::new();
                for (measure, why) in &measured.missing {
                    by_reason.entry(why).or_default().push(measure.name(&self.sizes));
                }
                let of = format!("{label}, round {}", measured.round);
                let missing = by_reason.into_iter();
                notes.extend(
                    missing.map(|(why, names)| format!("{of}: not measured: {}: {why}", names.join("; "))),
                );
                notes.extend(measured.notes.iter().map(|note| format!("{of}: {note}")));
            }
        }
        notes
    }

    /// Whether all could be measured.
    pub(crate) fn is_whole(&self) -> bool {
        self.contenders.iter().all(|contender| contender.not_built.is_none())
            && self.measured.iter().all(|measured| measured.missing.is_empty())
    }
}
