//! Engine.IO's packets and payloads: text to packets and back, by the codec of `engineioxide-core`.

use std::time::Duration;

use actix_web::web::Bytes;
use engineioxide_core::{Packet, ProtocolVersion, Str};
use serde::Serialize;

use super::Settings;
use super::connections::Sid;

/// Between the packets of a payload.
const SEPARATOR: char = '\x1e';

/// What a connection carries for those who speak over it.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A text.
    Text(Str),
    /// Bytes.
    Binary(Bytes),
}

impl From<Message> for Packet {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Message(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// What is no packet. It holds nothing of what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads one packet.
pub(super) fn parse(text: Str) -> Result<Packet, Malformed> {
    Packet::parse(ProtocolVersion::V4, text).map_err(|_quotes_it| Malformed)
}

/// The packets of a payload, read as they are asked for.
#[derive(Debug)]
pub(super) struct Payload {
    rest: Option<Str>,
}

impl Payload {
    /// Takes a payload, which is not empty.
    pub(super) fn new(text: String) -> Self {
        Self { rest: Some(text.into()) }
    }
}

impl Iterator for Payload {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let Some(end) = rest.find(SEPARATOR) else {
            return Some(parse(rest));
        };
        self.rest = Some(rest.slice(end + SEPARATOR.len_utf8()..));
        Some(parse(rest.slice(..end)))
    }
}

/// Writes a payload.
pub(super) fn join(packets: impl IntoIterator<Item = Packet>) -> String {
    let mut payload = String::new();
    for packet in packets {
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        payload.push_str(&String::from(packet));
    }
    payload
}

/// What the client is told first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Open<'a> {
    sid: &'a Sid,
    upgrades: &'a [&'static str],
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: usize,
}

/// Writes the open packet. Our own, since the codec's session IDs have 64 bits, and whoever knows one can read what is
/// another's.
pub(super) fn open(sid: &Sid, upgrades: &[&'static str], settings: &Settings) -> String {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let open = Open {
        sid,
        upgrades,
        ping_interval: millis(settings.ping_interval),
        ping_timeout: millis(settings.ping_timeout),
        max_payload: settings.max_payload,
    };
    // A struct of numbers and plain texts can always be written.
    format!("0{}", serde_json::to_string(&open).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Result<Packet, Malformed>> {
        Payload::new(text.to_owned()).collect()
    }

    #[test]
    fn a_payload_is_its_packets() {
        let packets = vec![
            Ok(Packet::Message("hello".into())),
            Ok(Packet::Pong),
            Ok(Packet::Binary(Bytes::from_static(&[1, 2, 3, 4]))),
        ];
        assert_eq!(read("4hello\x1e3\x1ebAQIDBA=="), packets);
        assert_eq!(join(packets.into_iter().flatten()), "4hello\x1e3\x1ebAQIDBA==");
    }

    #[test]
    fn what_is_no_packet_is_malformed_by_itself() {
        assert_eq!(read("abc\x1e3"), [Err(Malformed), Ok(Packet::Pong)]);
        for text in ["", "0{}", "7", "é", "ééé", "b***", "\x1e"] {
            assert_eq!(read(text)[0], Err(Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), like in "[0-9b\x1eéx=]{0,40}") {
            for text in [text, like] {
                prop_assert_eq!(read(&text).len(), text.matches('\x1e').count() + 1);
            }
        }

        #[test]
        fn messages_come_back_from_a_payload(
            texts in proptest::collection::vec("[^\x1e]*", 1..9),
            bytes in any::<Vec<u8>>(),
        ) {
            let mut packets: Vec<Packet> =
                texts.into_iter().map(|text| Packet::Message(Str::from(text))).collect();
            packets.push(Packet::Binary(bytes.into()));
            let back: Result<Vec<Packet>, Malformed> = Payload::new(join(packets.clone())).collect();
            prop_assert_eq!(back, Ok(packets));
        }
    }
}
