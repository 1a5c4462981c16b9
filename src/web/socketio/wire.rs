//! Socket.IO's packets: messages to packets and back, by the codec of `socketioxide-parser-common`. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::web::Bytes;
use engineioxide_core::Str;
use serde::Serialize;
use serde_json::value::RawValue;
use socketioxide_core::Value;
use socketioxide_core::packet::{Packet, PacketData};
use socketioxide_core::parser::{Parse, ParseConfig, ParseError, ParserState};
use socketioxide_parser_common::CommonParser;

use super::application::Arguments;
use super::packet::{Malformed, Message};

/// Attachments that an event may have.
const MAX_ATTACHMENTS: usize = 64;
/// How long they may take to arrive.
const ATTACHED_WITHIN: Duration = Duration::from_mins(1);

/// Puts the client's messages together to packets: attachments follow their event.
#[derive(Debug)]
pub(super) struct Reader {
    state: ParserState,
    limits: ParseConfig,
}

impl Reader {
    /// Attachments of one event may have so many bytes together.
    pub(super) fn new(max_payload: usize) -> Self {
        let limits = ParseConfig {
            max_incoming_binary_buf_size: max_payload,
            max_incoming_binaries: MAX_ATTACHMENTS,
            packet_completion_timeout: ATTACHED_WITHIN,
        };
        Self { state: ParserState::default(), limits }
    }

    /// Reads a message; a packet, once it is whole.
    pub(super) fn read(&self, message: Message) -> Result<Option<Packet>, Malformed> {
        let read = match message {
            Message::Text(text) => CommonParser.decode_str(&self.limits, &self.state, text),
            Message::Binary(bytes) => CommonParser.decode_bin(&self.limits, &self.state, bytes),
        };
        match read {
            Ok(packet) => Ok(Some(packet)),
            Err(ParseError::NeedsMoreBinaryData) => Ok(None),
            Err(_) => Err(Malformed),
        }
    }
}

/// The JSON text and the attachments of a packet's data.
pub(super) fn data(value: Value) -> (Str, VecDeque<Bytes>) {
    match value {
        Value::Str(text, attachments) => (text, attachments.unwrap_or_default()),
        // This codec has none such.
        Value::Bytes(_) => (Str::default(), VecDeque::new()),
    }
}

/// The elements of a JSON array.
pub(super) fn elements(text: &str) -> Result<Vec<&RawValue>, Malformed> {
    serde_json::from_str(text).map_err(|_quotes_it| Malformed)
}

/// The name of an event: a text that is not one of the library's own, or a number.
pub(super) fn event_name(value: &RawValue) -> Result<String, Malformed> {
    const RESERVED: [&str; 6] =
        ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
    match serde_json::from_str(value.get()) {
        Ok(serde_json::Value::String(name)) if !RESERVED.contains(&name.as_str()) => Ok(name),
        Ok(serde_json::Value::Number(name)) => Ok(name.to_string()),
        Ok(_) | Err(_) => Err(Malformed),
    }
}

/// The client joined a namespace.
pub(super) fn connected(namespace: &str, sid: &str) -> Vec<Message> {
    #[derive(Serialize)]
    struct Connected<'a> {
        sid: &'a str,
    }
    let data = serde_json::to_string(&Connected { sid }).unwrap_or_default();
    messages(namespace, PacketData::Connect(Some(Value::Str(data.into(), None))))
}

/// The client may not join a namespace. Our own, since the codec's has a message alone.
pub(super) fn connect_error(namespace: &str, message: &str, data: Option<&RawValue>) -> Vec<Message> {
    #[derive(Serialize)]
    struct ConnectError<'a> {
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a RawValue>,
    }
    let json = serde_json::to_string(&ConnectError { message, data }).unwrap_or_default();
    let separator = if namespace == "/" { "" } else { "," };
    let namespace = if namespace == "/" { "" } else { namespace };
    vec![Message::Text(format!("4{namespace}{separator}{json}").into())]
}

/// An event, with the number of the acknowledgement that is waited for.
pub(super) fn event(
    namespace: &str,
    name: &str,
    arguments: Arguments,
    acknowledgement: Option<i64>,
) -> serde_json::Result<Vec<Message>> {
    let value = value(Some(name), arguments)?;
    let data = if has_attachments(&value) {
        PacketData::BinaryEvent(value, acknowledgement)
    } else {
        PacketData::Event(value, acknowledgement)
    };
    Ok(messages(namespace, data))
}

/// An acknowledgement.
pub(super) fn acknowledgement(
    namespace: &str,
    id: i64,
    arguments: Arguments,
) -> serde_json::Result<Vec<Message>> {
    let value = value(None, arguments)?;
    let data = if has_attachments(&value) {
        PacketData::BinaryAck(value, id)
    } else {
        PacketData::EventAck(value, id)
    };
    Ok(messages(namespace, data))
}

/// The client has to leave a namespace.
pub(super) fn disconnect(namespace: &str) -> Vec<Message> {
    messages(namespace, PacketData::Disconnect)
}

