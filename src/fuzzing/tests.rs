//! Every reader with a few hundred inputs, as `cargo fuzz` would begin: the seeds, the seeds with a few bytes changed, and
//! anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

use super::*;

/// The seeds of a reader.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

/// A seed with some bytes put in the place of others.
fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![
        any::<u8>(),
        prop::sample::select(&b"\0\x01\x02\n\x1e\xff\"'{}[],:=$%&-/0123456789aez"[..])
    ];
    let changes =
        prop::collection::vec((any::<Index>(), 0..4_usize, prop::collection::vec(bytes, 0..4)), 1..6);
    (prop::sample::select(seeds), changes).prop_map(|(mut seed, changes)| {
        for (at, removed, put) in changes {
            let at = at.index(seed.len() + 1);
            let end = seed.len().min(at + removed);
            seed.splice(at..end, put);
        }
        seed
    })
}

#[test]
fn a_reader_holds_what_it_must_whatever_it_reads() {
    for (name, read) in TARGETS {
        let seeds = seeds(name);
        for seed in &seeds {
            read(seed);
        }
        let anything = prop::collection::vec(any::<u8>(), 0..300);
        let outcome = TestRunner::default().run(&prop_oneof![1 => anything, 3 => changed(seeds)], |bytes| {
            read(&bytes);
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}

#[test]
fn every_reader_has_its_seeds_its_target_and_its_row_and_there_are_no_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["seeds", "fuzz_targets"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let found: BTreeSet<_> =
            entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(found, names, "fuzz/{folder}");
    }
    let (manifest, readme) = ("Cargo.toml", "README.md");
    for (file, before, behind) in [(manifest, "path = \"fuzz_targets/", ".rs\""), (readme, "| `", "` | ")] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let found: BTreeSet<_> = text
            .lines()
            .filter_map(|line| Some(line.strip_prefix(before)?.split_once(behind)?.0.to_owned()))
            .collect();
        assert_eq!(found, names, "fuzz/{file}");
    }
}
