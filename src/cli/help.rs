//! What `--help` adds to the commands: every variable, in its group.

use std::fmt::Write;

use super::wrap::hanging;
use crate::config::{GROUPS, VARIABLES};

/// A space at which no line ends.
const HELD: char = '\u{a0}';

/// Every variable with its default and its meaning.
pub(super) fn variables() -> String {
    let mut page = "Variables, from the environment or else from .env in the current directory:\n".to_owned();
    let longest = VARIABLES.iter().map(|variable| variable.name.len()).max().unwrap_or_default();
    for variable in VARIABLES {
        if let Some((heading, _)) = GROUPS.iter().find(|(_, first)| *first == variable.name) {
            // Writing to a text can't fail.
            writeln!(page, "\n  {heading}").ok();
        }
        let head = format!("    {:longest$}  ", variable.name);
        let meaning = match variable.default {
            "–" => variable.meaning.to_owned(),
            default => format!("{} [default:{HELD}{default}]", variable.meaning),
        };
        writeln!(page, "{}", hanging(&head, &meaning).replace(HELD, " ")).ok();
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::wrap::WIDTH;

    #[test]
    fn every_variable_stands_under_its_heading_with_its_default() {
        let page = variables();
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text:?} in {page}"));
        assert!(at("  The server\n    APP_ENV ") < at("    PORT "), "{page}");
        assert!(page.contains("the port to listen on; 0: any free one [default: 3000]\n"), "{page}");
        assert!(page.contains("client secret of that app\n"), "{page}");
        for variable in VARIABLES {
            at(&format!("\n    {} ", variable.name));
        }
    }
}
