//! What every file owes its reader, whatever is in it: a purpose, a size, a name that says something.

use crate::paths::{Sight, What};
use crate::{Breaches, Source};

/// The most lines of a file, its tests among them.
pub(crate) const MOST_LINES: usize = 400;

/// Names that fit anything, and so gather everything.
const EMPTY_NAMES: [&str; 10] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils", "utility", "utilities"];

/// Judges a file as a text.
pub(crate) fn judge(source: &Source, found: &mut Breaches) {
    let mut complain = |line, why: String| found.insert((source.path.clone(), line, why));
    if !source.text.starts_with("//!") {
        complain(1, "must open with //!: what it is for, who owns the state, what is absent".into());
    }
    let lines = source.text.lines().count();
    if lines > MOST_LINES {
        complain(
            MOST_LINES + 1,
            format!(
                "has {lines} lines of {MOST_LINES} at most: a file is read in one go, so split it by subject"
            ),
        );
    }
    let path = source.path.strip_suffix(".rs").unwrap_or(&source.path);
    for name in path.split('/').filter(|name| EMPTY_NAMES.contains(name)) {
        complain(1, empty(name));
    }
}

/// Judges the names of the modules that the files declare.
pub(crate) fn judge_modules(read: &[(&str, Vec<Sight>)], found: &mut Breaches) {
    for (path, sights) in read {
        for sight in sights {
            if let What::Module { name, .. } = &sight.what
                && EMPTY_NAMES.contains(&name.as_str())
            {
                found.insert(((*path).to_owned(), sight.line, empty(name)));
            }
        }
    }
}

fn empty(name: &str) -> String {
    format!("is named {name}, which fits anything and so gathers everything: name what it holds")
}
