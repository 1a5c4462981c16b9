//! Many numbers told by few: the middle one, and the one below which a share of them lies.
//!
//! What never happened took infinitely long, so it counts and is sorted last.

use std::time::Duration;

/// The middle one; of an even number of them the lower of the two.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    percentile(numbers, 50)
}

/// The smallest of them that so many percent of them don't exceed. Of none: infinity.
pub(crate) fn percentile(numbers: &[f64], percent: usize) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::INFINITY)
}

/// The smallest and the largest.
pub(crate) fn ends(numbers: &[f64]) -> (f64, f64) {
    (
        numbers.iter().copied().fold(f64::INFINITY, f64::min),
        numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    )
}

/// Times in milliseconds.
pub(crate) fn milliseconds(times: impl IntoIterator<Item = Duration>) -> Vec<f64> {
    times.into_iter().map(|time| time.as_secs_f64() * 1000.0).collect()
}
