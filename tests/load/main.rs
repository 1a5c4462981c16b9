//! The arithmetic of `benches/load`: what it reckons with must be right before its figures mean anything.
//!
//! A benchmark without the usual harness has no tests of its own, so its files are read in here.

#![allow(dead_code, reason = "the rest of these files is used by the driver alone")]
#![allow(clippy::float_cmp, reason = "a number that is picked out of others is one of them")]

#[path = "../../benches/load/process.rs"]
mod process;
#[path = "../../benches/load/spread.rs"]
mod spread;
#[path = "../../benches/load/window.rs"]
mod window;

use std::error::Error;
use std::time::{Duration, Instant};

use self::spread::{ends, median, milliseconds, percentile};
use self::window::SlidingWindow;

type Attempt<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[test]
fn no_second_holds_more_than_the_limit_and_a_place_comes_free_after_one() {
    let (start, mut window) = (Instant::now(), SlidingWindow::default());
    let mut at = |ms| window.admits(start + Duration::from_millis(ms), 2);
    assert!(at(0) && at(400));
    assert!(!at(999));
    assert!(at(1000));
    assert!(!at(1399));
    assert!(at(1400));
    assert_eq!(window.held(), 2);
}

#[test]
fn what_was_refused_takes_no_place() {
    let (start, mut window) = (Instant::now(), SlidingWindow::default());
    let mut at = |ms| window.admits(start + Duration::from_millis(ms), 1);
    assert!(at(0));
    assert!((1..1000).all(|ms| !at(ms)));
    assert!(at(1000));
}

#[test]
fn a_percentile_is_one_of_the_numbers() {
    let numbers: Vec<f64> = (1..=200).rev().map(f64::from).collect();
    let of_all = [1, 50, 99, 100].map(|percent| percentile(&numbers, percent));
    assert_eq!(of_all, [2.0, 100.0, 198.0, 200.0]);
    assert_eq!(percentile(&numbers[..50], 99), 200.0);
    assert!(percentile(&[], 99).is_infinite());
}

#[test]
fn runs_that_never_ended_count_in_the_median() {
    let never = f64::INFINITY;
    assert_eq!(median(&[3.0, never, 1.0]), 3.0);
    assert!(median(&[3.0, never, never]).is_infinite());
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.0);
    assert_eq!(ends(&[3.0, 1.0, 2.0]), (1.0, 3.0));
    assert_eq!(milliseconds([Duration::from_millis(1500)]), [1500.0]);
}

#[test]
fn a_program_of_any_name_is_read() {
    let stat = "4711 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 130 25 700 800 20 0 9 0 5 6 7";
    assert_eq!(process::ticks(stat), Some(155));
    assert_eq!(process::ticks("4711 (hub) S 1 2"), None);
}

#[test]
fn memory_is_read_by_its_name() {
    let status = "Name:\tVmRSS: 1 kB\nVmHWM:\t    4096 kB\nVmRSS:\t    2560 kB\n";
    assert_eq!(process::mebibytes(status, "VmRSS:"), Some(2.5));
    assert_eq!(process::mebibytes(status, "VmSwap:"), None);
}

#[test]
#[cfg(target_os = "linux")]
fn this_process_itself_can_be_read() {
    let usage = process::usage(std::process::id()).unwrap();
    assert!(usage.resident > 0.0 && usage.peak >= usage.resident, "{usage:?}");
    assert!(process::open_files().unwrap() > 0);
}
