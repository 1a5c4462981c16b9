//! A client of sessions. What carries it is a parameter: tests speak of events, not of frames.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::due;

/// What carries a client.
#[derive(Clone, Copy, Debug)]
pub enum Carrier {
    /// JSON text frames at `/ws`.
    WebSocket,
}

/// One connection.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What a connection brings.
#[derive(Debug)]
enum Told {
    Event(Value),
    Closed(Option<(u16, String)>),
}

impl Client {
    pub async fn connect(address: SocketAddr, carrier: Carrier) -> Self {
        match carrier {
            Carrier::WebSocket => {
                let connecting = connect_async(format!("ws://{address}/ws"));
                let (socket, _) = due("the connection", connecting).await.unwrap();
                Self { socket }
            }
        }
    }

    /// Sends an event.
    pub async fn emit(&mut self, event: &str, data: Value) {
        self.send_text(&json!({"event": event, "data": data}).to_string()).await;
    }

    /// Sends an event that has a name of its own.
    pub async fn emit_as(&mut self, id: &str, event: &str, data: Value) {
        self.send_text(&json!({"event": event, "data": data, "id": id}).to_string()).await;
    }

    /// Sends a text frame as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends any message.
    pub async fn send(&mut self, message: Message) {
        due("room to send", self.socket.send(message)).await.unwrap();
    }

    /// Tells whose the connection is, and waits until the hub knows.
    pub async fn authenticate(&mut self, user: &str) -> Value {
        self.emit("authenticate", json!({"userId": user})).await;
        self.expect("authenticated").await
    }

    /// The next event: its name must be this; its data.
    pub async fn expect(&mut self, event: &str) -> Value {
        self.expect_frame(event).await["data"].take()
    }

    /// The next event as a whole frame; its name must be this.
    pub async fn expect_frame(&mut self, event: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["event"], event, "{frame}");
        frame
    }

    /// The next event, whatever it is, as a whole frame.
    pub async fn next(&mut self) -> Value {
        match due("an event", self.told()).await {
            Told::Event(frame) => frame,
            closed @ Told::Closed(_) => panic!("{closed:?} instead of an event"),
        }
    }

    /// The code and the reason that the connection is closed with, whatever comes before.
    pub async fn closed(&mut self) -> (u16, String) {
        self.rest().await.1.expect("a close code")
    }

    /// The events until the close, as whole frames, and the code and the reason of that, if it has them.
    pub async fn rest(&mut self) -> (Vec<Value>, Option<(u16, String)>) {
        let mut events = Vec::new();
        due("the close", async {
            loop {
                match self.told().await {
                    Told::Event(frame) => events.push(frame),
                    Told::Closed(close) => return (events, close),
                }
            }
        })
        .await
    }

    /// Shows that nothing has been sent that was not asked for: a ping is answered next.
    pub async fn expect_nothing(&mut self) {
        self.emit("ping", Value::Null).await;
        self.expect("pong").await;
    }

    /// Leaves with a goodbye.
    pub async fn leave(mut self) {
        due("the goodbye", self.socket.close(None)).await.ok();
        while let Some(Ok(_)) = due("the end", self.socket.next()).await {}
    }

    async fn told(&mut self) -> Told {
        loop {
            match self.socket.next().await {
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
