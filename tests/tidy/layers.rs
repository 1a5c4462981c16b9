//! Who may use whom: the table, and its judge.
//!
//! A layer of the table is a module of the crate. What it may use of the crate is listed, so a new layer is closed to
//! all until somebody opens it; of foreign crates the low layers list what they may use, and the upper what they must not.

use std::collections::BTreeSet;

use crate::Breaches;
use crate::paths::{Sight, What};

/// One row of the table.
struct Layer {
    name: &'static str,
    /// What of the crate it may use beside itself.
    may_use: &'static [&'static str],
    foreign: Foreign,
    why: &'static str,
}

/// The foreign crates that a layer may use, beside `std`, `core` and `alloc`; its tests may use any.
enum Foreign {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

use Foreign::{AllBut, Only};

/// A row that names a part of another stands before it.
const LAYERS: [Layer; 13] = [
    Layer {
        name: "names",
        may_use: &[],
        foreign: Only(&["serde", "thiserror", "rand"]),
        why: "a name is trusted everywhere, so it depends on nothing",
    },
    Layer {
        name: "secret",
        may_use: &[],
        foreign: Only(&["serde", "zeroize"]),
        why: "what hides a secret stays small enough to be judged at a glance",
    },
    Layer {
        name: "under_way",
        may_use: &[],
        foreign: Only(&["foldhash", "futures_util"]),
        why: "it is of use to any actor, so it knows none",
    },
    Layer {
        name: "config",
        may_use: &["names", "secret"],
        foreign: Only(&["serde", "url", "dotenvy", "ipnet", "thiserror"]),
        why: "settings are read and validated before anything runs",
    },
    Layer {
        name: "zoom::api",
        may_use: &["names", "secret"],
        foreign: AllBut(&["actix", "actix_web", "actix_web_actors", "awc", "dotenvy", "tokio"]),
        why: "the simulator shares the wire types, and must not get the client along with them",
    },
    Layer {
        name: "zoom",
        may_use: &["config", "names", "secret", "under_way"],
        foreign: AllBut(&["actix_web", "actix_web_actors", "dotenvy"]),
        why: "it says what Zoom gives us, and knows nothing about who wants it",
    },
    Layer {
        name: "identity",
        may_use: &["config", "names", "secret"],
        foreign: AllBut(&["actix", "actix_http", "actix_web", "actix_web_actors", "awc", "dotenvy"]),
        why: "it says who a caller is, and knows neither how a credential comes nor what it is good for",
    },
    Layer {
        name: "hub",
        may_use: &["identity", "zoom", "config", "names", "secret", "under_way"],
        foreign: AllBut(&["actix_http", "actix_web", "actix_web_actors", "awc", "dotenvy", "serde_json"]),
        why: "it knows no HTTP, no frames, no JSON text and no transport",
    },
    Layer {
        name: "web",
        may_use: &["hub", "identity", "zoom", "config", "names", "secret"],
        foreign: AllBut(&["awc", "dotenvy"]),
        why: "it is HTTP in and HTTP out, and only the token broker calls Zoom",
    },
    Layer {
        name: "simulator",
        may_use: &["zoom::api", "names", "secret"],
        foreign: AllBut(&["awc", "dotenvy"]),
        why: "a stand-in that shares more than wire types with the client would agree with its mistakes",
    },
    Layer {
        name: "fuzzing",
        may_use: &["web", "identity", "zoom", "config", "names"],
        foreign: Only(&[]),
        why: "it gathers what the layers let be read by strangers, and reads nothing itself",
    },
    Layer {
        name: "micro",
        may_use: &["web", "hub"],
        foreign: Only(&[]),
        why: "it gathers what the layers let be measured, and does nothing itself",
    },
    Layer {
        name: "cli",
        may_use: &["simulator", "web", "hub", "identity", "zoom", "config", "names", "secret"],
        foreign: AllBut(&[]),
        why: "it starts everything",
    },
];

/// The foreign crates that belong to a file or two, whatever its layer may use.
const ONLY_IN: [(&str, &[&str], &str); 3] = [
    ("actix_web_actors", &["src/web/websocket.rs"], "a transport only carries frames, in one place"),
    (
        "dashmap",
        &["src/hub/presence.rs", "src/web/socketio/connections.rs"],
        "every other state belongs to one actor",
    ),
    (
        "jsonwebtoken",
        &["src/identity/keys.rs", "src/identity/fuzzing.rs", "src/cli/token.rs"],
        "what verifies and what signs a credential stays easy to judge",
    ),
];

/// The files at the crate's root: they declare and start the layers.
const ROOT: [&str; 2] = ["src/lib.rs", "src/main.rs"];

/// The names by which a path reaches a foreign crate: those of the manifest, of the language, and of the table.
pub(crate) fn crates(manifest: &str) -> Vec<String> {
    let mut names = BTreeSet::from(["std", "core", "alloc", "proc_macro"].map(str::to_owned));
    let mut listed = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            listed = table.ends_with("dependencies");
            if let Some((_, name)) = table.split_once("dependencies.") {
                names.insert(name.replace('-', "_"));
            }
        } else if listed && let Some((name, _)) = line.split_once(['=', '.']) {
            names.insert(name.trim().replace('-', "_"));
        }
    }
    for layer in &LAYERS {
        let (Only(listed) | AllBut(listed)) = layer.foreign;
        names.extend(listed.iter().map(ToString::to_string));
    }
    names.extend(ONLY_IN.map(|(name, ..)| name.to_owned()));
    names.into_iter().collect()
}

