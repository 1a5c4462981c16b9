//! One number that was measured: what it is called, what it is measured in, what it should be.

use std::time::Duration;

use serde::Serialize;

/// What a number is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "")]
    Count,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "µs")]
    Microseconds,
    #[serde(rename = "KiB")]
    Kibibytes,
    #[serde(rename = "MiB")]
    Mebibytes,
    /// A million bytes.
    #[serde(rename = "MB")]
    Megabytes,
    #[serde(rename = "%")]
    Percent,
    #[serde(rename = "×")]
    Times,
}

/// What a number should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// The number. Infinity is what never happened.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Target>,
}

/// What one run of a scenario gave.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Measurement {
    pub(crate) figures: Vec<Figure>,
    /// What no number says: the codes of rows that failed, say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

impl Unit {
    /// A number of it, in words; infinity is what never happened.
    pub(crate) fn written(self, value: f64) -> String {
        let name = match self {
            Self::Seconds => " s",
            Self::Milliseconds => " ms",
            Self::Microseconds => " µs",
            Self::Kibibytes => " KiB",
            Self::Mebibytes => " MiB",
            Self::Megabytes => " MB",
            Self::Percent => " %",
            Self::Times => " ×",
            Self::Count => "",
        };
        let digits = self.digits(value);
        if value.is_finite() { digits + name } else { digits }
    }

    pub(crate) fn digits(self, value: f64) -> String {
        if !value.is_finite() {
            return "never".to_owned();
        }
        match self {
            Self::Seconds | Self::Times => format!("{value:.2}"),
            Self::Microseconds if value < 100.0 => format!("{value:.1}"),
            Self::Milliseconds | Self::Kibibytes | Self::Mebibytes | Self::Megabytes | Self::Percent => {
                format!("{value:.1}")
            }
            Self::Microseconds | Self::Count => format!("{value:.0}"),
        }
    }
}

impl Figure {
    pub(crate) fn new(name: &'static str, value: f64, unit: Unit) -> Self {
        Self { name, value, unit, target: None }
    }

    pub(crate) fn count(name: &'static str, count: usize) -> Self {
        Self::new(name, number(count), Unit::Count)
    }

    /// None: it never happened.
    pub(crate) fn seconds(name: &'static str, time: Option<Duration>) -> Self {
        Self::new(name, time.map_or(f64::INFINITY, |time| time.as_secs_f64()), Unit::Seconds)
    }

    /// None: it never happened.
    pub(crate) fn milliseconds(name: &'static str, time: Option<Duration>) -> Self {
        Self::new(name, time.map_or(f64::INFINITY, |time| time.as_secs_f64() * 1e3), Unit::Milliseconds)
    }

    /// A time shared out among so many.
    pub(crate) fn each(name: &'static str, time: Duration, among: usize) -> Self {
        Self::new(name, time.as_secs_f64() * 1e6 / number(among), Unit::Microseconds)
    }

    pub(crate) fn percent(name: &'static str, part: usize, whole: usize) -> Self {
        let share = if whole == 0 { 0.0 } else { number(part) / number(whole) };
        Self::new(name, share * 100.0, Unit::Percent)
    }

    pub(crate) fn at_most(self, most: f64) -> Self {
        Self { target: Some(Target::AtMost(most)), ..self }
    }

    pub(crate) fn at_least(self, least: f64) -> Self {
        Self { target: Some(Target::AtLeast(least)), ..self }
    }
}

impl Target {
    pub(crate) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// A count as a number to reckon with; no scenario counts to four billion.
pub(crate) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
