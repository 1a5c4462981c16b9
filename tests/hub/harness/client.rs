//! A client of sessions. What carries it is a parameter: tests speak of events, not of frames.

mod packets;
mod plain;
mod socket_io;

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use self::packets::Packets;
use self::plain::Plain;
use self::socket_io::SocketIo;
use super::due;

/// What carries a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// JSON text frames at `/ws`.
    WebSocket,
    /// Socket.IO, by WebSocket from the beginning.
    SocketIo,
    /// Socket.IO by long-polling, which is never upgraded.
    Polling,
}

/// One connection.
pub struct Client {
    wire: Wire,
    /// Events that came while an acknowledgement was waited for.
    early: VecDeque<Value>,
    /// What came as acknowledgements, by what the events had been called.
    acknowledged: HashMap<String, Value>,
    /// Everything that came, as text.
    heard: String,
}

enum Wire {
    Plain(Plain),
    SocketIo(SocketIo),
}

/// A close code and its reason. Socket.IO has neither: there it is what the last `error` stands for.
type Close = (u16, String);

/// What a connection brings.
#[derive(Debug)]
enum Told {
    /// As a whole frame, whatever carried it.
    Event(Value),
    /// Under the name of what was emitted.
    Acknowledged(String, Value),
    Closed(Option<Close>),
}

impl Client {
    pub async fn connect(address: SocketAddr, carrier: Carrier) -> Self {
        if carrier == Carrier::WebSocket {
            Self::over(Wire::Plain(Plain::connect(address).await))
        } else {
            Self::join(address, carrier, None).await.unwrap()
        }
    }

    /// A client of Socket.IO that says this as it joins; or what it is refused with.
    pub async fn join(address: SocketAddr, carrier: Carrier, auth: Option<&Value>) -> Result<Self, Value> {
        let packets = match carrier {
            Carrier::Polling => Packets::by_polling(address).await,
            Carrier::SocketIo | Carrier::WebSocket => Packets::by_websocket(address).await,
        };
        Ok(Self::over(Wire::SocketIo(SocketIo::connect(packets, auth).await?)))
    }

    /// A client over a WebSocket that is open already.
    pub fn of(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self::over(Wire::Plain(Plain::of(socket)))
    }

    fn over(wire: Wire) -> Self {
        Self { wire, early: VecDeque::new(), acknowledged: HashMap::new(), heard: String::new() }
    }

    /// Sends an event.
    pub async fn emit(&mut self, event: &str, data: Value) {
        self.emit_named(None, event, data).await;
    }

    /// Sends an event that has a name of its own, and so can be told apart by [`Self::expect_answer`].
    pub async fn emit_as(&mut self, id: &str, event: &str, data: Value) {
        self.emit_named(Some(id), event, data).await;
    }

    async fn emit_named(&mut self, id: Option<&str>, event: &str, data: Value) {
        match &mut self.wire {
            Wire::Plain(plain) => plain.emit(id, event, data).await,
            Wire::SocketIo(socket_io) => socket_io.emit(id, event, data).await,
        }
    }

    /// Sends a text frame as it is, over plain WebSocket alone.
    pub async fn send_text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends any message, over plain WebSocket alone.
    pub async fn send(&mut self, message: Message) {
        let Wire::Plain(plain) = &mut self.wire else { panic!("only plain WebSocket has frames of its own") };
        plain.send(message).await;
    }

    /// Sends any message over plain WebSocket, unless the connection has ended.
    pub async fn try_send(&mut self, message: Message) -> Result<(), Error> {
        let Wire::Plain(plain) = &mut self.wire else { panic!("only plain WebSocket has frames of its own") };
        plain.try_send(message).await
    }

    /// Sends an event whose data is this text, JSON or not.
    pub async fn emit_raw(&mut self, event: &str, data: &str) {
        match &mut self.wire {
            Wire::Plain(plain) => plain.emit_raw(event, data).await,
            Wire::SocketIo(socket_io) => socket_io.emit_raw(event, data).await,
        }
    }

