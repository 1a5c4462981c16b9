//! Whether something grows, by what it was again and again. Pure.

use crate::spread::median;

/// The median of the last quarter, by that of the second: the first is where a process finds its size.
pub(crate) fn growth(samples: &[f64]) -> f64 {
    median(quarter(samples, 3)) / median(quarter(samples, 1))
}

/// A quarter of them, the first being 0.
pub(crate) fn quarter(samples: &[f64], number: usize) -> &[f64] {
    let at = |number: usize| samples.len() * number / 4;
    samples.get(at(number)..at(number + 1)).unwrap_or_default()
}
