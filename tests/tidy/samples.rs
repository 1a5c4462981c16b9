//! Each rule, shown failing on a sample that breaks it and silent on one that keeps it; here those about files.

mod layers;
mod paths;

use crate::files::MOST_LINES;
use crate::{Source, breaches};

const MANIFEST: &str = r#"
[package]
name = "sample"

[dependencies]
actix = "0.13"
actix-web = { version = "4", default-features = false }
awc.version = "3"
log = "0.4"
serde_json = "1"

[dev-dependencies.proptest]
version = "1"
"#;

const MAP: &str = "//! The map.
pub mod cli;
pub mod config;
pub mod hub;
pub mod names;
pub mod secret;
pub mod simulator;
pub mod web;
pub mod zoom;
";

/// The breaches in one file of an otherwise clean house. Its purpose is line 1, so the sample begins at line 2.
fn of(path: &str, sample: &str) -> Vec<String> {
    whole(path, &format!("//! A sample.\n{sample}\n"))
}

fn whole(path: &str, text: &str) -> Vec<String> {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let mut sources = vec![source(path, text)];
    if path != "src/lib.rs" {
        sources.push(source("src/lib.rs", MAP));
    }
    breaches(MANIFEST, &sources)
}

/// Asserts that a sample is refused in exactly one place, and what the message says there.
#[track_caller]
fn refused(path: &str, sample: &str, line: usize, says: &str) {
    let found = of(path, sample);
    assert_eq!(found.len(), 1, "breaches in {sample:?}: {found:#?}");
    let only = found.concat();
    let place = format!("{path}:{line}: ");
    assert!(only.starts_with(&place), "{only:?} is not at {place:?}");
    assert!(only.contains(says), "{only:?} does not say {says:?}");
    assert_eq!(only.lines().count(), 1, "a message is one line");
}

#[track_caller]
fn accepted(path: &str, sample: &str) {
    assert_eq!(of(path, sample), Vec::<String>::new(), "{sample:?}");
}

#[test]
fn a_message_tells_the_place_the_use_the_rule_and_the_reason() {
    assert_eq!(
        of("src/hub/session.rs", "use crate::web;"),
        [
            "src/hub/session.rs:2: uses crate::web; hub may use of the crate only identity, zoom, config, names, secret, \
             under_way: it knows no HTTP, no frames, no JSON text and no transport"
        ]
    );
}

#[test]
fn a_file_has_at_most_400_lines() {
    let lines = |count: usize| format!("//! A sample.\n{}", "\n".repeat(count - 1));
    assert_eq!(whole("src/hub/session.rs", &lines(MOST_LINES)), Vec::<String>::new());
    for path in ["src/hub/session.rs", "tests/hub/main.rs"] {
        let found = whole(path, &lines(401));
        assert!(
            found.iter().any(|line| line.starts_with(&format!("{path}:401: has 401 lines"))),
            "{found:?}"
        );
    }
}

#[test]
fn a_file_opens_with_its_purpose() {
    for text in ["", "use std::fmt;\n", "\n//! Late.\n", "// Not this.\n"] {
        for path in ["src/hub/session.rs", "tests/hub/main.rs"] {
            let found = whole(path, text);
            assert!(found.iter().all(|line| line.contains(":1: must open with //!")), "{found:?}");
            assert_eq!(found.len(), 1, "{text:?}");
        }
    }
}

#[test]
fn a_name_that_fits_anything_is_refused() {
    for path in ["src/hub/utils.rs", "src/hub/misc/x.rs", "tests/common/mod.rs"] {
        refused(path, "", 1, "which fits anything");
    }
    refused("src/hub/session.rs", "mod helper {}", 2, "is named helper");
    refused("tests/hub/main.rs", "mod util {}", 2, "is named util");
}

#[test]
fn a_file_that_cannot_be_read_is_no_clean_file() {
    refused("src/hub/session.rs", "fn (", 2, "cannot be parsed");
}

#[test]
fn a_clean_house_passes() {
    for (path, sample) in [
        (
            "src/names.rs",
            "use std::fmt;\nuse serde::Serialize;\n#[cfg(test)]\nmod tests { use proptest::prelude::*; use super::*; }",
        ),
        ("src/config.rs", "use crate::{names::X, secret::Secret};"),
        ("src/zoom/mod.rs", "pub mod api;\npub use api::Y;"),
        ("src/zoom/client.rs", "use super::api::Y;\nuse crate::config::Config;\nuse awc::Client;"),
        ("src/hub/presence.rs", "use dashmap::DashMap;\nuse crate::zoom::Broker;"),
        ("src/web/socketio/connections.rs", "use dashmap::DashMap;"),
        ("src/web/websocket.rs", "use actix_web_actors::ws;\nuse crate::{hub::Session, zoom::Broker};"),
        ("src/simulator/mod.rs", "use crate::zoom::api::{self, Y};\nfn f() { api::f(); }"),
        ("src/cli.rs", "use crate::{simulator, web, hub, zoom};"),
        ("src/main.rs", "use sample::cli;\nfn main() { cli::run(); }"),
    ] {
        accepted(path, sample);
    }
}
