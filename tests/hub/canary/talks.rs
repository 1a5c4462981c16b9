//! Credentials shown on sessions of each carrier, every event, and who listens all the time.

use std::fmt::Write as _;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use awc::http::Method;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use zoom_token_hub::hub::requests::CLIENT_EVENTS;

use super::calls::{everything, join};
use super::cast::{Credential, EVE, UNSERVED};
use super::record::{Record, Whose};
use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::engine::Engine;
use crate::harness::{Client, MEETING, due};

pub const CARRIERS: [Carrier; 3] = [WebSocket, SocketIo, Polling];

/// The events that a client may send, and what answers each.
const EVENTS: [(&str, &str); 9] = [
    ("authenticate", "authenticated"),
    ("meeting:start", "meeting:started"),
    ("meeting:join", "meeting:credentials"),
    ("meeting:distribute", "meeting:distributed"),
    ("ping", "pong"),
    ("delivery:ack", NOTHING),
    ("meeting:cancel", "error"),
    ("distribution:get", "error"),
    ("presence:watch", "presence:state"),
];

/// What answers a receipt.
const NOTHING: &str = "nothing";

/// Somebody who asks for nothing and listens until the hub goes.
pub struct Listener {
    pub who: String,
    whose: Whose,
    heard: JoinHandle<String>,
}

impl Listener {
    /// Listens with a client.
    pub fn new(who: String, whose: Whose, client: Client) -> Self {
        Self { who, whose, heard: spawn(client.listen()) }
    }

    /// A session on each carrier with this credential.
    pub async fn on_each_carrier(record: &Record, credential: &Credential) -> Vec<Self> {
        let mut listeners = Vec::new();
        for carrier in CARRIERS {
            let mut client = Client::connect(record.address, carrier).await;
            client.show(credential.user, &credential.token).await;
            let who = format!("{}, who listens by {carrier:?}", credential.user);
            // Nobody else's, not even with a service's credential: it is routed to as the user that it said it was.
            listeners.push(Self::new(who, Whose::Only(credential.user), client));
        }
        listeners
    }

    /// What it heard until its end, which is due.
    pub async fn ended(self, record: &Record) -> String {
        let heard = due(&self.who, self.heard).await.unwrap();
        record.hear(self.who, self.whose, heard.clone());
        heard
    }
}

/// What a WebSocket is opened with, and what is sent on it.
struct Opening<'a> {
    path: &'a str,
    header: Option<(&'static str, String)>,
    frames: Vec<String>,
}

impl Opening<'_> {
    /// Opens it and reads until this has come; fails if it has not. The subprotocol that was chosen.
    async fn until(self, record: &Record, credential: &Credential, wanted: &str) -> Option<String> {
        let mut request = format!("ws://{}{}", record.address, self.path).into_client_request().unwrap();
        if let Some((name, value)) = self.header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (heard, chosen) = match due("the handshake", connect_async(request)).await {
            Ok((mut socket, answer)) => {
                let mut heard = format!("{:?}\n", answer.headers());
                for frame in self.frames {
                    due("room", socket.send(Message::text(frame))).await.unwrap_or_default();
                }
                while !heard.contains(wanted)
                    && let Some(Ok(message)) = due(wanted, socket.next()).await
                {
                    // Of a close it is the reason.
                    writeln!(heard, "{}", message.to_text().unwrap()).unwrap();
                }
                let chosen = answer.headers().get("sec-websocket-protocol");
                (heard, chosen.map(|chosen| chosen.to_str().unwrap().to_owned()))
            }
            Err(Error::Http(answer)) => {
                let body = String::from_utf8(answer.body().clone().unwrap_or_default()).unwrap();
                (format!("{} {:?} {body}", answer.status(), answer.headers()), None)
            }
            Err(error) => panic!("{error}"),
        };
        assert!(heard.contains(wanted), "no {wanted} by {} in {heard}", credential.name);
        let who = format!("{} by a WebSocket at {}", credential.name, self.path);
        record.hear(who, credential.whose, heard);
        chosen
    }
}

