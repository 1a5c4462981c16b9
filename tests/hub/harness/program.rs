//! The program itself as a child process, in a folder of its own and with no variable but those given; it ends with
//! its handle, whatever becomes of the test.

use std::fs;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::rt::spawn;
use actix_web::rt::time::timeout;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use zoom_token_hub::simulator::Simulator;

use super::{Answer, Carrier, Client, DEADLINE, Http, due};

const PROGRAM: &str = env!("CARGO_BIN_EXE_zoom-token-hub");

/// A folder that goes when its handle does.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("program-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a file into it; its path.
    pub fn put(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed lies below target, where it harms nobody.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// How the program is to be started.
#[derive(Debug)]
pub struct Start {
    folder: Folder,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    unheard: bool,
}

/// The program, running.
#[derive(Debug)]
pub struct Program {
    child: Child,
    out: watch::Receiver<String>,
    err: watch::Receiver<String>,
    _folder: Folder,
}

/// How the program ended, and all that it said.
#[derive(Debug)]
pub struct Ended {
    /// None: a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Start {
    /// With these variables and no others; a panic would show itself with its backtrace.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let start =
            Self { folder: Folder::new(), variables: Vec::new(), arguments: Vec::new(), unheard: false };
        start.and(&[("RUST_BACKTRACE", "1")]).and(variables)
    }

    /// With these variables too.
    pub fn and(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.variables.extend(variables.iter().map(owned));
        self
    }

    /// A hub on a free port, in front of this simulator.
    pub fn hub(zoom: &Simulator, variables: &[(&str, &str)]) -> Self {
        let settings = zoom.settings();
        Self::with(&[
            ("PORT", "0"),
            ("ZOOM_OAUTH_URL", &zoom.oauth_url()),
            ("ZOOM_API_URL", &zoom.api_url()),
            ("ZOOM_CLIENT_ID", &settings.client_id),
            ("ZOOM_CLIENT_SECRET", settings.client_secret.reveal()),
            ("ZOOM_ACCOUNT_ID", &settings.account_id),
        ])
        .and(variables)
    }

    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// With this `.env`.
    pub fn dotenv(self, text: &str) -> Self {
        self.folder.put(".env", text);
        self
    }

    /// With standard output closed at the other end.
    pub fn unheard(mut self) -> Self {
        self.unheard = true;
        self
    }

    /// Where it will run.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    pub fn start(self) -> Program {
        let mut child = Command::new(PROGRAM)
            .args(&self.arguments)
            .current_dir(&self.folder.0)
            .env_clear()
            .envs(self.variables)
            .stdin(Stdio::null())
            .stdout(if self.unheard { unheard() } else { Stdio::piped() })
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let out = child.stdout.take();
        let err = child.stderr.take();
        Program { child, out: collect(out), err: collect(err), _folder: self.folder }
    }

    /// Starts it and waits until it has ended by itself.
    pub async fn run(self) -> Ended {
        self.start().ended().await
    }

    /// Starts a hub and waits until it serves and has logged in.
    pub async fn serve(self) -> (Program, SocketAddr) {
        let program = self.start();
        let address = program.address().await;
        program.logs("authenticated with Zoom").await;
        (program, address)
    }
}

/// An output that nobody reads any more. Not a pipe whose other end is dropped: any other program that is being started
/// at this moment holds a copy of that.
fn unheard() -> Stdio {
    let (ours, its) = UnixStream::pair().unwrap();
    ours.shutdown(Shutdown::Both).unwrap();
    Stdio::from(OwnedFd::from(its))
}

/// All that comes out of a pipe, as it comes.
fn collect(pipe: Option<impl AsyncRead + Unpin + 'static>) -> watch::Receiver<String> {
    let (sender, receiver) = watch::channel(String::new());
    drop(spawn(async move {
        let Some(mut pipe) = pipe else { return };
        let (mut unread, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
        while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
            // Whole lines only: a character may have been cut in two.
            unread.extend_from_slice(&chunk[..length]);
            let lines = unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let lines: Vec<_> = unread.drain(..lines).collect();
            sender.send_modify(|text| text.push_str(&String::from_utf8_lossy(&lines)));
        }
        sender.send_modify(|text| text.push_str(&String::from_utf8_lossy(&unread)));
    }));
    receiver
}

impl Program {
    /// Waits until standard output has this in it; all of it so far.
    pub async fn says(&self, what: &str) -> String {
        contains(&self.out, what, &self.err).await
    }

    /// Waits until the log has this in it; all of it so far.
    pub async fn logs(&self, what: &str) -> String {
        contains(&self.err, what, &self.out).await
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.err.borrow().clone()
    }

    /// Where it listens, from what it prints.
    pub async fn address(&self) -> SocketAddr {
        let said = self.says("Tokens:").await;
        let line = said.lines().find_map(|line| line.trim().strip_prefix("Listening:"));
        let first = line.unwrap().split(',').next().unwrap();
        first.trim().parse().unwrap()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let id = self.id();
        // The shell's own `kill`: a name for a signal without unsafe code and without a crate.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status();
        assert!(due("the signal", sent).await.unwrap().success());
    }

    /// What the system calls it.
    pub fn id(&self) -> u32 {
        self.child.id().expect("a program that runs")
    }

    /// Waits until it has ended and everything that it said is read.
    pub async fn ended(mut self) -> Ended {
        let code = due("the end of the program", self.child.wait()).await.unwrap();
        for pipe in [&mut self.out, &mut self.err] {
            due("the end of its output", async { while pipe.changed().await.is_ok() {} }).await;
        }
        Ended { code: code.code(), out: self.out.borrow().clone(), err: self.err.borrow().clone() }
    }
}

async fn contains(pipe: &watch::Receiver<String>, what: &str, other: &watch::Receiver<String>) -> String {
    let mut waiting = pipe.clone();
    let found = timeout(DEADLINE, waiting.wait_for(|text| text.contains(what))).await;
    if let Ok(Ok(text)) = found {
        return text.clone();
    }
    let (said, other) = (pipe.borrow().clone(), other.borrow().clone());
    panic!("no {what:?} in {}\nand beside it {}", end_of(&said), end_of(&other));
}

/// The last lines of a text.
fn end_of(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// A connection that has told whose it is.
pub async fn connect_as(address: SocketAddr, carrier: Carrier, user: &str) -> Client {
    let mut client = Client::connect(address, carrier).await;
    client.authenticate(user).await;
    client
}

/// A JSON body posted.
pub async fn post(address: SocketAddr, path: &str, body: serde_json::Value) -> Answer {
    due(path, Http::new(address).post(path, body)).await
}
