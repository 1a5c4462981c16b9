//! Tells the program its version: the package's, and the commit behind it where this is a checkout with git at hand.
//!
//! Without git, or in a tarball unpacked somewhere below another project's checkout, the package's version is all.

#![allow(clippy::print_stdout, reason = "this is how cargo is told")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    match commit() {
        Some(commit) => println!("cargo:rustc-env=ZOOM_TOKEN_HUB_VERSION={version} ({commit})"),
        None => println!("cargo:rustc-env=ZOOM_TOKEN_HUB_VERSION={version}"),
    }
}

/// The commit that is checked out here, if this folder is the root of a checkout.
fn commit() -> Option<String> {
    if !git(&["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    // The branch's own file is not there while all refs are packed; what is not there would mean "always changed".
    for name in
        [Some("HEAD"), Some("logs/HEAD"), Some("packed-refs"), branch.as_deref()].into_iter().flatten()
    {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=7", "HEAD"])
}

/// What git says, if it is there and content. A hook's variables must not lead it to another repository.
fn git(arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let output = git.args(arguments).env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
