//! Clients over `/ws`, many at once: each on a connection of its own, all heard through one ear, by the moment at which
//! a frame came. As good clients do, they confirm each token of which the hub wants to know that it came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::frames::{self, Event};
use crate::{Attempt, due};

const DEADLINE: Duration = Duration::from_secs(20);
/// Connections that are being made at once.
const AT_ONCE: usize = 50;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Spoken with by the crowd, and by the ear, which confirms.
type Mouth = Arc<Mutex<SplitSink<Socket, Message>>>;

/// Something that a client heard.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) client: usize,
    pub(crate) at: Instant,
    pub(crate) event: Event,
    /// The event that it answers.
    pub(crate) id: Option<String>,
}

/// Clients, each authenticated as a user of its own.
#[derive(Debug)]
pub(crate) struct Crowd {
    users: Vec<String>,
    mouths: Vec<Mouth>,
    ear: UnboundedReceiver<Attempt<Heard>>,
}

impl Crowd {
    /// Connects so many, whose users are called by this word and a number.
    pub(crate) async fn connect(hub: SocketAddr, word: &str, count: usize) -> Attempt<Self> {
        let users: Vec<String> = (1..=count).map(|number| format!("{word}-{number}")).collect();
        let sockets: Vec<Socket> = stream::iter(&users)
            .map(|user| async move { due("a session", DEADLINE, session(hub, user)).await? })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let (sender, ear) = unbounded_channel();
        let mut mouths = Vec::with_capacity(count);
        for (client, socket) in sockets.into_iter().enumerate() {
            let (mouth, words) = socket.split();
            let mouth = Arc::new(Mutex::new(mouth));
            drop(tokio::spawn(listen(client, words, Arc::clone(&mouth), sender.clone())));
            mouths.push(mouth);
        }
        Ok(Self { users, mouths, ear })
    }

    pub(crate) fn users(&self) -> &[String] {
        &self.users
    }

    pub(crate) fn user(&self, client: usize) -> &str {
        self.users.get(client).map_or("", String::as_str)
    }

    pub(crate) async fn send(&mut self, client: usize, event: &str, data: &Value, id: &str) -> Attempt<()> {
        let mouth = self.mouths.get(client).ok_or("no such client")?;
        say(mouth, &json!({"event": event, "data": data, "id": id})).await
    }

    /// The next that any of them hears; none once it is too late.
    pub(crate) async fn hear(&mut self, until: Instant) -> Attempt<Option<Heard>> {
        match timeout_at(until, self.ear.recv()).await {
            Err(_elapsed) => Ok(None),
            Ok(Some(heard)) => heard.map(Some),
            Ok(None) => Err("every session is gone".into()),
        }
    }

    /// Everything that the hub had said to them by now: each asks, and what comes before the answer was said before.
    pub(crate) async fn rest(&mut self) -> Attempt<Vec<Heard>> {
        for client in 0..self.mouths.len() {
            self.send(client, "ping", &Value::Null, "").await?;
        }
        let (mut rest, mut answered) = (Vec::new(), 0);
        let until = Instant::now() + DEADLINE;
        while answered < self.mouths.len() {
            match self.hear(until).await? {
                Some(Heard { event: Event::Pong, .. }) => answered += 1,
                Some(heard) => rest.push(heard),
                None => return Err("the hub does not answer its clients' pings".into()),
            }
        }
        Ok(rest)
    }
}

/// A connection that has told whose it is.
pub(crate) async fn session(hub: SocketAddr, user: &str) -> Attempt<Socket> {
    // A thousand buffers of the default size would be the driver's own load.
    let config = WebSocketConfig::default().read_buffer_size(4096);
    let (mut socket, _) = connect_async_with_config(format!("ws://{hub}/ws"), Some(config), true).await?;
    let hello = json!({"event": "authenticate", "data": {"userId": user, "acks": true}});
    socket.send(Message::text(hello.to_string())).await?;
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message? {
            return match frames::read(&text)? {
                (Event::Authenticated, _) => Ok(socket),
                (other, _) => Err(format!("{other:?} instead of authenticated").into()),
            };
        }
    }
    Err("the hub closed a session at its start".into())
}

async fn confirm(mouth: &Mouth, delivery: &str) -> Attempt<()> {
    say(mouth, &json!({"event": "delivery:ack", "data": {"deliveryId": delivery}})).await
}

async fn say(mouth: &Mouth, frame: &Value) -> Attempt<()> {
    let message = Message::text(frame.to_string());
    let mut mouth = mouth.lock().await;
    Ok(due("room to send", DEADLINE, mouth.send(message)).await??)
}

/// Passes on what a client hears, until the connection ends or nobody wants to know.
async fn listen(
    client: usize,
    mut words: SplitStream<Socket>,
    mouth: Mouth,
    ear: UnboundedSender<Attempt<Heard>>,
) {
    loop {
        let message = tokio::select! {
            message = words.next() => message,
            () = ear.closed() => return,
        };
        let at = Instant::now();
        let heard = match message {
            Some(Ok(Message::Text(text))) => {
                frames::read(&text).map(|(event, id)| Heard { client, at, event, id })
            }
            Some(Ok(Message::Close(Some(frame)))) => {
                Err(format!("the hub closed a session: {} {}", frame.code, frame.reason).into())
            }
            Some(Ok(Message::Close(None))) | None => Err("the hub closed a session".into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {
                continue;
            }
            Some(Err(error)) => Err(error.into()),
        };
        if let Ok(Heard { event: Event::Token { delivery: Some(delivery), .. }, .. }) = &heard
            && confirm(&mouth, delivery).await.is_err()
        {
            return;
        }
        let over = heard.is_err();
        if ear.send(heard).is_err() || over {
            return;
        }
    }
}