fn value(name: Option<&str>, arguments: Arguments) -> serde_json::Result<Value> {
    let Arguments { values, attachments } = arguments;
    let name = name.map(serde_json::value::to_raw_value).transpose()?;
    let elements: Vec<&RawValue> = name.iter().chain(&values).map(|value| &**value).collect();
    let text = serde_json::to_string(&elements)?;
    Ok(Value::Str(text.into(), Some(attachments).filter(|it| !it.is_empty())))
}

fn has_attachments(value: &Value) -> bool {
    matches!(value, Value::Str(_, Some(_)))
}

/// A packet as the messages that carry it: its text, then its attachments.
fn messages(namespace: &str, inner: PacketData) -> Vec<Message> {
    let packet = Packet { inner, ns: Str::copy_from_slice(namespace) };
    let (text, attachments) = data(CommonParser.encode(packet));
    std::iter::once(Message::Text(text)).chain(attachments.into_iter().map(Message::Binary)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Message {
        Message::Text(text.to_owned().into())
    }

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).unwrap()
    }

    fn read(text: &str) -> Result<Option<Packet>, Malformed> {
        Reader::new(100).read(Message::Text(text.to_owned().into()))
    }

    #[test]
    fn packets_are_written_as_the_protocol_says() {
        let one = || Arguments::one(&7).unwrap();
        assert_eq!(connected("/", "x"), [text(r#"0{"sid":"x"}"#)]);
        assert_eq!(connected("/custom", "x"), [text(r#"0/custom,{"sid":"x"}"#)]);
        assert_eq!(event("/", "ping", one(), None).unwrap(), [text(r#"2["ping",7]"#)]);
        assert_eq!(event("/custom", "a\"b", one(), Some(3)).unwrap(), [text(r#"2/custom,3["a\"b",7]"#)]);
        assert_eq!(acknowledgement("/", 12, one()).unwrap(), [text("312[7]")]);
        assert_eq!(disconnect("/"), [text("1")]);
        let refused = connect_error("/", "forbidden", Some(&raw(r#"{"code":"forbidden"}"#)));
        assert_eq!(refused, [text(r#"4{"message":"forbidden","data":{"code":"forbidden"}}"#)]);
        let unknown = connect_error("/other", "Invalid namespace", None);
        assert_eq!(unknown, [text(r#"4/other,{"message":"Invalid namespace"}"#)]);
    }

    #[test]
    fn attachments_follow_their_event_either_way() {
        let reader = Reader::new(100);
        let placeholder = r#"{"_placeholder":true,"num":0}"#;
        let head = format!(r#"51-9["up",{placeholder}]"#);
        assert_eq!(reader.read(text(&head)), Ok(None));
        let packet = reader.read(Message::Binary(vec![1, 2].into())).unwrap().unwrap();
        let PacketData::BinaryEvent(value, Some(9)) = packet.inner else { panic!("{packet:?}") };
        let (json, attachments) = data(value);
        assert_eq!(attachments, [Bytes::from_static(&[1, 2])]);
        let elements = elements(&json).unwrap();
        let back = event("/", "up", Arguments::raw(&elements[1..], attachments), Some(9)).unwrap();
        assert_eq!(back, [text(&head), Message::Binary(vec![1, 2].into())]);
    }

    #[test]
    fn attachments_have_bounds_and_belong_to_an_event() {
        assert_eq!(Reader::new(100).read(Message::Binary(vec![1].into())), Err(Malformed));
        assert_eq!(read(r#"565-["a"]"#), Err(Malformed));
        let reader = Reader::new(100);
        assert_eq!(reader.read(text(r#"52-["a"]"#)), Ok(None));
        assert_eq!(reader.read(Message::Binary(vec![0; 60].into())), Ok(None));
        assert_eq!(reader.read(Message::Binary(vec![0; 60].into())), Err(Malformed));
        let reader = Reader::new(100);
        assert_eq!(reader.read(text(r#"51-["a"]"#)), Ok(None));
        assert_eq!(reader.read(text(r#"2["b"]"#)), Err(Malformed));
    }

    #[test]
    fn an_events_name_is_a_text_of_its_own_or_a_number() {
        assert_eq!(event_name(&raw(r#""a\u0062""#)).unwrap(), "ab");
        assert_eq!(event_name(&raw("7")).unwrap(), "7");
        for name in [r#""connect""#, r#""disconnect""#, "null", "{}", "[]", "true"] {
            assert_eq!(event_name(&raw(name)), Err(Malformed), "{name}");
        }
    }

    #[test]
    fn what_is_no_packet_is_malformed() {
        for text in ["", "abc", "é", "7", "4", "3[1]", "5[1]", "5-[1]"] {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_the_reader_panic(
            messages in proptest::collection::vec((any::<String>(), any::<bool>(), "[0-6]{0,2}-?/?[a-z,]*[0-9]*[\\[\\]{}\"0-9é]*"), 1..5)
        ) {
            let reader = Reader::new(40);
            for (any, binary, like) in messages {
                let any = if binary { Message::Binary(any.into_bytes().into()) } else { text(&any) };
                for message in [any, text(&like)] {
                    if let Ok(Some(packet)) = reader.read(message)
                        && let PacketData::Event(value, _) = packet.inner
                    {
                        let (json, _) = data(value);
                        drop(elements(&json));
                    }
                }
            }
        }
    }
}
