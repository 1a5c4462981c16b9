//! What a hub says to a client, as far as it is measured.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Attempt;

/// One event.
#[derive(Debug)]
pub(crate) enum Event {
    Authenticated,
    /// An OBF, and whose it is by what stands in it.
    Token {
        of: String,
        /// What a receipt names, where the hub waits for one.
        delivery: Option<String>,
    },
    /// How a distribution ended.
    Report(Report),
    /// An `error`, by its code.
    Refused {
        code: String,
    },
    Pong,
    Other,
}

/// The rows of a distribution.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Report {
    pub(crate) successful: usize,
    pub(crate) pending: usize,
    participants: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    status: String,
    code: Option<String>,
}

impl Report {
    /// The rows that failed, by their codes.
    pub(crate) fn codes(&self) -> BTreeMap<&str, usize> {
        let mut codes = BTreeMap::new();
        for row in self.participants.iter().filter(|row| row.status == "failed") {
            *codes.entry(row.code.as_deref().unwrap_or("without a code")).or_default() += 1;
        }
        codes
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    event: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    obf_token: &'a str,
    delivery_id: Option<String>,
}

#[derive(Deserialize)]
struct Error {
    code: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

/// A message of Socket.IO's, in the namespace `/`.
#[derive(Debug)]
pub(crate) enum Packet {
    /// Engine.IO's.
    Ping,
    Event(Event),
    Other,
}

/// Reads a frame: what it says, and the name of the event that it answers.
pub(crate) fn read(text: &str) -> Attempt<(Event, Option<String>)> {
    let Frame { event, data, id } = serde_json::from_str(text)?;
    Ok((Event::read(event, data.get())?, id))
}

/// Reads a message of Socket.IO's. What wants an acknowledgement has a number before its event, which is passed over.
pub(crate) fn packet(text: &str) -> Attempt<Packet> {
    let Some(event) = text.strip_prefix("42") else {
        return match text {
            "2" => Ok(Packet::Ping),
            _ if text.starts_with("41") || text.starts_with("44") => Err("told to disconnect".into()),
            _ => Ok(Packet::Other),
        };
    };
    let arguments = event.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let arguments: Vec<&RawValue> = serde_json::from_str(arguments)?;
    let name = arguments.first().ok_or("an event without a name")?;
    let data = arguments.get(1).map_or("null", |data| data.get());
    Ok(Packet::Event(Event::read(serde_json::from_str(name.get())?, data)?))
}

impl Event {
    fn read(name: &str, data: &str) -> Attempt<Self> {
        Ok(match name {
            "authenticated" => Self::Authenticated,
            "meeting:credentials" => {
                let Credentials { obf_token, delivery_id } = serde_json::from_str(data)?;
                Self::Token { of: owner(obf_token)?, delivery: delivery_id }
            }
            "meeting:distributed" => Self::Report(serde_json::from_str(data)?),
            "error" => Self::Refused { code: serde_json::from_str::<Error>(data)?.code },
            "pong" => Self::Pong,
            _ => Self::Other,
        })
    }
}

fn owner(token: &str) -> Attempt<String> {
    let claims = token.split('.').nth(1).ok_or("a token that is no JWT")?;
    Ok(serde_json::from_slice::<Claims>(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?.sub)
}
