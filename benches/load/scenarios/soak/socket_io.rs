//! Honest clients over Socket.IO: by WebSocket and by long-polling, each pinging by event once a second.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::http::{self, to_get, to_post};
use crate::{Attempt, due};

const EVERY: Duration = Duration::from_secs(1);
/// Between two pings of the hub, and some.
const DEADLINE: Duration = Duration::from_secs(40);
const PING: &str = "42[\"ping\"]";
const PONG: &str = "42[\"pong\"";

/// They run until they are dropped, and so leave without a goodbye.
#[derive(Debug)]
pub(super) struct Talkers {
    running: JoinSet<()>,
    heard: UnboundedReceiver<Attempt<()>>,
    /// Pings that were answered.
    pub(super) answered: usize,
    /// Why each that was lost was.
    pub(super) lost: Vec<String>,
}

impl Talkers {
    /// So many by each of the two ways.
    pub(super) fn start(hub: SocketAddr, each: usize) -> Self {
        let (mut running, (sender, heard)) = (JoinSet::new(), unbounded_channel());
        for number in 0..each {
            let (frames, polls) = (sender.clone(), sender.clone());
            running.spawn(async move {
                let Err(why) = by_websocket(hub, &format!("framing-{number}"), &frames).await;
                frames.send(Err(why)).ok();
            });
            running.spawn(async move {
                let Err(why) = by_polling(hub, &format!("polling-{number}"), &polls).await;
                polls.send(Err(why)).ok();
            });
        }
        Self { running, heard, answered: 0, lost: Vec::new() }
    }

    pub(super) fn catch_up(&mut self) {
        while let Ok(heard) = self.heard.try_recv() {
            match heard {
                Ok(()) => self.answered += 1,
                Err(why) => self.lost.push(format!("over Socket.IO: {why}")),
            }
        }
    }

    pub(super) async fn leave(&mut self) {
        self.running.shutdown().await;
    }
}

async fn by_websocket(
    hub: SocketAddr,
    user: &str,
    told: &UnboundedSender<Attempt<()>>,
) -> Attempt<Infallible> {
    let url = format!("ws://{hub}/socket.io/?EIO=4&transport=websocket");
    let (mut socket, _) = connect_async(url).await?;
    for packet in ["40".to_owned(), authenticate(user)] {
        socket.send(Message::text(packet)).await?;
    }
    let mut ticks = interval(EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => socket.send(Message::text(PING)).await?,
            message = due("a sign of life", DEADLINE, socket.next()) => match message?.ok_or("closed")?? {
                Message::Text(text) if text.as_str() == "2" => socket.send(Message::text("3")).await?,
                Message::Text(text) if text.starts_with(PONG) => told.send(Ok(()))?,
                Message::Close(_) => return Err("closed by a frame".into()),
                Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_)
                    | Message::Frame(_) => {}
            },
        }
    }
}

/// One connection polls, the other posts: one thing at a time on each.
async fn by_polling(hub: SocketAddr, user: &str, told: &UnboundedSender<Attempt<()>>) -> Attempt<Infallible> {
    #[derive(Deserialize)]
    struct Handshake {
        sid: String,
    }
    let (mut fetching, mut posting) = (TcpStream::connect(hub).await?, TcpStream::connect(hub).await?);
    let path = "/socket.io/?EIO=4&transport=polling";
    let handshake = ask(&mut fetching, &to_get(path)).await?;
    let Handshake { sid } = serde_json::from_str(handshake.trim_start_matches('0'))?;
    let path = format!("{path}&sid={sid}");
    ask(&mut posting, &to_post(&path, &format!("40\u{1e}{}", authenticate(user)))).await?;
    let (sender, mut packets) = unbounded_channel();
    let polls = async {
        loop {
            for packet in ask(&mut fetching, &to_get(&path)).await?.split('\u{1e}') {
                match packet {
                    "2" => sender.send("3")?,
                    packet if packet.starts_with(PONG) => told.send(Ok(()))?,
                    _ => {}
                }
            }
        }
    };
    let posts = async {
        let mut ticks = interval(EVERY);
        loop {
            let packet = tokio::select! {
                packet = packets.recv() => packet.ok_or("nobody polls")?,
                _ = ticks.tick() => PING,
            };
            ask(&mut posting, &to_post(&path, packet)).await?;
        }
    };
    tokio::select! {
        ended = polls => ended,
        ended = posts => ended,
    }
}

fn authenticate(user: &str) -> String {
    format!("42[\"authenticate\",{{\"userId\":\"{user}\"}}]")
}

async fn ask(stream: &mut TcpStream, request: &str) -> Attempt<String> {
    stream.write_all(request.as_bytes()).await?;
    match due("an answer", DEADLINE, http::answer(stream)).await?? {
        (200, body) => Ok(body),
        (status, body) => Err(format!("status {status}: {body}").into()),
    }
}
