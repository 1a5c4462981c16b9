//! On what is measured.

use std::fs;

use crate::process;
use crate::report::record::Machine;

/// As far as Linux tells.
pub(super) fn this() -> Machine {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let (processors, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    Machine {
        processor: value(&processors, "model name").unwrap_or("an unnamed processor").to_owned(),
        processors: std::thread::available_parallelism().map_or(0, usize::from),
        memory: process::mebibytes(&memory, "MemTotal:")
            .map_or_else(|| "unknown memory".to_owned(), |memory| format!("{:.0} GiB", memory / 1024.0)),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        load: process::load(),
    }
}

fn value<'a>(table: &'a str, name: &str) -> Option<&'a str> {
    let line = table.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}
