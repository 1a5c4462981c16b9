//! What Linux tells of a process: the processor time that it took, the memory that it holds, the files it may open.

use std::fs;
use std::io;
use std::time::Duration;

use crate::Attempt;

/// A tick of `/proc/PID/stat`: `USER_HZ` is 100 wherever Linux runs today.
const TICK: Duration = Duration::from_millis(10);

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// User and system time of all its threads; its children's is not in it.
    pub(crate) processor: Duration,
    /// `VmRSS`, in MiB.
    pub(crate) resident: f64,
    /// `VmHWM`, in MiB: the most that was resident.
    pub(crate) peak: f64,
}

pub(crate) fn usage(id: u32) -> Attempt<Usage> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let mebibytes = |name| mebibytes(&status, name).ok_or("/proc/PID/status reads otherwise than expected");
    let processor = match on_processor(id) {
        Some(time) => time,
        None => in_ticks(id)?,
    };
    Ok(Usage { processor, resident: mebibytes("VmRSS:")?, peak: mebibytes("VmHWM:")? })
}

/// The same of a process and all that it has started.
pub(crate) fn usage_of_family(id: u32) -> Attempt<Usage> {
    let mut all = usage(id)?;
    for child in children(id) {
        // One that has ended meanwhile uses nothing any more.
        let Usage { processor, resident, peak } = usage_of_family(child).unwrap_or_default();
        all.processor += processor;
        all.resident += resident;
        all.peak += peak;
    }
    Ok(all)
}

/// By which clock processor time is told on this machine.
pub(crate) fn clock() -> &'static str {
    match on_processor(std::process::id()) {
        Some(_) => "in nanoseconds, from /proc/PID/task/*/schedstat",
        None => "in ticks of 10 ms, from /proc/PID/stat",
    }
}

/// The time that its threads were on a processor, to the nanosecond; none where the kernel doesn't tell.
fn on_processor(id: u32) -> Option<Duration> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).ok()?;
    let told = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    let sum: u64 = told.filter_map(|told| nanoseconds(&told)).sum();
    (sum > 0).then(|| Duration::from_nanos(sum))
}

pub(crate) fn nanoseconds(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

fn in_ticks(id: u32) -> Attempt<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    Ok(TICK * ticks(&stat).ok_or("/proc/PID/stat reads otherwise than expected")?)
}

/// Those that its threads have started, as far as the kernel tells.
fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let told = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    told.flat_map(|told| told.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// `utime` and `stime`, the 14th and 15th field. The second is the program's name and may hold anything.
pub(crate) fn ticks(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut field = || fields.next()?.parse::<u32>().ok();
    Some(field()? + field()?)
}

pub(crate) fn mebibytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// How many files a process has open.
pub(crate) fn held_files(id: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{id}/fd"))?.count())
}

/// How many connections a program that listens on this port of IPv4 has: those that are open, and those that only the
/// other side has closed.
pub(crate) fn connections(port: u16) -> io::Result<usize> {
    Ok(connections_in(&fs::read_to_string("/proc/net/tcp")?, port))
}

pub(crate) fn connections_in(table: &str, port: u16) -> usize {
    const ESTABLISHED: &str = "01";
    const CLOSE_WAIT: &str = "08";
    let own = format!("{port:04X}");
    let counts = |line: &&str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, state) = (fields.next(), fields.nth(1));
        local.and_then(|local| local.rsplit_once(':')).is_some_and(|(_, port)| port == own)
            && matches!(state, Some(ESTABLISHED | CLOSE_WAIT))
    };
    table.lines().filter(counts).count()
}

/// How many files this process, and so the hub that it starts, may have open.
pub(crate) fn open_files() -> Attempt<usize> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.ok_or("/proc/self/limits reads otherwise than expected")? {
        "unlimited" => Ok(usize::MAX),
        number => Ok(number.parse()?),
    }
}

/// How many want a processor, by the load of the last minute.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// How busy the machine is, beside what is measured: the load of the last minute, and its processors.
pub(crate) fn business() -> String {
    let load = load();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{processors} processors, load {load} at the start")
}
