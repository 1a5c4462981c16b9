//! The lock file: where the dependencies come from, and what must not be among them.

use std::fs;
use std::path::Path;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A line for each package of the lock file that must not be there.
fn unwanted(lock: &str) -> Vec<String> {
    let packages = lock.split("[[package]]").skip(1);
    packages.filter_map(fault).collect()
}

fn fault(package: &str) -> Option<String> {
    let value = |key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.strip_prefix(" = ")?.trim_matches('"').to_owned())
    };
    let name = value("name")?;
    match value("source") {
        None if name == env!("CARGO_PKG_NAME") => None,
        Some(source) if source != CRATES_IO => Some(format!("{name} comes from {source}")),
        None => Some(format!("{name} comes from a path")),
        Some(_) if name.starts_with("openssl") => {
            Some(format!("{name}: TLS is rustls, so that the binary needs no library of the system's"))
        }
        Some(_) => None,
    }
}

#[test]
fn every_dependency_is_a_published_crate_and_none_brings_openssl() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"actix-web\""), "this is not the lock file");
    assert_eq!(unwanted(&lock), Vec::<String>::new());
}

#[test]
fn a_dependency_from_elsewhere_and_openssl_are_found() {
    let package = |name: &str, source: &str| format!("[[package]]\nname = \"{name}\"\n{source}\n");
    let lock = [
        package("zoom-token-hub", ""),
        package("fine", &format!("source = \"{CRATES_IO}\"")),
        package("openssl-sys", &format!("source = \"{CRATES_IO}\"")),
        package("forked", "source = \"git+https://example.com/forked\""),
        package("beside", ""),
    ];
    let found = unwanted(&lock.concat());
    assert_eq!(found.len(), 3, "{found:?}");
}
