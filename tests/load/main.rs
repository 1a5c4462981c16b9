//! The arithmetic of `benches/load`: what it reckons with must be right before its figures mean anything.
//!
//! A benchmark without the usual harness has no tests of its own, so its files are read in here.

#![allow(dead_code, reason = "the rest of these files is used by the driver alone")]
#![allow(clippy::float_cmp, reason = "a number that is picked out of others is one of them")]

#[path = "../../benches/load/columns.rs"]
mod columns;
mod comparison;
#[path = "../../benches/load/complaints.rs"]
mod complaints;
#[path = "../../benches/load/figures.rs"]
mod figures;
#[path = "../../benches/load/frames.rs"]
mod frames;
#[path = "../../benches/load/process.rs"]
mod process;
#[path = "../../benches/load/report/mod.rs"]
mod report;
#[path = "../../benches/load/spread.rs"]
mod spread;
#[path = "../../benches/load/scenarios/soak/trend.rs"]
mod trend;
#[path = "../../benches/load/window.rs"]
mod window;
#[path = "../../benches/load/mob/wire.rs"]
mod wire;

use std::error::Error;
use std::time::{Duration, Instant};

use self::complaints::{Complaints, kind};
use self::spread::{ends, median, milliseconds, percentile};
use self::trend::{growth, quarter};
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
fn the_finer_clock_tells_the_time_on_a_processor_first() {
    assert_eq!(process::nanoseconds("92198 920674 2\n"), Some(92_198));
    assert_eq!(process::nanoseconds(""), None);
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

#[test]
fn a_ports_connections_are_those_that_are_open_at_its_own_end() {
    let table = "  sl  local_address rem_address   st tx_queue\n\
                 0: 0100007F:1F90 00000000:0000 0A 0\n\
                 1: 0100007F:1F90 0100007F:C350 01 0\n\
                 2: 0100007F:1F90 0100007F:C351 08 0\n\
                 3: 0100007F:1F90 0100007F:C352 06 0\n\
                 4: 0100007F:C350 0100007F:1F90 01 0\n";
    assert_eq!(process::connections_in(table, 8080), 2);
    assert_eq!(process::connections_in(table, 50_000), 1);
}

#[test]
fn growth_is_that_of_the_last_quarter_over_the_second() {
    let samples = [90.0, 10.0, 10.0, 10.0, 50.0, 50.0, 12.0, 12.0];
    assert_eq!(quarter(&samples, 1), [10.0, 10.0]);
    assert_eq!(growth(&samples), 1.2);
    let steady: Vec<f64> = (0..61).map(|_| 30.0).collect();
    assert_eq!((growth(&steady), quarter(&steady, 3).len()), (1.0, 16));
    assert!(growth(&[]).is_nan());
}

#[test]
fn complaints_that_differ_by_who_and_when_are_one_kind() {
    let line = |user: &str, session: &str| {
        format!(
            "[2026-03-02T09:00:00.000Z WARN  audit] minted kind=OBF user=\"{user}\" meeting=1234567890 \
             session={session} outcome=zoom_user_not_found reason=\"no {user}\"\n"
        )
    };
    let wanted =
        "WARN audit: minted kind=OBF user=… meeting=# session=# outcome=zoom_user_not_found reason=…";
    assert_eq!(kind(&line("a b", "9b1d")).as_deref(), Some(wanted));
    assert_eq!(kind(&line("c", "77aa")).as_deref(), Some(wanted));
}

#[test]
fn what_is_no_line_of_the_log_is_a_complaint_and_what_informs_is_none() {
    assert_eq!(kind("[2026-03-02T09:00:00.000Z INFO  access] GET / 500 1ms request=1"), None);
    assert_eq!(kind(""), None);
    let panic = kind("thread 'main' panicked at src/main.rs:7:5:").unwrap();
    assert_eq!(panic, "no line of the log: thread 'main' panicked at #");
    let error = kind("[2026-03-02T09:00:00.000Z ERROR zoom_token_hub::web] gone after 3 s").unwrap();
    assert_eq!(error, "ERROR zoom_token_hub::web: gone after # s");
}

#[test]
fn what_a_hub_complains_of_is_counted() {
    use std::io::Write;

    let (mut complaints, mut log) = Complaints::hear(None).unwrap();
    for line in ["[x WARN  a] b 1", "[x INFO  a] b", "[x WARN  a] b 2"] {
        writeln!(log, "{line}").unwrap();
    }
    drop(log);
    let since = Instant::now();
    while complaints.count() < 2 && since.elapsed() < Duration::from_secs(10) {
        complaints.catch_up();
        std::thread::yield_now();
    }
    assert_eq!(complaints.told(), ["log: 2 × WARN a: b #"]);
}

#[test]
fn frames_are_written_as_a_client_writes_them() {
    assert_eq!(wire::frame(wire::PING, b"hi"), [0x89, 0x82, 0, 0, 0, 0, b'h', b'i']);
    assert_eq!(wire::head(wire::TEXT, 300), [0x81, 0xfe, 1, 44, 0, 0, 0, 0]);
    assert_eq!(wire::head(wire::TEXT, 70_000), [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 0, 0, 0, 0]);
}

#[test]
fn a_goodbye_is_heard_wherever_the_bytes_are_cut() {
    let text = |length: usize| {
        let head = match length {
            0..126 => vec![0x81, u8::try_from(length).unwrap()],
            126..65_536 => [vec![0x81, 0x7e], u16::try_from(length).unwrap().to_be_bytes().to_vec()].concat(),
            _ => [vec![0x81, 0x7f], u64::try_from(length).unwrap().to_be_bytes().to_vec()].concat(),
        };
        // What would be a goodbye, were it not inside a frame.
        [head, vec![0x88; length]].concat()
    };
    let said = [text(3), text(0), text(200), text(66_000)].concat();
    for cut in [1, 2, 3, 7, 1000, said.len()] {
        let mut ear = wire::Ear::default();
        assert!(said.chunks(cut).all(|chunk| !ear.hears_close(chunk)), "cut by {cut}");
        assert!([0x88, 0x02, 3, 0xe8].chunks(cut).any(|chunk| ear.hears_close(chunk)), "cut by {cut}");
    }
}
