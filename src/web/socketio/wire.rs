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
