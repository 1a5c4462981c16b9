//! How the log is written: an event a line, on standard error.

use std::fmt::Display;
use std::io::{self, Write};

use env_logger::Builder;
use env_logger::fmt::Formatter;
use log::Record;

/// Starts the log. Where nothing else is asked for, the libraries' account of their own start is left out.
pub(super) fn start(filter: &str) {
    let filter = if filter == "info" { "info,actix_server=warn" } else { filter };
    Builder::new().parse_filters(filter).format(write_event).init();
}

/// In one piece: there are two events for every token, and the formatter looks through each piece by itself.
fn write_event(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let line = line(out.timestamp_millis(), record);
    out.write_all(line.as_bytes())
}

/// An event as it is written. What has several lines passes for no other event.
fn line(at: impl Display, record: &Record<'_>) -> String {
    let (level, target, text) = (record.level(), record.target(), record.args());
    let mut line = format!("[{at} {level:<5} {target}] {text}");
    if line.contains('\n') {
        line = line.replace('\n', "\n    ");
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    #[test]
    fn an_event_of_several_lines_passes_for_no_other() {
        let forged = "gone\n[2026-03-02T09:00:00.000Z INFO  audit] minted";
        let text = format_args!("{forged}");
        let record = Record::builder().level(Level::Warn).target("hub").args(text).build();
        let text = line("now", &record);
        assert_eq!(text, "[now WARN  hub] gone\n    [2026-03-02T09:00:00.000Z INFO  audit] minted\n");
    }
}
