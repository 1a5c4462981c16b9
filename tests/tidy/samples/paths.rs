//! The ways to name a thing, shown to lead to the same refusal.

use super::{MAP, accepted, of, refused};

#[test]
fn a_group_is_refused_name_by_name() {
    let found =
        of("src/zoom/client.rs", "use crate::{\n    web::x,\n    hub::{y, z as w},\n    names::*,\n};");
    let starts = [
        "src/zoom/client.rs:3: uses crate::web::x; zoom may",
        "src/zoom/client.rs:4: uses crate::hub::y; zoom may",
        "src/zoom/client.rs:4: uses crate::hub::z; zoom may",
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (found, start) in found.iter().zip(starts) {
        assert!(found.starts_with(start), "{found:?} does not begin with {start:?}");
    }
    assert_eq!(of("src/zoom/client.rs", "use crate::{web::x, hub::y};").len(), 2);
}

#[test]
fn climbing_by_super_leads_to_the_same_refusal() {
    refused("src/hub/session.rs", "use super::super::web;", 2, "crate::web;");
    refused("src/hub/mod.rs", "use self::super::web::x;", 2, "crate::web::x");
    refused(
        "src/hub/session.rs",
        "mod inner {\n    use super::super::super::{web::x};\n}",
        3,
        "crate::web::x",
    );
    accepted("src/hub/session.rs", "use super::registry;\nmod inner { use super::super::registry; }");
}

#[test]
fn a_path_without_use_is_refused_wherever_it_stands() {
    for sample in [
        "fn f() { crate::web::f(); }",
        "fn f(x: Option<&crate::web::X>) {}",
        "impl crate::web::X for u8 {}",
        "fn f() { drop(Vec::<crate::web::X>::new()); }",
        "fn f() { drop(<u8 as crate::web::X>::y()); }",
        "fn f() { assert!(matches!(x, [crate::web::X, ..])); }",
        "macro_rules! m { () => { $crate::web::f() } }",
        "macro_rules! m { () => { use $crate::{names::X, web}; } }",
        "#[crate::web::x] fn f() {}",
        "#[derive(crate::web::X)] struct S;",
        "struct S { #[serde(with = \"crate::web\")] x: u8 }",
        "fn f() { crate::r#web::f(); }",
        "fn f() { use crate::web; }",
    ] {
        refused("src/hub/session.rs", sample, 2, "uses crate::web");
    }
}

#[test]
fn a_word_in_a_text_or_a_comment_uses_nothing() {
    accepted(
        "src/hub/session.rs",
        "/// Not [`crate::web::X`].\n// crate::web\nconst X: &str = \"crate::web::x\";\npub(in crate::hub) fn f(log: u8, awc: u8) {}",
    );
}

#[test]
fn the_root_gets_no_other_name_and_is_not_imported_whole() {
    for sample in ["use crate as root;", "use crate::{self as root};", "use super::super::{self as root};"] {
        refused("src/hub/session.rs", sample, 2, "must not get another name");
    }
    refused("src/hub/session.rs", "use crate::*;", 2, "must not be imported whole");
    refused("src/hub/mod.rs", "use super::*;", 2, "must not be imported whole");
    let found = of("src/hub/session.rs", "use crate as root;\nfn f() { root::web(); }");
    assert!(found.iter().any(|line| line.contains(":3: uses crate::web;")), "{found:?}");
    accepted("src/lib.rs", &MAP.replace("//! The map.\n", "#[cfg(test)] fn f() { crate::hub::f(); }\n"));
}

#[test]
fn what_hides_a_name_is_refused() {
    refused("src/hub/session.rs", "extern crate awc as http;", 2, "uses extern crate");
    refused("src/hub/session.rs", "#[path = \"../web/x.rs\"]\nmod x;", 3, "uses #[path]");
    refused("src/hub/session.rs", "include!(\"../web/x.rs\");", 2, "uses include!");
    refused("src/zoom/client.rs", "pub use awc as http;", 2, "no file may re-export");
}

#[test]
fn foreign_crates_are_refused_by_whatever_name() {
    for sample in [
        "use awc as http;",
        "use awc;",
        "use ::awc::Client;",
        "use r#awc::Client;",
        "fn f() { awc::Client::new(); }",
        "type Client = ::awc::Client;",
        "fn f() { log::info!(\"{:?}\", awc::Client::new()); }",
    ] {
        refused("src/hub/session.rs", sample, 2, "hub must not use awc: it knows no HTTP");
    }
    let found = of("src/hub/session.rs", "use awc as http;\nfn f() { http::Client::new(); }");
    assert!(found.iter().any(|line| line.contains(":3: uses awc::Client::new;")), "{found:?}");
}
