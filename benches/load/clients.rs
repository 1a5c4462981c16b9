//! Clients, many at once: each on a connection of its own, all heard through one ear, by the moment at which a frame
//! came. As good clients do, they confirm each token of which the hub wants to know that it came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::carrier::{Carrier, Said, Socket};
use crate::frames::Event;
use crate::{Attempt, due};

const DEADLINE: Duration = Duration::from_secs(20);
/// Connections that are being made at once.
const AT_ONCE: usize = 50;

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
    carrier: Carrier,
    users: Vec<String>,
    mouths: Vec<Mouth>,
    ear: UnboundedReceiver<Attempt<Heard>>,
}

impl Crowd {
    /// Connects so many over `/ws`, whose users are called by this word and a number.
    pub(crate) async fn connect(hub: SocketAddr, word: &str, count: usize) -> Attempt<Self> {
        Self::connect_over(Carrier::Plain, hub, word, count).await
    }

    pub(crate) async fn connect_over(
        carrier: Carrier,
        hub: SocketAddr,
        word: &str,
        count: usize,
    ) -> Attempt<Self> {
        let users: Vec<String> = (1..=count).map(|number| format!("{word}-{number}")).collect();
        let sockets: Vec<Socket> = stream::iter(&users)
            .map(|user| async move { due("a session", DEADLINE, carrier.session(hub, user)).await? })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let (sender, ear) = unbounded_channel();
        let mut mouths = Vec::with_capacity(count);
        for (client, socket) in sockets.into_iter().enumerate() {
            let (mouth, words) = socket.split();
            let mouth = Arc::new(Mutex::new(mouth));
            drop(tokio::spawn(listen((client, carrier), words, Arc::clone(&mouth), sender.clone())));
            mouths.push(mouth);
        }
        Ok(Self { carrier, users, mouths, ear })
    }

    pub(crate) fn users(&self) -> &[String] {
        &self.users
    }

    pub(crate) fn user(&self, client: usize) -> &str {
        self.users.get(client).map_or("", String::as_str)
    }

    pub(crate) async fn send(&mut self, client: usize, event: &str, data: &Value, id: &str) -> Attempt<()> {
        let mouth = self.mouths.get(client).ok_or("no such client")?;
        say(mouth, self.carrier.event(event, data, id)).await
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

/// A connection over `/ws` that has told whose it is.
pub(crate) async fn session(hub: SocketAddr, user: &str) -> Attempt<Socket> {
    Carrier::Plain.session(hub, user).await
}

async fn say(mouth: &Mouth, message: Message) -> Attempt<()> {
    let mut mouth = mouth.lock().await;
    Ok(due("room to send", DEADLINE, mouth.send(message)).await??)
}

/// Passes on what a client hears, until the connection ends or nobody wants to know.
async fn listen(
    (client, carrier): (usize, Carrier),
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
        let said = match message {
            Some(Ok(Message::Text(text))) => carrier.read(&text),
            Some(Ok(Message::Close(Some(frame)))) => {
                Err(format!("the hub closed a session: {} {}", frame.code, frame.reason).into())
            }
            Some(Ok(Message::Close(None))) | None => Err("the hub closed a session".into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {
                continue;
            }
            Some(Err(error)) => Err(error.into()),
        };
        if let Ok(said) = &said
            && let Some(answer) = answer(carrier, said)
            && say(&mouth, answer).await.is_err()
        {
            return;
        }
        let heard = match said {
            Ok(Said::Event(event, id)) => Ok(Heard { client, at, event, id }),
            Ok(Said::Ask(_) | Said::Nothing) => continue,
            Err(why) => Err(why),
        };
        let over = heard.is_err();
        if ear.send(heard).is_err() || over {
            return;
        }
    }
}

/// What a client says to that at once: it is there, it has got the token.
fn answer(carrier: Carrier, said: &Said) -> Option<Message> {
    match said {
        Said::Ask(answer) => Some(Message::text(*answer)),
        Said::Event(Event::Token { delivery: Some(delivery), .. }, _) => {
            Some(carrier.event("delivery:ack", &json!({"deliveryId": delivery}), ""))
        }
        Said::Event(..) | Said::Nothing => None,
    }
}
