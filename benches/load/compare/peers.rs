//! The peers in `benches/peers`, and how each is built: the bench does it itself, with what is locked there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use tokio::process::Command;

use super::{ROOT, progress};
use crate::carrier::Carrier;
use crate::hub::Build;
use crate::report::verdict::{AXUM, FLOOR, SEED};
use crate::{Attempt, due};

/// Until one is built, from nothing.
const PATIENCE: Duration = Duration::from_mins(15);

/// What a user might pick in the hub's place, and the least that any hub must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// The server in Node that the hub took its events from
    Seed,
    /// The same in Rust, by the usual crates
    Axum,
    /// One thread with everything written by hand: what it can cost at least
    Floor,
}

/// A peer that can be started.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) build: Build,
    pub(super) is_binary: bool,
}

impl Peer {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Seed => SEED,
            Self::Axum => AXUM,
            Self::Floor => FLOOR,
        }
    }

    pub(super) fn carrier(self) -> Carrier {
        match self {
            Self::Seed | Self::Axum => Carrier::SocketIo,
            Self::Floor => Carrier::Plain,
        }
    }

    pub(super) fn is_built(self) -> bool {
        let built = match self {
            Self::Seed => self.folder().join("node_modules"),
            Self::Axum | Self::Floor => self.target(),
        };
        self.folder().exists() && built.exists()
    }

    /// Unoptimised, if time matters more than figures.
    pub(super) async fn build(self, quickly: bool) -> Attempt<Built> {
        progress(&format!("building {}", self.label()));
        if !self.folder().exists() {
            return Err(format!("there is no benches/peers/{}", self.label()).into());
        }
        match self {
            Self::Seed => self.install().await,
            Self::Axum | Self::Floor => self.compile(quickly).await,
        }
    }

    async fn install(self) -> Attempt<Built> {
        let folder = self.folder();
        let node =
            run("node", Command::new("node").args(["-p", "process.execPath + '\\n' + process.version"]))
                .await?;
        let (node, version) = node.trim().split_once('\n').ok_or("node doesn't tell its version")?;
        if !self.is_built() {
            let mut npm = Command::new("npm");
            let npm = npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
            run("npm", npm).await?;
        }
        let package: Package = serde_json::from_str(&fs::read_to_string(folder.join("package.json"))?)?;
        let mut parts = vec![format!("Node {version}")];
        for name in package.dependencies.keys() {
            let own = folder.join("node_modules").join(name).join("package.json");
            let Package { version, .. } = serde_json::from_str(&fs::read_to_string(own)?)?;
            parts.push(format!("{name} {version}"));
        }
        let build = Build {
            path: node.into(),
            arguments: vec![folder.join(package.main)],
            version: parts.join(", "),
        };
        Ok(Built { build, is_binary: false })
    }

    async fn compile(self, quickly: bool) -> Attempt<Built> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--locked", "--message-format", "json-render-diagnostics", "--manifest-path"])
            .arg(self.folder().join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.target())
            .args((!quickly).then_some("--release"));
        let said = run("cargo", &mut cargo).await?;
        let built = said.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
        let path =
            built.filter_map(|artifact| artifact.executable).next_back().ok_or("cargo built no program")?;
        let lock = fs::read_to_string(self.folder().join("Cargo.lock"))?;
        let parts: Vec<_> = ["axum", "socketioxide", "reqwest", "tokio", "mio"]
            .into_iter()
            .filter_map(|name| Some(format!("{name} {}", locked(&lock, name)?)))
            .collect();
        let version = if parts.is_empty() { "by hand".to_owned() } else { parts.join(", ") };
        Ok(Built { build: Build { path, arguments: Vec::new(), version }, is_binary: true })
    }

    fn folder(self) -> PathBuf {
        Path::new(ROOT).join("benches/peers").join(self.label())
    }

    fn target(self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers").join(self.label())
    }
}

/// As much of a `package.json` as is needed.
#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    version: String,
    #[serde(default = "server")]
    main: String,
    #[serde(default)]
    dependencies: serde_json::Map<String, serde_json::Value>,
}

fn server() -> String {
    "server.js".to_owned()
}

/// As much of what cargo says as is needed.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
}

/// The version of a crate by a `Cargo.lock`.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next()
}

/// What a program says, if it succeeds.
async fn run(name: &str, command: &mut Command) -> Attempt<String> {
    let output = due(name, PATIENCE, command.kill_on_drop(true).output()).await?;
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let why = said.lines().rev().find(|line| line.contains("error") || line.contains("ERR!"));
    Err(format!("{name} failed: {}", why.or(said.lines().last()).unwrap_or_default().trim()).into())
}