    /// The next event as a whole frame, unless the connection ends.
    pub async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            match due("an event or the end", self.told()).await {
                Told::Event(frame) => return Some(frame),
                Told::Acknowledged(..) => {}
                Told::Closed(_) => return None,
            }
        }
    }

    /// Tells whose the connection is, and waits until the hub knows.
    pub async fn authenticate(&mut self, user: &str) -> Value {
        self.emit("authenticate", json!({"userId": user})).await;
        let authenticated = self.expect("authenticated").await;
        if let Wire::SocketIo(socket_io) = &self.wire {
            assert_eq!(authenticated["socketId"], socket_io.id());
        }
        authenticated
    }

    /// Tells whose the connection is, and that it will say what it has received.
    pub async fn authenticate_confirming(&mut self, user: &str) -> Value {
        self.emit("authenticate", json!({"userId": user, "acks": true})).await;
        self.expect("authenticated").await
    }

    /// Says that a token was received, in the carrier's own way.
    pub async fn confirm(&mut self, credentials: &Value) {
        let delivery = credentials["deliveryId"].as_str().expect("a delivery");
        match &mut self.wire {
            Wire::Plain(_) => self.emit("delivery:ack", json!({"deliveryId": delivery})).await,
            Wire::SocketIo(socket_io) => socket_io.acknowledge(delivery).await,
        }
    }

    /// Shows a credential, and waits until the hub knows whose the connection is.
    pub async fn show(&mut self, user: &str, credential: &str) -> Value {
        self.emit("authenticate", json!({"userId": user, "token": credential})).await;
        self.expect("authenticated").await
    }

    /// Emits an event that must be refused; the refusal's code.
    pub async fn refused(&mut self, event: &str, data: Value) -> String {
        self.emit(event, data).await;
        let error = self.expect("error").await;
        assert_eq!(error["event"], event, "{error}");
        error["code"].as_str().unwrap().to_owned()
    }

    /// The next event: its name must be this; its data.
    pub async fn expect(&mut self, event: &str) -> Value {
        self.expect_frame(event).await["data"].take()
    }

    /// The next event as a whole frame; its name must be this.
    pub async fn expect_frame(&mut self, event: &str) -> Value {
        let frame =
            if event == "meeting:progress" { self.next().await } else { self.next_but_progress().await };
        assert_eq!(frame["event"], event, "{frame}");
        frame
    }

    /// The next event, which must be this and end the answer to what was emitted under this name; its data.
    ///
    /// A frame carries the name. Over Socket.IO the event carries none, but its data comes as the acknowledgement too.
    pub async fn expect_answer(&mut self, id: &str, event: &str) -> Value {
        let mut frame = self.expect_frame(event).await;
        match self.wire {
            Wire::Plain(_) => assert_eq!(frame["id"], id, "{frame}"),
            Wire::SocketIo(_) => assert_eq!(self.acknowledgement(id).await, frame["data"]),
        }
        frame["data"].take()
    }

    async fn acknowledgement(&mut self, id: &str) -> Value {
        loop {
            if let Some(data) = self.acknowledged.remove(id) {
                return data;
            }
            match due("an acknowledgement", self.told()).await {
                Told::Event(frame) => self.early.push_back(frame),
                Told::Acknowledged(id, data) => self.keep(id, data),
                closed @ Told::Closed(_) => panic!("{closed:?} instead of an acknowledgement"),
            }
        }
    }

    fn keep(&mut self, id: String, data: Value) {
        let before = self.acknowledged.insert(id, data);
        assert_eq!(before, None, "acknowledged before");
    }

    /// The next event but for how far a distribution is, which may come at any time between others.
    pub async fn next_but_progress(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            if frame["event"] != "meeting:progress" {
                return frame;
            }
        }
    }

    /// The next event, whatever it is, as a whole frame.
    pub async fn next(&mut self) -> Value {
        if let Some(frame) = self.early.pop_front() {
            return frame;
        }
        loop {
            match due("an event", self.told()).await {
                Told::Event(frame) => return frame,
                Told::Acknowledged(id, data) => self.keep(id, data),
                closed @ Told::Closed(_) => panic!("{closed:?} instead of an event"),
            }
        }
    }

    /// The code and the reason that the connection is closed with, whatever comes before.
    pub async fn closed(&mut self) -> Close {
        self.rest().await.1.expect("a close code")
    }

    /// The events until the close, as whole frames, and the code and the reason of that, if it has them.
    pub async fn rest(&mut self) -> (Vec<Value>, Option<Close>) {
        let mut events: Vec<_> = self.early.drain(..).collect();
        due("the close", async {
            loop {
                match self.told().await {
                    Told::Event(frame) => events.push(frame),
                    Told::Acknowledged(id, data) => self.keep(id, data),
                    Told::Closed(close) => {
                        if close.is_some() && matches!(self.wire, Wire::SocketIo(_)) {
                            // The event that stands for the code.
                            events.pop();
                        }
                        return (events, close);
                    }
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

    /// Everything that came so far, as text.
    pub fn heard(&self) -> &str {
        &self.heard
    }

    /// Reads until the connection is closed, whenever that may be; everything that came, as text.
    pub async fn listen(mut self) -> String {
        while !matches!(self.told().await, Told::Closed(_)) {}
        self.heard
    }

    /// Leaves with a goodbye.
    pub async fn leave(self) {
        match self.wire {
            Wire::Plain(plain) => plain.leave().await,
            Wire::SocketIo(socket_io) => socket_io.leave().await,
        }
    }

    async fn told(&mut self) -> Told {
        let told = match &mut self.wire {
            Wire::Plain(plain) => plain.told().await,
            Wire::SocketIo(socket_io) => socket_io.told().await,
        };
        writeln!(self.heard, "{told:?}").unwrap();
        told
    }
}