/// A credential in every place of a session where it may be, and in those where it may not. The next thing asked for
/// is the user's own.
pub async fn show(record: &Record, credential: &Credential) {
    in_a_handshake(record, credential).await;
    let Credential { name, user, token, whose, refused } = credential;
    for carrier in CARRIERS {
        let mut client = Client::connect(record.address, carrier).await;
        client.emit("authenticate", json!({"userId": user, "token": token})).await;
        match refused {
            None => {
                client.expect("authenticated").await;
                client.emit("meeting:join", join(user)).await;
                client.expect("meeting:credentials").await;
                client.expect_nothing().await;
            }
            Some(code) => assert_eq!(&client.closed().await.1, code, "{name}"),
        }
        record.hear(format!("{name} by authenticate, {carrier:?}"), *whose, client.heard());
    }
    for carrier in [SocketIo, Polling] {
        let who = format!("{name} by Socket.IO's auth, {carrier:?}");
        match Client::join(record.address, carrier, Some(&json!({"token": token}))).await {
            Ok(mut client) => {
                assert_eq!(client.expect("authenticated").await["userId"], *user);
                client.emit("meeting:join", join(user)).await;
                client.expect("meeting:credentials").await;
                record.hear(who, *whose, client.heard());
                client.leave().await;
            }
            Err(refusal) => {
                assert_eq!(Some(refusal["message"].as_str().unwrap()), *refused, "{name}");
                record.hear(who, Whose::Nobodys, refusal.to_string());
            }
        }
    }
}

async fn in_a_handshake(record: &Record, credential: &Credential) {
    let Credential { token, user, refused, .. } = credential;
    let (plain, socket_io) = ("/ws", "/socket.io/?EIO=4&transport=websocket");
    let frame = json!({"event": "meeting:join", "data": join(user)}).to_string();
    let packets = vec!["40".to_owned(), format!("42{}", json!(["meeting:join", join(user)]))];
    let bearer = || Some(("authorization", format!("Bearer {token}")));
    let offers = |offers: String| Some(("sec-websocket-protocol", offers));
    let wanted = refused.unwrap_or("meeting:credentials");
    let open = |path, header, frames: &[String]| Opening { path, header, frames: frames.to_vec() };
    let frames = [frame];
    open(plain, bearer(), &frames).until(record, credential, wanted).await;
    open(socket_io, bearer(), &packets).until(record, credential, wanted).await;
    let offered = offers(format!("zoom-token-hub.v1, bearer.{token}"));
    let chosen = open(plain, offered, &frames).until(record, credential, wanted).await;
    assert_eq!(chosen.as_deref(), Some("zoom-token-hub.v1"));
    // By polls.
    let authorization = bearer().unwrap().1;
    let (path, headers) =
        ("/socket.io/?EIO=4&transport=polling", [("authorization", authorization.as_str())]);
    let answer = record.call_with(credential, &headers, Method::GET, path, "").await;
    assert_eq!(answer.status, if refused.is_some() { 401 } else { 200 });
    if refused.is_none() {
        let polls = Engine::at(record.address, "/socket.io/").polls(&answer.text);
        let mut heard = String::new();
        polls.post(&packets.join("\u{1e}")).await;
        while !heard.contains(wanted) {
            heard.push_str(&polls.packets().await);
        }
        record.hear(format!("{user} by polls"), credential.whose, heard);
    }
    // Where none is looked at, or none can be chosen.
    for offer in [format!("bearer.{token}"), format!("zoom-token-hub.v1, bearer.{token}, bearer.{token}")] {
        let chosen = open(plain, offers(offer), &frames).until(record, credential, "invalid_request").await;
        assert_eq!(chosen, None);
    }
    for path in [format!("{plain}?token={token}"), format!("{socket_io}&token={token}&auth={token}")] {
        let frames = if path.starts_with(plain) { &frames[..] } else { &packets };
        let frames = [frames, &[format!("42[\"authenticate\",{{\"token\":\"{token}\"}}]")]].concat();
        Opening { path: &path, header: None, frames }.until(record, credential, "not_authenticated").await;
    }
}

