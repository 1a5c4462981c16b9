//! What a round gives of one contender: a step that fails leaves a reason in place of its figures, and the next is taken.

use std::time::Duration;

use crate::report::measure::Measure;
use crate::report::record::Measured;
use crate::{Attempt, due};

/// No step of any contender takes so long.
const LONGEST_STEP: Duration = Duration::from_secs(90);

/// No life does: of the slowest contender one is a quarter of it.
pub(super) const LONGEST_LIFE: Duration = Duration::from_mins(3);

/// What a step measured.
pub(super) type Figures = Vec<(Measure, f64)>;

#[derive(Debug)]
pub(super) struct Sheet {
    measured: Measured,
}

impl Sheet {
    pub(super) fn new(contender: &str, round: u32) -> Self {
        Self { measured: Measured { contender: contender.to_owned(), round, ..Measured::default() } }
    }

    pub(super) fn round(&self) -> u32 {
        self.measured.round
    }

    /// Takes a step that measures these.
    pub(super) async fn step(&mut self, measures: &[Measure], step: impl Future<Output = Attempt<Figures>>) {
        let outcome = due("the end of a step", LONGEST_STEP, step).await.flatten();
        match outcome {
            Ok(figures) => {
                // What never happened, or in no time, is no number.
                for (measure, value) in figures.into_iter().filter(|(_, value)| value.is_finite()) {
                    self.put(measure, value);
                }
                self.lacks(measures, "it never happened");
            }
            Err(why) => self.lacks(measures, &why.to_string()),
        }
    }

    /// Why those of these are not here that aren't.
    pub(super) fn lacks(&mut self, measures: &[Measure], why: &str) {
        let Measured { figures, missing, .. } = &mut self.measured;
        for measure in measures.iter().filter(|measure| !figures.contains_key(measure)) {
            missing.entry(*measure).or_insert_with(|| why.to_owned());
        }
    }

    /// To the thousandth: more says nothing, and wouldn't be read again as it was written.
    pub(super) fn put(&mut self, measure: Measure, value: f64) {
        self.measured.figures.insert(measure, (value * 1e3).round() / 1e3);
    }

    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = String>) {
        for note in notes {
            if !self.measured.notes.contains(&note) {
                self.measured.notes.push(note);
            }
        }
    }

    pub(super) fn put_series(&mut self, had: Vec<usize>) {
        self.measured.under_limit = had;
    }

    pub(super) fn finished(self) -> Measured {
        self.measured
    }
}
