//! Socket.IO: a packet an event, acknowledgements by number, and in the place of close codes a last `error`.

use std::collections::HashMap;

use serde_json::{Value, json};
use zoom_token_hub::hub::refusal::Code;

use super::packets::Packets;
use super::{Close, Told};
use crate::harness::due;

pub(super) struct SocketIo {
    packets: Packets,
    id: String,
    /// What was emitted under a name, by the number that its acknowledgement will have.
    named: HashMap<u64, String>,
    emitted: u64,
    /// The numbers that acknowledgements of deliveries have, by the deliveries' names.
    deliveries: HashMap<String, String>,
    /// What the last event refused, if it was an `error`.
    refusal: Option<Value>,
}

impl SocketIo {
    /// Connects to the main namespace, saying this; or what that is refused with.
    pub(super) async fn connect(mut packets: Packets, auth: Option<&Value>) -> Result<Self, Value> {
        packets.send(&format!("40{}", auth.map(Value::to_string).unwrap_or_default())).await;
        let packet = due("the connection", packets.next()).await.expect("an answer");
        if let Some(refusal) = packet.strip_prefix("44") {
            return Err(serde_json::from_str(refusal).unwrap());
        }
        let answer = packet.strip_prefix("40").unwrap_or_else(|| panic!("{packet}"));
        let answer: Value = serde_json::from_str(answer).unwrap();
        let id = answer["sid"].as_str().unwrap().to_owned();
        Ok(Self { packets, id, named: HashMap::new(), emitted: 0, deliveries: HashMap::new(), refusal: None })
    }

    /// `socket.id`
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) async fn emit(&mut self, id: Option<&str>, event: &str, data: Value) {
        let data = json!([event, data]);
        let packet = if let Some(id) = id {
            let number = self.emitted;
            self.emitted += 1;
            self.named.insert(number, id.to_owned());
            format!("42{number}{data}")
        } else {
            format!("42{data}")
        };
        self.packets.send(&packet).await;
    }

    pub(super) async fn emit_raw(&mut self, event: &str, data: &str) {
        self.packets.send(&format!(r#"42["{event}",{data}]"#)).await;
    }

    /// Calls the acknowledgement that came with a delivery.
    pub(super) async fn acknowledge(&mut self, delivery: &str) {
        let number = self.deliveries.remove(delivery).expect("an acknowledgement is waited for");
        self.packets.send(&format!("43{number}[]")).await;
    }

    /// As clients do: one goodbye to the namespace and one for all.
    pub(super) async fn leave(mut self) {
        self.packets.send("41").await;
        self.packets.leave().await;
    }

    pub(super) async fn told(&mut self) -> Told {
        let Some(packet) = self.packets.next().await else {
            return Told::Closed(self.close(&["45", "46"]));
        };
        match packet.split_at(2) {
            ("42", event) => {
                let (number, arguments) = event.split_at(event.find('[').unwrap());
                let (event, data): (String, Value) = serde_json::from_str(arguments).unwrap();
                if !number.is_empty() {
                    let delivery = data["deliveryId"].as_str().unwrap().to_owned();
                    self.deliveries.insert(delivery, number.to_owned());
                }
                self.refusal = (event == "error").then(|| data["code"].clone());
                Told::Event(json!({"event": event, "data": data}))
            }
            ("43", acknowledgement) => {
                let (number, arguments) = acknowledgement.split_at(acknowledgement.find('[').unwrap());
                let name = self.named.remove(&number.parse().unwrap());
                let (data,): (Value,) = serde_json::from_str(arguments).unwrap();
                Told::Acknowledged(name.expect("a number that waits for this"), data)
            }
            ("41", "") => Told::Closed(self.close(&["44"])),
            _ => panic!("unexpected {packet}"),
        }
    }

    /// The close code that the end has elsewhere, if it was announced: one that tells to stay away comes with a goodbye,
    /// so that the client does, and one that tells to come back without.
    fn close(&self, ranges: &[&str]) -> Option<Close> {
        let code =
            Code::ALL.iter().find(|code| self.refusal.as_ref().is_some_and(|word| word == code.word()))?;
        let number = code.close()?;
        let fits = ranges.iter().any(|range| number.to_string().starts_with(range));
        assert!(fits, "{code:?} ended as if it were one of {ranges:?}");
        Some((number, code.word().to_owned()))
    }
}
