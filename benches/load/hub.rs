//! The hub as a process of its own, in a folder without a `.env` and with no variable but those given; and whatever else
//! is started as a hub is.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep};

use crate::complaints::Complaints;
use crate::process::{self, Usage};
use crate::{Attempt, due, http};

/// Until it serves and has logged in.
const DEADLINE: Duration = Duration::from_secs(20);

/// Between two looks whether a port answers.
const LOOKS: Duration = Duration::from_millis(1);

/// One build of the hub, or of what stands in its place.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) path: PathBuf,
    /// Of an interpreter, what it interprets.
    pub(crate) arguments: Vec<PathBuf>,
    /// What it says of itself.
    pub(crate) version: String,
}

impl Build {
    pub(crate) async fn at(path: &Path) -> Attempt<Self> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let path = path.canonicalize().map_err(|error| named(&error))?;
        let asked = Command::new(&path).arg("--version").kill_on_drop(true).output();
        let said = due("the hub's version", DEADLINE, asked).await?.map_err(|error| named(&error))?;
        let said = String::from_utf8_lossy(&said.stdout);
        let version = said.lines().next().unwrap_or_default().to_owned();
        Ok(Self { path, arguments: Vec::new(), version })
    }
}

/// How a hub is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting<'a> {
    /// Calls a second that it believes Zoom to let in.
    pub(crate) rate: u32,
    /// Where it is to listen, if that is known beforehand and it is wanted how soon it answers there; 0: anywhere.
    pub(crate) port: u16,
    /// Further variables; all else has its default.
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// Where its log goes. Nowhere: it is written all the same and thrown away, for it is part of what a hub costs.
    pub(crate) log: Option<&'a Path>,
    /// Whether its log is read, for what it complains of.
    pub(crate) heard: bool,
}

/// Who is there, as the hub says it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) sessions: usize,
    pub(crate) users: usize,
}

/// The hub, running.
#[derive(Debug)]
pub(crate) struct Hub {
    child: Child,
    address: SocketAddr,
    complaints: Option<Complaints>,
    /// From its start to its first answer, where that was wanted.
    pub(crate) answered_after: Option<Duration>,
}

impl Hub {
    /// Starts it and waits until it serves and has logged in at this Zoom.
    pub(crate) async fn start(build: &Build, zoom: SocketAddr, setting: &Setting<'_>) -> Attempt<Self> {
        let log = setting.log.map(File::create).transpose()?;
        let (log, complaints) = if setting.heard {
            let (complaints, pipe) = Complaints::hear(log)?;
            (Stdio::from(pipe), Some(complaints))
        } else {
            (log.map_or_else(Stdio::null, Stdio::from), None)
        };
        let began = Instant::now();
        let mut child = command(build, zoom, setting)?.stderr(log).spawn()?;
        let out = child.stdout.take().ok_or("the hub has no output")?;
        let mut answered_after = None;
        if setting.port > 0 {
            due("a first answer", DEADLINE, answers(setting.port)).await?;
            answered_after = Some(began.elapsed());
        }
        let mut out = BufReader::new(out).lines();
        let listening = said(&mut out, "Listening:").await?;
        let address = listening.split(',').next().unwrap_or_default().trim().parse()?;
        let login = said(&mut out, "Login:").await?;
        if !login.contains("Successfully") {
            return Err(format!("the hub could not log in: {login}").into());
        }
        // One whose output nobody takes any more would complain in its log, or wait for ever.
        drop(tokio::spawn(async move { while out.next_line().await.is_ok_and(|line| line.is_some()) {} }));
        Ok(Self { child, address, complaints, answered_after })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn usage(&self) -> Attempt<Usage> {
        process::usage_of_family(self.id()?)
    }

    pub(crate) async fn health(&self) -> Attempt<Health> {
        let (_, body) = http::get(self.address, "/api/health").await?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Connections to it that are open.
    pub(crate) fn connections(&self) -> Attempt<usize> {
        Ok(process::connections(self.address.port())?)
    }

    pub(crate) fn open_files(&self) -> Attempt<usize> {
        Ok(process::held_files(self.id()?)?)
    }

    /// What it has complained of so far, if its log is read.
    pub(crate) fn complaints(&mut self) -> Option<&Complaints> {
        self.complaints.as_mut().map(|complaints| {
            complaints.catch_up();
            &*complaints
        })
    }

    fn id(&self) -> Attempt<u32> {
        Ok(self.child.id().ok_or("the hub has ended")?)
    }
}

fn command(build: &Build, zoom: SocketAddr, setting: &Setting<'_>) -> Attempt<Command> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load");
    fs::create_dir_all(&folder)?;
    let mut command = Command::new(&build.path);
    command
        .args(&build.arguments)
        .current_dir(folder)
        .env_clear()
        .env("PORT", setting.port.to_string())
        .env("ZOOM_OAUTH_URL", format!("http://{zoom}/oauth/token"))
        .env("ZOOM_API_URL", format!("http://{zoom}/v2"))
        .env("ZOOM_CLIENT_ID", "load")
        .env("ZOOM_CLIENT_SECRET", "made-up")
        .env("ZOOM_ACCOUNT_ID", "load")
        // A build that knows no pacing passes over this, and calls as fast as it is answered.
        .env("ZOOM_RATE_PER_SECOND", setting.rate.to_string())
        .envs(setting.variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

/// Asks until there is an answer.
async fn answers(port: u16) {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while http::get(address, "/api/health").await.is_err() {
        sleep(LOOKS).await;
    }
}

/// What stands behind a label on standard output.
async fn said(out: &mut Lines<BufReader<ChildStdout>>, label: &str) -> Attempt<String> {
    let find = async {
        while let Some(line) = out.next_line().await? {
            if let Some(text) = line.trim().strip_prefix(label) {
                return Ok(text.trim().to_owned());
            }
        }
        Err(format!("the hub ended before it said {label:?}").into())
    };
    due(label, DEADLINE, find).await?
}
