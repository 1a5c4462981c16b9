//! Packets of any bytes, and the engine driven by any: what is read is written the same, every request is answered once, and
//! no message is lost, doubled or overtaken.

mod driven;

use std::collections::VecDeque;

use actix_web::web::Bytes;
use engineioxide_core::{Packet, Str};
use serde_json::value::RawValue;
use socketioxide_core::packet::{Packet as Socket, PacketData};

use super::application::Arguments;
use super::packet::{self, Malformed, Message, Payload};
use super::wire::{self, Reader};

pub use driven::engine;

const MAX_PAYLOAD: usize = 64;
const MAX_ATTACHMENTS: usize = 64;
/// Between two messages; no text has it.
const SEPARATOR: u8 = 0xff;

/// A payload of Engine.IO's packets; and each by itself, as a WebSocket's frame.
///
/// # Panics
/// Something that must hold of it doesn't.
pub fn engine_packets(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let packets: Vec<_> = Payload::new(text.to_owned()).collect();
    assert_eq!(packets.len(), text.matches('\x1e').count() + 1);
    for (packet, text) in packets.iter().zip(text.split('\x1e')) {
        assert_eq!(packet::parse(Str::copy_from_slice(text)), *packet, "{text:?}");
    }
    // Only messages are written as they are read: of the rest the server has words of its own.
    let messages = packets.into_iter().flatten();
    let messages: Vec<_> =
        messages.filter(|it| matches!(it, Packet::Message(_) | Packet::Binary(_))).collect();
    if !messages.is_empty() {
        let back: Result<Vec<Packet>, Malformed> = Payload::new(packet::join(messages.clone())).collect();
        assert_eq!(back, Ok(messages));
    }
}

/// Messages of Socket.IO's: of each the first byte says whether it is a text or an attachment.
///
/// # Panics
/// Something that must hold of them doesn't.
pub fn socket_packets(bytes: &[u8]) {
    let reader = Reader::new(MAX_PAYLOAD);
    for message in bytes.split(|byte| *byte == SEPARATOR) {
        let Some((kind, message)) = message.split_first() else { continue };
        let message = match std::str::from_utf8(message) {
            Ok(text) if kind.is_multiple_of(2) => Message::Text(Str::copy_from_slice(text)),
            Ok(_) | Err(_) => Message::Binary(Bytes::copy_from_slice(message)),
        };
        match reader.read(message) {
            Ok(Some(packet)) => again(packet),
            Ok(None) => {}
            // The connection ends.
            Err(Malformed) => return,
        }
    }
}

/// An event or an acknowledgement, written and read again.
fn again(packet: Socket) {
    let namespace = packet.ns;
    let (value, number, is_event) = match packet.inner {
        PacketData::Event(value, number) | PacketData::BinaryEvent(value, number) => (value, number, true),
        PacketData::EventAck(value, number) | PacketData::BinaryAck(value, number) => {
            (value, Some(number), false)
        }
        PacketData::Connect(_) | PacketData::ConnectError(_) | PacketData::Disconnect => return,
    };
    let (text, attachments) = wire::data(value);
    assert!(attachments.len() <= MAX_ATTACHMENTS);
    assert!(attachments.iter().map(Bytes::len).sum::<usize>() <= MAX_PAYLOAD);
    let Ok(elements) = wire::elements(&text) else { return };
    let (name, arguments) = match elements.split_first() {
        Some((name, arguments)) if is_event => match wire::event_name(name) {
            Ok(name) => (name, arguments),
            Err(Malformed) => return,
        },
        Some(_) | None if is_event => return,
        Some(_) | None => (String::new(), elements.as_slice()),
    };
    let given = Arguments::raw(arguments, attachments.clone());
    let written = if is_event {
        wire::event(&namespace, &name, given, number)
    } else {
        wire::acknowledgement(&namespace, number.unwrap_or_default(), given)
    };
    let read = read_all(written.unwrap_or_default());
    assert!(read.is_some(), "nothing comes back of {text}");
    let Some((back, text, attached)) = read else { return };
    let elements = wire::elements(&text).unwrap_or_default();
    let back_arguments = if is_event { elements.get(1..).unwrap_or_default() } else { elements.as_slice() };
    let json = |values: &[&RawValue]| values.iter().map(|value| value.get().to_owned()).collect::<Vec<_>>();
    assert_eq!((back, attached), ((namespace, number), attachments), "{text}");
    assert_eq!(json(back_arguments), json(arguments), "{text}");
    if is_event {
        assert_eq!(elements.first().map(|name| wire::event_name(name)), Some(Ok(name)), "{text}");
    }
}

type Read = ((Str, Option<i64>), Str, VecDeque<Bytes>);

/// What these messages are together: the namespace, the number, the JSON and the attachments.
fn read_all(messages: Vec<Message>) -> Option<Read> {
    let reader = Reader::new(usize::MAX);
    let mut whole = None;
    for message in messages {
        whole = reader.read(message).ok()?;
    }
    let Socket { inner, ns } = whole?;
    let (value, number) = match inner {
        PacketData::Event(value, number) | PacketData::BinaryEvent(value, number) => (value, number),
        PacketData::EventAck(value, number) | PacketData::BinaryAck(value, number) => (value, Some(number)),
        PacketData::Connect(_) | PacketData::ConnectError(_) | PacketData::Disconnect => return None,
    };
    let (text, attachments) = wire::data(value);
    Some(((ns, number), text, attachments))
}