/// Judges what all files were seen to use.
pub(crate) fn judge(read: &[(&str, Vec<Sight>)], found: &mut Breaches) {
    let src = || read.iter().filter(|(path, _)| path.starts_with("src/"));
    // A module in a file of its own is for tests where its declaration says so.
    let tests: BTreeSet<Vec<&str>> = src()
        .flat_map(|(_, sights)| sights)
        .filter_map(|sight| match &sight.what {
            What::Module { name, .. } if sight.test => Some(parts(&sight.module, name)),
            What::Module { .. } | What::Path { .. } | What::Hidden(_) => None,
        })
        .collect();
    for (path, sights) in src() {
        for sight in sights {
            let module = parts(&sight.module, "");
            let test = sight.test || tests.iter().any(|test| module.starts_with(test));
            for why in complaints(path, sight, test) {
                found.insert(((*path).to_owned(), sight.line, why));
            }
        }
    }
    judge_declarations(src(), found);
}

fn parts<'a>(module: &'a [String], name: &'a str) -> Vec<&'a str> {
    let name = Some(name).filter(|name| !name.is_empty());
    module.iter().map(String::as_str).chain(name).collect()
}

fn complaints(file: &str, sight: &Sight, test: bool) -> Vec<String> {
    let layer = LAYERS.iter().find(|layer| within(&sight.module, layer.name));
    let (path, exported) = match &sight.what {
        What::Path { path, exported } => (path, *exported),
        What::Hidden(what) => {
            return vec![format!("uses {what}, which hides what a name means; write it plainly")];
        }
        What::Module { .. } => return Vec::new(),
    };
    let shown = path.join("::");
    let Some((root, rest)) = path.split_first() else {
        return Vec::new();
    };
    if root == "crate" {
        return crate_complaint(file, layer, rest)
            .map(|why| format!("uses {shown}; {why}"))
            .into_iter()
            .collect();
    }
    let mut complaints = Vec::new();
    if within(path, "std::env") && layer.is_none_or(|layer| layer.name != "config") {
        let reads = |name: &String| name == "*" || name.starts_with("var");
        if path.get(2).map_or(exported, reads) {
            complaints.push(
                "only config may read the environment: every variable is read once and validated".into(),
            );
        }
    }
    if !test && !matches!(root.as_str(), "std" | "core" | "alloc" | "proc_macro") {
        complaints.extend(foreign_complaints(file, layer, root, exported));
    }
    complaints.into_iter().map(|why| format!("uses {shown}; {why}")).collect()
}

fn crate_complaint(file: &str, layer: Option<&Layer>, rest: &[String]) -> Option<String> {
    let at_root = layer.is_none() && ROOT.contains(&file);
    match rest.first().map(String::as_str) {
        None => {
            return Some(
                "the crate's root must not get another name: what follows it would be hidden".into(),
            );
        }
        Some("*") if !at_root => {
            return Some("the crate's root must not be imported whole: it holds every layer".into());
        }
        _ if at_root => return None,
        Some(_) => {}
    }
    let Some(layer) = layer else {
        return Some("this file belongs to no layer: give it a row in the table, with its reason".into());
    };
    if within(rest, layer.name) || layer.may_use.iter().any(|name| within(rest, name)) {
        return None;
    }
    let may = match layer.may_use {
        [] => "nothing of the crate".to_owned(),
        some => format!("of the crate only {}", some.join(", ")),
    };
    Some(format!("{} may use {may}: {}", layer.name, layer.why))
}

fn foreign_complaints(file: &str, layer: Option<&Layer>, root: &str, exported: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    if let Some(layer) = layer {
        let (name, why) = (layer.name, layer.why);
        match layer.foreign {
            Only(some) if !some.contains(&root) => {
                let some = some.join(", ");
                complaints.push(format!("{name} may use of foreign crates only {some}: {why}"));
            }
            AllBut(some) if some.contains(&root) => {
                complaints.push(format!("{name} must not use {root}: {why}"));
            }
            Only(_) | AllBut(_) => {}
        }
    }
    for (name, places, why) in ONLY_IN {
        if name == root && !places.contains(&file) {
            complaints.push(format!("only {} may use {name}: {why}", places.join(" and ")));
        }
    }
    if exported {
        complaints.push("no file may re-export a foreign crate: another layer would use it unseen".into());
    }
    complaints
}

/// Every layer that is there is declared at the root, and every module that is declared there is a layer.
fn judge_declarations<'a>(
    src: impl Iterator<Item = &'a (&'a str, Vec<Sight>)> + Clone,
    found: &mut Breaches,
) {
    let mut declared = BTreeSet::new();
    for (file, sights) in src.clone().filter(|(path, _)| ROOT.contains(path)) {
        for sight in sights.iter().filter(|sight| sight.module.is_empty() && !sight.test) {
            let What::Module { name, public } = &sight.what else {
                continue;
            };
            let mut complain = |why: String| found.insert(((*file).to_owned(), sight.line, why));
            if !LAYERS.iter().any(|layer| layer.name == name) {
                complain(format!(
                    "declares {name}, which is no layer: give it a row in the table, with its reason"
                ));
            } else if *file == "src/lib.rs" && !public {
                complain(format!(
                    "declares {name} without pub; lib.rs is the map of the layers, and shows each"
                ));
            }
            declared.insert(name.as_str());
        }
    }
    for (file, _) in src.filter(|(path, _)| !ROOT.contains(path)) {
        let module = crate::paths::module_of(file);
        if let [layer] = module.as_slice()
            && !declared.contains(layer.as_str())
        {
            found.insert((
                (*file).to_owned(),
                1,
                format!("is never compiled; lib.rs must declare pub mod {layer}"),
            ));
        }
    }
}

fn within(path: &[String], module: &str) -> bool {
    let mut path = path.iter();
    module.split("::").all(|name| path.next().is_some_and(|part| part == name))
}
