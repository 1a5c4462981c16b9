//! The rows of the table, each shown failing.

use super::{MANIFEST, accepted, refused};
use crate::{Source, breaches};

#[test]
fn the_layers_hold_in_tests_too() {
    refused("src/hub/session.rs", "#[cfg(test)]\nmod tests {\n    use crate::web;\n}", 4, "crate::web");
}

#[test]
fn each_layer_is_kept_to_its_foreign_crates() {
    for (path, sample, says) in [
        ("src/names.rs", "use log::info;", "names may use of foreign crates only serde, thiserror, rand"),
        ("src/secret.rs", "use rand::random;", "secret may use of foreign crates only serde, zeroize"),
        ("src/config.rs", "use serde_json::Value;", "config may use of foreign crates only serde, url"),
        ("src/zoom/client.rs", "use actix_web::HttpRequest;", "zoom must not use actix_web"),
        ("src/zoom/api.rs", "use awc::Client;", "zoom::api must not use awc"),
        ("src/hub/session.rs", "use serde_json::Value;", "hub must not use serde_json"),
        ("src/hub/session.rs", "use actix_http::Request;", "hub must not use actix_http"),
        ("src/web/mod.rs", "use awc::Client;", "web must not use awc"),
        ("src/simulator/mod.rs", "use dotenvy::dotenv;", "simulator must not use dotenvy"),
        ("src/web/mod.rs", "use actix_web_actors::ws;", "only src/web/websocket.rs may use actix_web_actors"),
        (
            "src/hub/registry.rs",
            "use dashmap::DashMap;",
            "only src/hub/presence.rs and src/web/socketio/connections.rs may use dashmap",
        ),
        (
            "src/cli.rs",
            "use dashmap::DashMap;",
            "only src/hub/presence.rs and src/web/socketio/connections.rs may use dashmap",
        ),
    ] {
        refused(path, sample, 2, says);
    }
}

#[test]
fn each_layer_is_kept_to_its_part_of_the_crate() {
    for (path, sample) in [
        ("src/names.rs", "use crate::secret::Secret;"),
        ("src/secret.rs", "use crate::names::UserId;"),
        ("src/config/origin.rs", "use crate::zoom::api;"),
        ("src/zoom/broker.rs", "use crate::simulator::Simulator;"),
        ("src/zoom/api.rs", "use super::client::Client;"),
        ("src/hub/session.rs", "use crate::cli::serve;"),
        ("src/web/mod.rs", "use crate::simulator::Simulator;"),
        ("src/simulator/mod.rs", "use crate::zoom::client::Client;"),
        ("src/simulator/mod.rs", "use crate::zoom;"),
        ("src/simulator/mod.rs", "use crate::zoom::*;"),
        ("src/simulator/mod.rs", "use crate::hub::Registry;"),
        ("src/hub/session.rs", "use crate::Thing;"),
    ] {
        refused(path, sample, 2, " may use ");
    }
    refused("src/lib.rs", "pub mod hub { use super::web; }", 2, "hub may use");
}

#[test]
fn only_config_reads_the_environment() {
    for sample in [
        "fn f() { std::env::var(\"X\"); }",
        "use std::env::{self, vars};",
        "use std::{env::*};",
        "use std::env::var_os as get;",
        "pub use std::env;",
    ] {
        refused("src/cli.rs", sample, 2, "only config may read the environment");
    }
    refused("src/cli.rs", "use std::env as e;\nfn f() { e::var(\"X\"); }", 3, "uses std::env::var;");
    accepted("src/cli.rs", "use std::env;\nfn f() { env::args(); }");
    accepted("src/config.rs", "fn f() { std::env::var(\"X\"); }");
}

#[test]
fn tests_may_use_any_foreign_crate_and_nothing_else_may() {
    for attribute in ["#[cfg(test)]", "#[cfg(all(test, unix))]"] {
        accepted("src/hub/session.rs", &format!("{attribute}\nmod tests {{ use awc::Client; }}"));
    }
    for attribute in ["#[cfg(not(test))]", "#[cfg(any(test, unix))]", "#[cfg(unix)]"] {
        let sample = format!("{attribute}\nmod x {{ use awc::Client; }}");
        refused("src/hub/session.rs", &sample, 3, "hub must not use awc");
    }
    let source =
        |path: &str, text: &str| Source { path: path.to_owned(), text: format!("//! A sample.\n{text}") };
    let apart = [
        source("src/lib.rs", "pub mod hub;"),
        source("src/hub/mod.rs", "#[cfg(test)] mod tests;"),
        source("src/hub/tests.rs", "use awc::Client;"),
    ];
    assert_eq!(breaches(MANIFEST, &apart), Vec::<String>::new());
}

#[test]
fn a_layer_is_declared_and_what_is_declared_is_a_layer() {
    refused("src/lib.rs", "pub mod queue;", 2, "declares queue, which is no layer");
    refused("src/queue.rs", "", 1, "lib.rs must declare pub mod queue");
    refused("src/lib.rs", "mod zoom;", 2, "declares zoom without pub");
    accepted("src/lib.rs", "pub mod names;");
}
