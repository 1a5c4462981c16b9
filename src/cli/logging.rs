//! How the log is written: an event a line, on standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use env_logger::Builder;
use env_logger::fmt::Formatter;
use log::Record;

/// Starts the log. Where nothing else is asked for, the libraries' account of their own start is left out.
pub(super) fn start(filter: &str) {
    let filter = if filter == "info" { "info,actix_server=warn" } else { filter };
    Builder::new().parse_filters(filter).format(as_a_line).init();
}

/// One event. In one piece: there are two lines for every token, and the formatter takes about as long for a piece as for a
/// line.
fn as_a_line(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let mut line = String::with_capacity(256);
    let (at, level, target) = (out.timestamp_millis(), record.level(), record.target());
    write!(line, "[{at} {level:<5} {target}] {}", record.args()).map_err(io::Error::other)?;
    // What has several lines passes for no other event.
    if line.contains('\n') {
        line = line.replace('\n', "\n    ");
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}
