//! What a hub complains of in its log: the lines at WARN and ERROR, counted by kind.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Write};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Longer kinds are cut.
const LONGEST: usize = 160;

/// What was heard so far.
#[derive(Debug)]
pub(crate) struct Complaints {
    heard: UnboundedReceiver<String>,
    by_kind: BTreeMap<String, usize>,
}

impl Complaints {
    /// Hears what is written to the pipe, on a thread of its own, and keeps it in a file where there is one.
    pub(crate) fn hear(copy: Option<File>) -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        let (sender, heard) = unbounded_channel();
        drop(std::thread::spawn(move || listen(reader, copy, &sender)));
        Ok((Self { heard, by_kind: BTreeMap::new() }, writer))
    }

    pub(crate) fn catch_up(&mut self) {
        while let Ok(kind) = self.heard.try_recv() {
            *self.by_kind.entry(kind).or_default() += 1;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.by_kind.values().sum()
    }

    /// A line for each kind.
    pub(crate) fn told(&self) -> Vec<String> {
        self.by_kind.iter().map(|(kind, count)| format!("log: {count} × {kind}")).collect()
    }
}

/// Until the hub has ended: one that nobody listens to would stop at its next line.
fn listen(pipe: PipeReader, mut copy: Option<File>, sender: &UnboundedSender<String>) {
    let (mut pipe, mut line) = (BufReader::new(pipe), Vec::new());
    while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if copy.as_mut().is_some_and(|copy| copy.write_all(&line).is_err()) {
            copy = None;
        }
        if let Some(kind) = kind(&String::from_utf8_lossy(&line)) {
            // Where nobody wants to know any more, the pipe is emptied all the same.
            sender.send(kind).ok();
        }
        line.clear();
    }
}

/// What a line complains of: level, target and words, less what differs from case to case; none where it is no complaint.
/// What begins no line of the log, a panic's for one, is one as well.
pub(crate) fn kind(line: &str) -> Option<String> {
    let line = line.trim_end();
    let Some((head, words)) = line.strip_prefix('[').and_then(|line| line.split_once("] ")) else {
        return (!line.is_empty()).then(|| cut(&format!("no line of the log: {}", alike(line))));
    };
    let mut head = head.split_whitespace().skip(1);
    let (level, target) = (head.next()?, head.next().unwrap_or_default());
    matches!(level, "WARN" | "ERROR").then(|| cut(&format!("{level} {target}: {}", alike(words))))
}

/// Without what is quoted, and without words in which there are digits.
fn alike(words: &str) -> String {
    let unquoted: Vec<_> =
        words.split('"').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "…" }).collect();
    let unquoted = unquoted.concat();
    let words = unquoted.split_whitespace().map(|word| match word.split_once('=') {
        Some((name, value)) if has_digits(value) => format!("{name}=#"),
        None if has_digits(word) => "#".to_owned(),
        Some(_) | None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn has_digits(word: &str) -> bool {
    word.contains(|letter: char| letter.is_ascii_digit())
}

fn cut(kind: &str) -> String {
    kind.chars().take(LONGEST).collect()
}
