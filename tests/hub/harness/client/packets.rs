//! Engine.IO as a client has it: packets to and fro, pings answered, whichever way they come.

use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use awc::http::Method;
use tokio::sync::{Mutex, mpsc};

use crate::harness::engine::{Engine, Frames, Packet, SEPARATOR, sid};
use crate::harness::{Http, due};

const PATH: &str = "/socket.io/";

pub(super) enum Packets {
    Frames(Box<Frames>),
    Polls(Polls),
}

/// A poll is always open, as with every client that polls: what it brings waits here, and is not waited for.
pub(super) struct Polls {
    line: Rc<Line>,
    packets: mpsc::UnboundedReceiver<String>,
    polling: JoinHandle<()>,
}

/// Where requests of one session go.
struct Line {
    http: Http,
    path: String,
    /// Held by the one request that may send.
    sending: Mutex<()>,
}

impl Packets {
    pub(super) async fn by_websocket(address: SocketAddr) -> Self {
        Self::Frames(Box::new(Engine::at(address, PATH).by_websocket().await))
    }

    pub(super) async fn by_polling(address: SocketAddr) -> Self {
        let (http, path) = (Http::new(address), format!("{PATH}?EIO=4&transport=polling"));
        let answer = due("the handshake", http.get(&path)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let line = Rc::new(Line {
            http,
            path: format!("{path}&sid={}", sid(&answer.text)),
            sending: Mutex::new(()),
        });
        let (sender, packets) = mpsc::unbounded_channel();
        let polling = spawn(poll(Rc::clone(&line), sender));
        Self::Polls(Polls { line, packets, polling })
    }

    pub(super) async fn send(&mut self, packet: &str) {
        match self {
            Self::Frames(frames) => frames.send(packet).await,
            Self::Polls(polls) => polls.line.post(packet).await.unwrap(),
        }
    }

    /// The next packet but pings; none at the end.
    pub(super) async fn next(&mut self) -> Option<String> {
        let frames = match self {
            Self::Frames(frames) => frames,
            Self::Polls(polls) => return polls.packets.recv().await,
        };
        loop {
            match frames.frame().await.ok()? {
                Packet::Text(ping) if ping == "2" => frames.send("3").await,
                Packet::Text(packet) => return Some(packet),
                Packet::Binary(bytes) => panic!("unexpected {bytes:?}"),
            }
        }
    }

    /// Says the last word, and waits for the end.
    pub(super) async fn leave(mut self) {
        match &mut self {
            Self::Frames(frames) => frames.close().await,
            Self::Polls(polls) => polls.line.post("1").await.unwrap_or_default(),
        }
        while self.next().await.is_some() {}
    }
}

/// Polls until the session ends.
#[allow(clippy::print_stderr, reason = "a test that fails shows it")]
async fn poll(line: Rc<Line>, packets: mpsc::UnboundedSender<String>) {
    loop {
        let answer = match line.http.try_call(Method::GET, &line.path, "").await {
            Ok(answer) if answer.status == 200 => answer,
            other => return eprintln!("the last poll: {other:?}"),
        };
        for packet in answer.text.split(SEPARATOR) {
            match packet {
                "1" => return,
                "2" => line.post("3").await.unwrap_or_default(),
                "6" => {}
                packet => packets.send(packet.to_owned()).unwrap_or_default(),
            }
        }
    }
}

impl Line {
    /// Sends this; why it was not taken.
    async fn post(&self, packet: &str) -> Result<(), String> {
        let _sending = due("its turn", self.sending.lock()).await;
        let posting = self.http.try_call(Method::POST, &self.path, packet);
        match due("room to send", posting).await {
            Ok(answer) if answer.text == "ok" => Ok(()),
            other => Err(format!("{packet}: {other:?}")),
        }
    }
}

impl Drop for Polls {
    fn drop(&mut self) {
        self.polling.abort();
    }
}
