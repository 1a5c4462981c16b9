//! The plain WebSocket's frames: `{"event": "…", "data": {…}, "id": "…"}` to events and back, pure.

use serde::ser::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fields::Fields;
use super::json::not_an_object;
use crate::hub::carrier::{Incoming, Unreadable};
use crate::hub::events::{FrameId, FrameName, ServerEvent};
use crate::hub::refusal::{Code, Detail, Refusal};
use crate::hub::requests::{CancelDistribution, ClientEvent};

#[derive(Deserialize)]
struct Frame<'a> {
    event: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    id: Option<String>,
}

/// Reads a text frame. What is no object, a missing name and a field of the wrong kind are malformed.
pub(super) fn decode(text: &str, max_batch: usize) -> Incoming {
    let Frame { event: name, data, id } = match as_object(text) {
        Ok(frame) => frame,
        Err(error) => return malformed(not_an_object("The frame", &error)),
    };
    let unreadable = |refusal| Unreadable { refusal, event: Some(cut(&name)) };
    let frame = match id.as_deref().map(FrameName::new) {
        None => None,
        Some(Some(name)) => Some(FrameId::Named(name)),
        Some(None) => {
            let refusal = invalid("id", "id has at most 64 bytes");
            return Incoming { event: Err(unreadable(refusal)), frame: None };
        }
    };
    let event = event(&name, data.map(RawValue::get), max_batch).map_err(unreadable);
    Incoming { event, frame }
}

/// What is no text frame at all.
pub(super) fn malformed(message: impl Into<String>) -> Incoming {
    let refusal = Refusal::new(Code::MalformedFrame, message);
    Incoming { event: Err(Unreadable { refusal, event: None }), frame: None }
}

/// Reads an event's data, whichever carrier it came by. `ping` takes anything or nothing.
pub(super) fn event(name: &str, data: Option<&str>, max_batch: usize) -> Result<ClientEvent, Refusal> {
    match name {
        "ping" => Ok(ClientEvent::Ping),
        "authenticate" => Ok(ClientEvent::Authenticate(fields(data)?.authenticate()?)),
        "meeting:start" => Ok(ClientEvent::Start(fields(data)?.start()?)),
        "meeting:join" => Ok(ClientEvent::Join(fields(data)?.join()?)),
        "meeting:distribute" => {
            let fields = fields(data)?;
            let key = fields.idempotency_key(None)?;
            Ok(ClientEvent::Distribute(fields.distribute(max_batch)?, key))
        }
        "delivery:ack" => Ok(ClientEvent::Receipt(fields(data)?.receipt()?)),
        "meeting:cancel" => Ok(ClientEvent::Cancel(CancelDistribution(fields(data)?.cancel()?))),
        "distribution:get" => Ok(ClientEvent::Get(fields(data)?.get()?)),
        "presence:watch" => Ok(ClientEvent::Watch(fields(data)?.watch(max_batch)?)),
        _ => Err(Refusal::new(Code::UnknownEvent, format!("There is no event {:?}", cut(name)))),
    }
}

fn fields(data: Option<&str>) -> Result<Fields, Refusal> {
    match data {
        None | Some("null") => Ok(Fields::default()),
        Some(data) => {
            serde_json::from_str(data).map_err(|_no_object| invalid("data", "data must be an object"))
        }
    }
}

fn invalid(field: &'static str, message: &str) -> Refusal {
    let details = vec![Detail { field, message: message.to_owned() }];
    Refusal { details, ..Refusal::new(Code::InvalidRequest, message) }
}

/// A derived struct takes an array in an object's place: an object it must be.
fn as_object<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde::de::Error::custom("not an object"))
    }
}

/// An event's name, at a length fit to be answered.
pub(super) fn cut(name: &str) -> String {
    name.chars().take(64).collect()
}

#[derive(Serialize)]
struct Outgoing<'a> {
    event: &'static str,
    data: &'a ServerEvent,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a FrameName>,
}

/// Writes an event as a text frame.
pub(super) fn encode(event: &ServerEvent, frame: Option<&FrameId>) -> serde_json::Result<String> {
    let id = frame.and_then(FrameId::name);
    // A token's frame in one piece of memory, rather than in one that grows four times.
    let mut text = Vec::with_capacity(event.weight());
    serde_json::to_writer(&mut text, &Outgoing { event: event.name(), data: event, id })?;
    String::from_utf8(text).map_err(serde_json::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hub::events::Pong;
    use crate::hub::requests::CLIENT_EVENTS;

    fn refused(text: &str) -> Code {
        decode(text, 3).event.unwrap_err().refusal.code
    }

    #[test]
    fn a_ping_takes_anything_or_nothing() {
        let anything =
            ["", r#","data":null"#, r#","data":{}"#, r#","data":[1]"#, r#","data":"x""#, r#","x":1"#];
        for data in anything {
            let text = format!(r#"{{"event":"ping"{data}}}"#);
            assert!(matches!(decode(&text, 3).event, Ok(ClientEvent::Ping)), "{text}");
        }
    }

    #[test]
    fn what_is_no_frame_is_malformed() {
        let frames = [
            "",
            "x",
            "1",
            "[]",
            r#"["ping"]"#,
            r#"{"event":1}"#,
            r#"{"data":{}}"#,
            r#"{"event":"ping","id":7}"#,
        ];
        for text in frames {
            assert_eq!(refused(text), Code::MalformedFrame, "{text}");
        }
    }

    #[test]
    fn data_that_is_no_object_is_the_events_fault_and_not_the_frames() {
        for data in ["[]", "1", r#""x""#, r#"["123456789","host"]"#] {
            let text = format!(r#"{{"event":"meeting:start","data":{data}}}"#);
            assert_eq!(refused(&text), Code::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn every_event_of_the_list_is_known_and_no_other() {
        for name in CLIENT_EVENTS {
            let refused = event(name, None, 3).err().map(|refusal| refusal.code);
            assert!(matches!(refused, None | Some(Code::InvalidRequest)), "{name}: {refused:?}");
        }
        for name in ["pong", "PING", "meeting:started", ""] {
            assert_eq!(event(name, None, 3).unwrap_err().code, Code::UnknownEvent, "{name}");
        }
    }

    #[test]
    fn an_answer_carries_what_the_client_called_its_frame() {
        let incoming = decode(r#"{"event":"ping","id":"7"}"#, 3);
        let pong = encode(&ServerEvent::Pong(Pong::now()), incoming.frame.as_ref()).unwrap();
        assert!(pong.ends_with(r#","id":"7"}"#), "{pong}");
        let long = format!(r#"{{"event":"ping","id":"{}"}}"#, "x".repeat(65));
        assert_eq!(refused(&long), Code::InvalidRequest);
    }

    #[test]
    fn a_frame_is_not_quoted_in_its_refusal() {
        let unreadable = decode(r#"{"event":"authenticate","data":{"token":"hush"}"#, 3).event.unwrap_err();
        assert!(!format!("{unreadable:?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_decoder_panic(text in any::<String>(), data in "[\\[\\]{}\",:0-9a-z]{0,60}") {
            for text in [text, format!(r#"{{"event":"meeting:distribute","data":{data}}}"#)] {
                prop_assert!(decode(&text, 3).event.is_err(), "{}", text);
            }
        }
    }
}
