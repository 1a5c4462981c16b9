//! Engine.IO and Socket.IO as they are on the wire: polls and frames sent as they are, for whoever tests the protocols.

use std::net::SocketAddr;

use awc::http::Method;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use zoom_token_hub::web::socketio::Settings;

use super::{Answer, Http, due, echo};

/// What stands between the packets of one poll.
pub const SEPARATOR: &str = "\x1e";

/// Where Engine.IO is spoken.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    address: SocketAddr,
    path: &'static str,
}

/// A session by long-polling.
#[derive(Clone, Debug)]
pub struct Polls {
    engine: Engine,
    pub sid: String,
}

/// A WebSocket.
#[derive(Debug)]
pub struct Frames(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// One frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packet {
    Text(String),
    Binary(Vec<u8>),
}

/// Why a WebSocket was not opened.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub text: String,
}

impl Engine {
    pub fn at(address: SocketAddr, path: &'static str) -> Self {
        Self { address, path }
    }

    /// The path of an echo with these settings.
    pub fn of_echo(path: &'static str, settings: Settings) -> Self {
        Self::at(echo::start(0, settings), path)
    }

    /// A call with this query, on a connection of its own; none, if that is cut.
    pub async fn call(&self, method: Method, query: &str, body: &str) -> Option<Answer> {
        let (http, path) = (Http::new(self.address), format!("{}?{query}", self.path));
        due(&path, http.try_call(method, &path, body)).await.ok()
    }

    /// The answer to a GET with this query.
    pub async fn get(&self, query: &str) -> Answer {
        self.call(Method::GET, query, "").await.expect("an answer")
    }

    /// A session, opened by long-polling.
    pub async fn by_polling(&self) -> Polls {
        let answer = self.get("EIO=4&transport=polling").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.polls(&answer.text)
    }

    /// Polls of the session with this handshake.
    pub fn polls(&self, handshake: &str) -> Polls {
        Polls { engine: *self, sid: sid(handshake) }
    }

    /// A WebSocket with this query, or the refusal.
    pub async fn websocket(&self, query: &str) -> Result<Frames, Refused> {
        let url = format!("ws://{}{}?{query}", self.address, self.path);
        match due("the WebSocket", Box::pin(connect_async(url))).await {
            Ok((socket, _)) => Ok(Frames(socket)),
            Err(Error::Http(answer)) => {
                let text = String::from_utf8(answer.body().clone().unwrap_or_default()).unwrap();
                Err(Refused { status: answer.status().as_u16(), text })
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// A session, opened by WebSocket.
    pub async fn by_websocket(&self) -> Frames {
        let mut frames = self.websocket("EIO=4&transport=websocket").await.unwrap();
        sid(&frames.text().await);
        frames
    }
}

/// The session's name, from its handshake.
pub fn sid(packet: &str) -> String {
    let handshake: Value = serde_json::from_str(packet.strip_prefix('0').expect("a handshake")).unwrap();
    handshake["sid"].as_str().unwrap().to_owned()
}

impl Polls {
    fn query(&self) -> String {
        format!("EIO=4&transport=polling&sid={}", self.sid)
    }

    /// Waits for packets. Dropped before it is answered, it has its connection cut.
    pub async fn poll(&self) -> Answer {
        self.engine.get(&self.query()).await
    }

    /// The packets of a poll that is due.
    pub async fn packets(&self) -> String {
        let answer = self.poll().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text
    }

    /// Sends packets; none, if the connection is cut.
    pub async fn try_post(&self, packets: &str) -> Option<Answer> {
        self.engine.call(Method::POST, &self.query(), packets).await
    }

    /// Sends packets that are taken.
    pub async fn post(&self, packets: &str) {
        let answer = self.try_post(packets).await.expect("an answer");
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
    }

    /// Shows that there is no such session any more.
    pub async fn expect_none(&self) {
        let answer = self.poll().await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }

    /// A WebSocket for this session.
    pub async fn websocket(&self) -> Result<Frames, Refused> {
        self.engine.websocket(&format!("EIO=4&transport=websocket&sid={}", self.sid)).await
    }

    /// A WebSocket for this session that has been tried: what is left to say is the upgrade itself.
    pub async fn probe(&self) -> Frames {
        let mut frames = self.websocket().await.unwrap();
        frames.send("2probe").await;
        frames.expect("3probe").await;
        frames
    }
}

impl Frames {
    pub async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.send_message(Message::binary(bytes.to_vec())).await;
    }

    async fn send_message(&mut self, message: Message) {
        due("room to send", self.0.send(message)).await.unwrap();
    }

    /// The next frame, or how it ended: with a close code, if it had one.
    pub async fn frame(&mut self) -> Result<Packet, Option<u16>> {
        loop {
            match due("a frame", self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(Packet::Text(text.to_string())),
                Some(Ok(Message::Binary(bytes))) => return Ok(Packet::Binary(bytes.to_vec())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(close))) => return Err(close.map(|close| close.code.into())),
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next frame, which is text.
    pub async fn text(&mut self) -> String {
        match self.frame().await {
            Ok(Packet::Text(text)) => text,
            other => panic!("{other:?} instead of a text"),
        }
    }

    /// The next packet but pings, which are answered.
    pub async fn packet(&mut self) -> Packet {
        due("a packet", async {
            loop {
                let packet = self.frame().await.expect("a packet");
                if packet != Packet::Text("2".to_owned()) {
                    return packet;
                }
                self.send("3").await;
            }
        })
        .await
    }

    /// The next packet but pings: it must be this text.
    pub async fn expect(&mut self, text: &str) {
        assert_eq!(self.packet().await, Packet::Text(text.to_owned()));
    }

    /// The next packet but pings: it must be these bytes.
    pub async fn expect_binary(&mut self, bytes: &[u8]) {
        assert_eq!(self.packet().await, Packet::Binary(bytes.to_vec()));
    }

    /// The next packet but pings: a text with this before the JSON that is returned.
    pub async fn expect_json(&mut self, before: &str) -> Value {
        let packet = self.packet().await;
        let Packet::Text(text) = &packet else { panic!("{packet:?} instead of a text") };
        let json = text.strip_prefix(before).unwrap_or_else(|| panic!("{text:?} instead of {before}…"));
        serde_json::from_str(json).unwrap()
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        due("the goodbye", self.0.close(None)).await.ok();
    }

    /// Waits for the end, whatever comes before, and answers nothing; the close code, if there is one.
    pub async fn closed(mut self) -> Option<u16> {
        due("the end", async {
            loop {
                if let Err(code) = self.frame().await {
                    return code;
                }
            }
        })
        .await
    }
}
