//! What all runs gave, as it is written to a file of JSON. A figure whose value is null never happened.

use serde::Serialize;

use crate::Attempt;
use crate::figures::Measurement;
use crate::hub::Build;
use crate::process;

#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: String,
    pub(crate) runs: u32,
    pub(crate) hubs: Vec<Measured>,
    pub(crate) played: Vec<Played>,
}

/// A build, and the letter that stands for it.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) label: char,
    pub(crate) version: String,
    pub(crate) path: String,
}

/// One run of one scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Played {
    pub(crate) scenario: String,
    pub(crate) hub: char,
    pub(crate) run: u32,
    #[serde(flatten)]
    pub(crate) measurement: Measurement,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_measured: Option<String>,
}

impl Results {
    pub(crate) fn new(builds: &[Build], runs: u32) -> Self {
        let measured = |(label, build): (char, &Build)| {
            let path = build.path.display().to_string();
            Measured { label, version: build.version.clone(), path }
        };
        let hubs = ('A'..='Z').zip(builds).map(measured).collect();
        Self { machine: process::business(), runs, hubs, played: Vec::new() }
    }
}

impl Played {
    pub(crate) fn new(scenario: &str, hub: char, run: u32, outcome: Attempt<Measurement>) -> Self {
        let (measurement, not_measured) = match outcome {
            Ok(measurement) => (measurement, None),
            Err(why) => (Measurement::default(), Some(why.to_string())),
        };
        Self { scenario: scenario.to_owned(), hub, run, measurement, not_measured }
    }
}
