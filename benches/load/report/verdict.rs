//! What the hub's figures should be, by themselves or beside another's.

use super::measure::Measure;
use super::record::Record;

/// The contenders, as they are called.
pub(crate) const PLAIN: &str = "hub /ws";
pub(crate) const SOCKET_IO: &str = "hub socket.io";
pub(crate) const SEED: &str = "seed";
pub(crate) const AXUM: &str = "axum";
pub(crate) const FLOOR: &str = "floor";

/// What one of the hub's figures should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) of: &'static str,
    pub(crate) measure: Measure,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanted {
    AtMost(f64),
    /// So many times what this contender's is.
    TimesOf(f64, &'static str),
    /// So many times less than what this contender's is.
    PartOf(f64, &'static str),
    All,
}

const fn target(of: &'static str, measure: Measure, wanted: Wanted) -> Target {
    Target { of, measure, wanted }
}

pub(crate) const TARGETS: &[Target] = &[
    target(PLAIN, Measure::TokenProcessor, Wanted::TimesOf(1.6, FLOOR)),
    target(PLAIN, Measure::TokenProcessor, Wanted::PartOf(25.0, SEED)),
    target(PLAIN, Measure::ReceiptLast, Wanted::TimesOf(1.3, FLOOR)),
    target(PLAIN, Measure::FewIdle, Wanted::AtMost(14.0)),
    target(PLAIN, Measure::ManyIdle, Wanted::AtMost(14.0)),
    target(PLAIN, Measure::MostIdle, Wanted::AtMost(14.0)),
    target(SOCKET_IO, Measure::FewIdle, Wanted::AtMost(17.0)),
    target(SOCKET_IO, Measure::ManyIdle, Wanted::AtMost(17.0)),
    target(SOCKET_IO, Measure::MostIdle, Wanted::AtMost(17.0)),
    target(PLAIN, Measure::PingProcessor, Wanted::AtMost(7.0)),
    target(PLAIN, Measure::FirstAnswer, Wanted::AtMost(50.0)),
    target(PLAIN, Measure::Binary, Wanted::AtMost(12.0)),
    target(PLAIN, Measure::UnderLimit, Wanted::All),
    target(SOCKET_IO, Measure::UnderLimit, Wanted::All),
    target(PLAIN, Measure::FullDelivered, Wanted::All),
    target(PLAIN, Measure::FullAstray, Wanted::AtMost(0.0)),
];

impl Target {
    /// Those of a row.
    pub(crate) fn of_measure(measure: Measure) -> impl Iterator<Item = &'static Self> {
        TARGETS.iter().filter(move |target| target.measure == measure)
    }

    /// None where what it is judged by wasn't measured.
    pub(crate) fn is_met(&self, record: &Record) -> Option<bool> {
        let own = record.median(self.of, self.measure)?;
        Some(match self.wanted {
            Wanted::AtMost(most) => own <= most,
            Wanted::TimesOf(times, other) => own <= record.median(other, self.measure)? * times,
            Wanted::PartOf(part, other) => own <= record.median(other, self.measure)? / part,
            Wanted::All if self.measure == Measure::FullDelivered => own >= number(record.sizes.full),
            Wanted::All => own >= number(record.sizes.pressed),
        })
    }

    pub(crate) fn told(&self) -> String {
        match self.wanted {
            Wanted::AtMost(most) => format!("≤ {}", self.measure.unit().written(most)),
            Wanted::TimesOf(times, other) => format!("≤ {times} × {other}"),
            Wanted::PartOf(part, other) => format!("≤ {other} ÷ {part}"),
            Wanted::All => "all".to_owned(),
        }
    }
}

fn number(count: usize) -> f64 {
    crate::figures::number(count)
}
