//! What a session goes over: how it is opened, and how an event stands in a message. Plain is the hub's own WebSocket,
//! where each message is a frame of JSON; Socket.IO here is its WebSocket alone, for polling is played by the soak.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::Attempt;
use crate::credentials;
use crate::frames::{self, Event, Packet};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Plain,
    SocketIo,
}

/// What a message is to the driver.
#[derive(Debug)]
pub(crate) enum Said {
    /// An event, and the name of the one that it answers.
    Event(Event, Option<String>),
    /// The server wants to know whether anybody is there, and this is the answer.
    Ask(&'static str),
    /// Of the protocol below.
    Nothing,
}

impl Carrier {
    fn target(self) -> &'static str {
        match self {
            Self::Plain => "/ws",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// An event as it is sent. `id`, where there is one, comes back with its answer, but over plain WebSocket alone.
    pub(crate) fn event(self, event: &str, data: &Value, id: &str) -> Message {
        Message::text(match self {
            Self::Plain if id.is_empty() => json!({"event": event, "data": data}).to_string(),
            Self::Plain => json!({"event": event, "data": data, "id": id}).to_string(),
            Self::SocketIo => format!("42{}", json!([event, data])),
        })
    }

    pub(crate) fn read(self, text: &str) -> Attempt<Said> {
        match self {
            Self::Plain => frames::read(text).map(|(event, id)| Said::Event(event, id)),
            Self::SocketIo => Ok(match frames::packet(text)? {
                Packet::Ping => Said::Ask("3"),
                Packet::Event(event) => Said::Event(event, None),
                Packet::Other => Said::Nothing,
            }),
        }
    }

    /// A connection that has told whose it is.
    pub(crate) async fn session(self, server: SocketAddr, user: &str) -> Attempt<Socket> {
        // A thousand buffers of the default size would be the driver's own load.
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let url = format!("ws://{server}{}", self.target());
        let (mut socket, _) = connect_async_with_config(url, Some(config), true).await?;
        if self == Self::SocketIo {
            // A client joins the namespace once it is greeted, and says who it is once it has joined.
            text(&mut socket, "0").await?;
            socket.send(Message::text("40")).await?;
            text(&mut socket, "40").await?;
        }
        let hello = json!({"userId": user, "token": credentials::of(user)?, "acks": true});
        socket.send(self.event("authenticate", &hello, "")).await?;
        loop {
            match self.read(&text(&mut socket, "").await?)? {
                Said::Event(Event::Authenticated, _) => return Ok(socket),
                Said::Event(Event::Other, _) | Said::Nothing => {}
                Said::Ask(answer) => socket.send(Message::text(answer)).await?,
                Said::Event(other, _) => return Err(format!("{other:?} instead of authenticated").into()),
            }
        }
    }
}

/// The next text, which must begin so. A server may ask at once whether anybody is there.
async fn text(socket: &mut Socket, begin: &str) -> Attempt<String> {
    while let Some(message) = socket.next().await {
        match message? {
            Message::Text(text) if text.starts_with(begin) => return Ok(text.to_string()),
            Message::Text(text) if text.as_str() == "2" => socket.send(Message::text("3")).await?,
            Message::Text(text) => {
                return Err(format!("{text} at the start of a session, where {begin} is due").into());
            }
            Message::Binary(_)
            | Message::Ping(_)
            | Message::Pong(_)
            | Message::Close(_)
            | Message::Frame(_) => {}
        }
    }
    Err("a session was closed at its start".into())
}
