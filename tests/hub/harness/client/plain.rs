//! Plain WebSocket: a JSON text frame an event, and close codes.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Told;
use crate::harness::due;

pub(super) struct Plain(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Plain {
    pub(super) fn of(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self(socket)
    }

    pub(super) async fn connect(address: SocketAddr) -> Self {
        let connecting = connect_async(format!("ws://{address}/ws"));
        Self(due("the connection", connecting).await.unwrap().0)
    }

    pub(super) async fn emit(&mut self, id: Option<&str>, event: &str, data: Value) {
        let mut frame = json!({"event": event, "data": data});
        if let Some(id) = id {
            frame["id"] = id.into();
        }
        self.send(Message::text(frame.to_string())).await;
    }

    pub(super) async fn emit_raw(&mut self, event: &str, data: &str) {
        self.send(Message::text(format!(r#"{{"event":"{event}","data":{data}}}"#))).await;
    }

    pub(super) async fn try_send(&mut self, message: Message) -> Result<(), Error> {
        due("room to send", self.0.send(message)).await
    }

    pub(super) async fn send(&mut self, message: Message) {
        due("room to send", self.0.send(message)).await.unwrap();
    }

    pub(super) async fn leave(mut self) {
        due("the goodbye", self.0.close(None)).await.ok();
        while let Some(Ok(_)) = due("the end", self.0.next()).await {}
    }

    pub(super) async fn told(&mut self) -> Told {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Told::Event(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Told::Closed(frame.map(|f| (f.code.into(), f.reason.to_string())));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("unexpected {other:?}"),
                Some(Err(_)) | None => return Told::Closed(None),
            }
        }
    }
}
