//! Where a hostile client stands, and its raw connections from there.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::wire::{self, Ear};
use super::{Kind, Tallies, Tally};
use crate::http::{self, to_get, to_post};

/// Before a connection is tried again that could not be made.
const BREATH: Duration = Duration::from_millis(50);
/// What a client of those that pour sends at most, in bytes a second: fifty send what a network of a gigabit carries. This
/// machine's memory carries ten times that, and how fast the hub copies that is nobody's question.
const POURED: u32 = 2_500_000;
/// As much is poured at once.
const GUSH: usize = 32_768;
/// Clients of one address block.
const BLOCK: usize = 250;

/// One client's place in the mob.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) hub: SocketAddr,
    pub(super) kind: Kind,
    /// In its crew: kinds that have several ways let them take turns.
    pub(super) number: usize,
    /// Each has an address of its own, as if from everywhere: limits by address and ports are each one's own.
    address: Ipv4Addr,
    tallies: Rc<RefCell<Tallies>>,
    holding: watch::Receiver<bool>,
    /// When it may pour on, whatever became of the connection until then.
    pours_on: Cell<Instant>,
}

impl Place {
    /// The `nth` of the whole mob.
    pub(super) fn new(
        hub: SocketAddr,
        kind: Kind,
        number: usize,
        nth: usize,
        tallies: &Rc<RefCell<Tallies>>,
        holding: &watch::Receiver<bool>,
    ) -> Self {
        let block = u8::try_from(nth / BLOCK).unwrap_or(u8::MAX);
        let last = u8::try_from(nth % BLOCK).unwrap_or_default();
        let address = Ipv4Addr::new(127, 1, block, last + 1);
        let (tallies, holding) = (Rc::clone(tallies), holding.clone());
        Self { hub, kind, number, address, tallies, holding, pours_on: Cell::new(Instant::now()) }
    }

    pub(super) fn tell(&self, of: impl FnOnce(&mut Tally)) {
        of(self.tallies.borrow_mut().entry(self.kind).or_default());
    }

    /// What its crew did so far.
    pub(super) fn tally(&self) -> Tally {
        self.tallies.borrow().get(&self.kind).copied().unwrap_or_default()
    }

    pub(super) fn is_holding(&self) -> bool {
        *self.holding.borrow()
    }

    /// Until nobody is to come back: for those that the hub has no reason to cut.
    pub(super) async fn held(&self) {
        // The sender lives as long as the mob.
        drop(self.holding.clone().wait_for(|holding| *holding).await);
    }

    /// Sends as much as a network would carry of it.
    pub(super) async fn pour(&self, mouth: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
        for gush in bytes.chunks(GUSH) {
            sleep_until(self.pours_on.get()).await;
            let takes = Duration::from_secs(1) * u32::try_from(gush.len()).unwrap_or(u32::MAX) / POURED;
            self.pours_on.set(Instant::now() + takes);
            mouth.write_all(gush).await?;
        }
        Ok(())
    }

    pub(super) async fn dial(&self) -> io::Result<TcpStream> {
        self.dial_with(|_socket| Ok(())).await
    }

    /// A connection whose socket was prepared.
    pub(super) async fn dial_with(
        &self,
        prepare: impl FnOnce(&TcpSocket) -> io::Result<()>,
    ) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        prepare(&socket)?;
        socket.bind((self.address, 0).into())?;
        match socket.connect(self.hub).await {
            Ok(stream) => {
                self.tell(|tally| tally.opened += 1);
                stream.set_nodelay(true)?;
                Ok(stream)
            }
            Err(error) => {
                self.tell(|tally| tally.refused += 1);
                sleep(BREATH).await;
                Err(error)
            }
        }
    }

    /// An open WebSocket at `/ws` that has said whose it is.
    pub(super) async fn session(&self, user: &str) -> io::Result<TcpStream> {
        let mut stream = self.dial().await?;
        introduce(&mut stream, user).await?;
        Ok(stream)
    }

    /// An open WebSocket at `/ws`.
    pub(super) async fn websocket(&self) -> io::Result<TcpStream> {
        let mut stream = self.dial().await?;
        upgrade(&mut stream, "/ws").await?;
        Ok(stream)
    }

    /// A connection of Socket.IO by polling, in its namespace and authenticated where it is a `user`'s: its path.
    pub(super) async fn polling(&self, stream: &mut TcpStream, user: Option<&str>) -> io::Result<String> {
        #[derive(Deserialize)]
        struct Handshake {
            sid: String,
        }
        let path = "/socket.io/?EIO=4&transport=polling";
        let body = self.ask(stream, &to_get(path)).await?;
        let handshake: Handshake = serde_json::from_str(body.trim_start_matches('0'))?;
        let path = format!("{path}&sid={}", handshake.sid);
        if let Some(user) = user {
            let packets = format!("40\u{1e}42[\"authenticate\",{{\"userId\":\"{user}\"}}]");
            self.ask(stream, &to_post(&path, &packets)).await?;
        }
        Ok(path)
    }

    /// The body of an answer with status 200.
    pub(super) async fn ask(&self, stream: &mut TcpStream, request: &str) -> io::Result<String> {
        stream.write_all(request.as_bytes()).await?;
        match http::answer(stream).await? {
            (200, body) => Ok(body),
            (status, _) => Err(io::Error::other(format!("status {status}"))),
        }
    }
}

/// Makes a connection a WebSocket that has said whose it is.
pub(super) async fn introduce(stream: &mut TcpStream, user: &str) -> io::Result<()> {
    upgrade(stream, "/ws").await?;
    stream.write_all(&wire::event("authenticate", &format!(r#"{{"userId":"{user}"}}"#))).await
}

/// Makes a connection a WebSocket.
pub(super) async fn upgrade(stream: &mut TcpStream, target: &str) -> io::Result<()> {
    stream.write_all(wire::upgrade(target).as_bytes()).await?;
    // The hub says nothing by itself on a new WebSocket: nothing follows the head.
    match http::answer(stream).await? {
        (101, _) => Ok(()),
        (status, _) => Err(io::Error::other(format!("status {status}"))),
    }
}

/// Reads what the hub says on a WebSocket until it has said goodbye, or is gone.
pub(super) async fn cut(stream: &mut (impl AsyncRead + Unpin)) {
    let (mut ear, mut chunk) = (Ear::default(), vec![0; 4096]);
    while let Ok(read) = stream.read(&mut chunk).await
        && read > 0
        && !ear.hears_close(chunk.get(..read).unwrap_or_default())
    {}
}

/// Reads what the hub says over HTTP until it is gone.
pub(super) async fn gone(stream: &mut (impl AsyncRead + Unpin)) {
    let mut chunk = vec![0; 4096];
    while stream.read(&mut chunk).await.is_ok_and(|read| read > 0) {}
}
