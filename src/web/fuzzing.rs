//! Frames and bodies of any bytes: what is refused is refused in a few words, without the credential that came with it, and
//! what is answered can be read.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use actix_http::ws::{Frame, Item};
use actix_web::web::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::fields::Fields;
use super::incoming::Incoming;
use super::{body, frames};
use crate::hub::carrier::{Incoming as Event, Unreadable};
use crate::hub::events::{ErrorEvent, FrameId, Pong, ServerEvent};
use crate::hub::refusal::Refusal;
use crate::hub::requests::{ClientEvent, Named, Roster};
use crate::names::USER_ID_MAX_BYTES;

/// A credential; nothing that is said of a frame or body has it.
const SECRET: &str = "hush-hush-hush";
const MAX_BATCH: usize = 3;
const MAX_FRAME_BYTES: usize = 200;
/// As many bytes as a refusal's sentence may have; of a name 64 characters are shown, of up to 10 bytes each.
const LONGEST: usize = 1000;

/// The bytes of a WebSocket, whole and in pieces of the first byte's size: they are the same frames, within their bounds.
///
/// # Panics
/// They aren't.
pub fn websocket(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let (whole, fault) = read_frames(bytes, bytes.len());
    assert_eq!(read_frames(bytes, usize::from(*size)), (whole, fault), "in pieces of {size}");
}

/// The frames in pieces of this size, and what is wrong with the one behind them.
fn read_frames(bytes: &[u8], size: usize) -> (Vec<Frame>, Option<String>) {
    let pieces = bytes.chunks(size.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece)));
    let pieces: Vec<_> = pieces.collect();
    let mut incoming = Incoming::new(stream::iter(pieces), MAX_FRAME_BYTES);
    let mut frames = Vec::new();
    while let Some(Some(read)) = incoming.next().now_or_never() {
        match read {
            Ok(frame) => {
                within_bounds(&frame);
                frames.push(frame);
            }
            Err(fault) => return (frames, Some(fault.to_string())),
        }
    }
    (frames, None)
}

fn within_bounds(frame: &Frame) {
    match frame {
        Frame::Text(bytes)
        | Frame::Binary(bytes)
        | Frame::Continuation(
            Item::FirstText(bytes) | Item::FirstBinary(bytes) | Item::Continue(bytes) | Item::Last(bytes),
        ) => assert!(bytes.len() <= MAX_FRAME_BYTES),
        Frame::Ping(bytes) | Frame::Pong(bytes) => assert!(bytes.len() <= 125),
        Frame::Close(reason) => {
            let why = reason.as_ref().and_then(|reason| reason.description.as_deref());
            assert!(why.is_none_or(|why| why.len() <= 123));
        }
    }
}

/// A frame of the plain WebSocket, as it is and as the data of an event with a credential in it.
///
/// # Panics
/// Something that must hold of it doesn't.
pub fn plain_frame(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    answered(frames::decode(text, MAX_BATCH));
    if !text.contains(SECRET) {
        let with_secret = format!(r#"{{"event":"authenticate","data":{{"token":"{SECRET}",{text}"#);
        let event = frames::decode(&with_secret, MAX_BATCH);
        hides(&event);
        answered(event);
    }
}

/// What a frame is answered with is itself a frame, which carries its name.
fn answered(Event { event, frame }: Event) {
    let answer = match event {
        Ok(event) => {
            if let ClientEvent::Distribute(distribute, _) = &event {
                short(&distribute.participants);
            }
            if let ClientEvent::Watch(watch) = &event {
                short(&watch.users);
            }
            ServerEvent::Pong(Pong::now())
        }
        Err(Unreadable { refusal, event }) => {
            few_words(&refusal);
            ServerEvent::Error(Arc::new(ErrorEvent::new(refusal, event, frame.as_ref())))
        }
    };
    let text = frames::encode(&answer, frame.as_ref()).unwrap_or_default();
    let read: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(read.get("event").and_then(Value::as_str), Some(answer.name()), "{text}");
    let id = frame.as_ref().and_then(FrameId::name).and_then(|id| serde_json::to_value(id).ok());
    assert_eq!(read.get("id"), id.as_ref(), "{text}");
    assert!(text.len() < 4 * LONGEST, "{text}");
}

/// A body of JSON, as it is and with a credential in it.
///
/// # Panics
/// Something that must hold of it doesn't.
pub fn json_body(bytes: &[u8]) {
    understood(body::json(bytes));
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains(SECRET)
    {
        let with_secret = format!(r#"{{"token":"{SECRET}",{text}"#);
        let read = body::json(with_secret.as_bytes());
        hides(&read);
        understood(read);
    }
}

/// A form; and where each name is there once, the same as JSON, which says the same.
///
/// # Panics
/// Something that must hold of it doesn't.
pub fn form_body(bytes: &[u8]) {
    let read = body::form(bytes);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
    let map: Map<String, Value> =
        pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let plain = pairs.iter().all(|(name, _)| !name.contains('['));
    if let Ok(fields) = &read
        && map.len() == pairs.len()
        && plain
    {
        let json = Value::from(map).to_string();
        assert_eq!(body::json(json.as_bytes()).as_ref().ok(), Some(fields), "{json}");
    }
    understood(read);
}

/// The fields, as each request takes them.
fn understood(read: Result<Fields, Refusal>) {
    let fields = match read {
        Ok(fields) => fields,
        Err(refusal) => return few_words(&refusal),
    };
    let longest = Duration::from_secs(30);
    let refusals = [
        fields.clone().authenticate().err(),
        fields.clone().revoke().err(),
        fields.clone().start().err(),
        fields.clone().join().err(),
        fields.clone().batch_join(MAX_BATCH).inspect(|batch| short(&batch.participants)).err(),
        fields.clone().set_up(MAX_BATCH).inspect(|meeting| short(&meeting.participants)).err(),
        fields.clone().distribute(MAX_BATCH).inspect(|meeting| short(&meeting.participants)).err(),
        fields.clone().watch(MAX_BATCH).inspect(|watch| short(&watch.users)).err(),
        fields.wait(longest).inspect(|wait| assert!(*wait <= longest)).err(),
    ];
    for refusal in refusals.iter().flatten() {
        few_words(refusal);
        hides(refusal);
    }
}

fn short(participants: &Roster) {
    assert!(participants.len() <= MAX_BATCH);
    for named in participants {
        match named {
            Named::User(user) => assert!(user.as_str().len() <= USER_ID_MAX_BYTES),
            Named::Invalid { given, reason } => {
                assert!(given.chars().count() <= USER_ID_MAX_BYTES && reason.len() <= LONGEST);
            }
        }
    }
}

fn few_words(refusal: &Refusal) {
    assert!(refusal.message.len() <= LONGEST && !refusal.message.contains(char::is_control), "{refusal:?}");
    assert!(refusal.details.len() <= 8, "{refusal:?}");
    assert!(refusal.details.iter().all(|detail| detail.message.len() <= LONGEST), "{refusal:?}");
}

fn hides(said: &impl Debug) {
    let said = format!("{said:?}");
    assert!(!said.contains(SECRET), "{said}");
}