/// What is no event, with a credential in it, before one has been shown and after.
pub async fn malformed(record: &Record, credential: &Credential) {
    let Credential { token, user, name, .. } = credential;
    let authenticated =
        json!({"event": "authenticate", "data": {"userId": user, "token": token}}).to_string();
    for first in ["{}", &authenticated] {
        let cut = format!("{{\"event\": \"authenticate\", \"data\": {{\"token\": \"{token}");
        let large = token.repeat(300_000 / token.len());
        for (frames, wanted) in [
            (vec![first, token, &cut, &format!("[\"{token}\"]")], "malformed_frame"),
            (vec![first, &large], "payload_too_large"),
        ] {
            let frames = frames.into_iter().map(str::to_owned).collect();
            Opening { path: "/ws", header: None, frames }.until(record, credential, wanted).await;
        }
    }
    let binary = || Message::binary(token.as_bytes().to_vec());
    let short = Message::Ping(token[..100].to_owned().into());
    let long = Message::Ping(token.clone().into());
    for (messages, code) in [(vec![short, binary(), binary(), binary()], 4400), (vec![long], 1002)] {
        let mut client = Client::connect(record.address, WebSocket).await;
        for message in messages {
            client.send(message).await;
        }
        assert_eq!(client.closed().await.0, code);
        record.hear(format!("{name} by odd frames"), Whose::Nobodys, client.heard());
    }
    let engine = Engine::at(record.address, "/socket.io/");
    for packet in [token.clone(), format!("42[\"{token}\""), format!("40/{token},"), format!("41{token}")] {
        let mut frames = engine.by_websocket().await;
        frames.send(&format!("40{{\"token\":\"{token}\",\"more\":\"{token}\"}}")).await;
        frames.text().await;
        frames.send(&packet).await;
        frames.close().await;
        frames.closed().await;
        let polls = engine.by_polling().await;
        polls.post("40").await;
        let answer = polls.try_post(&packet).await.unwrap();
        record.hear(format!("{name} by malformed polls"), Whose::Nobodys, format!("{answer:?}"));
    }
    for carrier in CARRIERS {
        let mut client = Client::connect(record.address, carrier).await;
        client.emit("ping", json!({"token": token})).await;
        client.expect("pong").await;
        for (event, _) in EVENTS
            .into_iter()
            .filter(|(event, answer)| !["ping", "authenticate"].contains(event) && *answer != NOTHING)
        {
            assert_eq!(client.refused(event, everything(user, credential)).await, "not_authenticated");
        }
        let odd = json!({"userId": {"token": token}, "token": [token]});
        assert_eq!(client.refused("authenticate", odd).await, "invalid_user_id");
        record.hear(format!("{name}, who has shown nothing, {carrier:?}"), Whose::Nobodys, client.heard());
    }
}

/// Every event with every field, as oneself and as another.
pub async fn every_event(record: &Record, credential: &Credential, carrier: Carrier) {
    assert_eq!(EVENTS.map(|(event, _)| event), CLIENT_EVENTS);
    let Credential { name, user, token, whose, .. } = credential;
    let mut client = Client::connect(record.address, carrier).await;
    client.show(user, token).await;
    for who in [user, EVE] {
        for (event, answer) in EVENTS {
            answered(&mut client, event, everything(who, credential), answer).await;
        }
    }
    assert_eq!(refusal(&mut client, "no:such", everything(user, credential)).await, "unknown_event");
    for of_distributions in ["delivery:ack", "meeting:cancel", "distribution:get"] {
        let nameless = json!({"deliveryId": token, "distributionId": token});
        assert_eq!(refusal(&mut client, of_distributions, nameless).await, "invalid_request");
    }
    let odd = json!({"meetingId": token, "participantUserId": user, "hostUserId": user});
    for event in ["meeting:start", "meeting:join", "meeting:distribute"] {
        answered(&mut client, event, odd.clone(), "error").await;
    }
    record.hear(format!("{name}, who asks for everything by {carrier:?}"), *whose, client.heard());
    client.leave().await;
}

/// Asks for what Zoom doesn't give, for each of the users whom it gives nothing.
pub async fn in_vain(record: &Record, credential: &Credential, carrier: Carrier) {
    let Credential { name, user, token, whose, .. } = credential;
    let mut client = Client::connect(record.address, carrier).await;
    client.show(user, token).await;
    for user in UNSERVED {
        let start = json!({"meetingId": MEETING, "hostUserId": user});
        answered(&mut client, "meeting:start", start, "error").await;
        answered(&mut client, "meeting:join", join(user), "error").await;
    }
    record.hear(format!("{name}, who asks in vain by {carrier:?}"), *whose, client.heard());
    client.leave().await;
}

/// Sends an event that must be refused, whatever else comes; the refusal's code.
async fn refusal(client: &mut Client, event: &str, data: Value) -> String {
    client.emit(event, data).await;
    loop {
        let frame = client.next().await;
        if frame["event"] == "error" && frame["data"]["event"] == event {
            return frame["data"]["code"].as_str().unwrap().to_owned();
        }
    }
}

/// Sends an event and waits for its answer or its refusal, whatever else comes.
async fn answered(client: &mut Client, event: &str, data: Value, answer: &str) {
    client.emit(event, data).await;
    if answer == NOTHING {
        return;
    }
    loop {
        let frame = client.next().await;
        if frame["event"] == answer || (frame["event"] == "error" && frame["data"]["event"] == event) {
            return;
        }
    }
}
