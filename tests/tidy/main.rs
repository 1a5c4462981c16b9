//! The house is tidy: every layer keeps to what the table in `layers.rs` lets it use, and every file to its form.
//!
//! `paths.rs` reads the source as syntax and says what it names, `layers.rs` judges that, `files.rs` judges the
//! files themselves, and `samples.rs` shows each rule failing. What only a compiler knows (the type of a value, what a
//! macro makes of its tokens) is deliberately absent: clippy's disallowed methods look there.

mod files;
mod layers;
mod lock;
mod paths;
mod samples;
mod syntax;

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

/// One Rust file, by its path from the project's root, with `/` between its parts.
struct Source {
    path: String,
    text: String,
}

/// Every breach of a rule in these files, one line each, in the order of the files.
fn breaches(manifest: &str, sources: &[Source]) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut read = Vec::new();
    for source in sources {
        files::judge(source, &mut found);
        match paths::read(source, &layers::crates(manifest)) {
            Ok(sights) => read.push((source.path.as_str(), sights)),
            Err(error) => {
                let line = error.span().start().line;
                found.insert((source.path.clone(), line, format!("cannot be parsed: {error}")));
            }
        }
    }
    files::judge_modules(&read, &mut found);
    layers::judge(&read, &mut found);
    found.into_iter().map(|(path, line, why)| format!("{path}:{line}: {why}")).collect()
}

/// What is wrong: the file, the line, and what it is.
type Breaches = BTreeSet<(String, usize, String)>;

/// Adds the Rust files below a folder of the project.
fn collect(root: &Path, folder: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(root, &path, sources)?;
        } else if Path::new(&path).extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(entry.path())?;
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

#[test]
fn the_house_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut sources = Vec::new();
    collect(root, "src", &mut sources).unwrap();
    collect(root, "tests", &mut sources).unwrap();
    collect(root, "benches", &mut sources).unwrap();
    collect(root, "fuzz/fuzz_targets", &mut sources).unwrap();
    for known in [
        "src/lib.rs",
        "src/zoom/api.rs",
        "tests/tidy/main.rs",
        "benches/load/main.rs",
        "fuzz/fuzz_targets/engine.rs",
    ] {
        assert!(
            sources.iter().any(|source| source.path == known),
            "{known} was not read, so this test looks in the wrong place"
        );
    }
    let breaches = breaches(&manifest, &sources);
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}
