//! The engine driven by any bytes, two a step: polls, posts, frames, upgrades, ends and time, in any order, well-behaved or
//! not.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use engineioxide_core::Packet;

use crate::web::socketio::Settings;
use crate::web::socketio::effect::{Effect, LinkId, PollId, Reply, Via};
use crate::web::socketio::engine::Engine;
use crate::web::socketio::packet::{Malformed, Message, Payload};

const SETTINGS: Settings = Settings {
    ping_interval: Duration::from_secs(25),
    ping_timeout: Duration::from_secs(20),
    connect_timeout: Duration::from_secs(45),
    request_timeout: Duration::from_secs(10),
    max_payload: 1000,
};

/// Steps; the first byte says whether it begins as a WebSocket.
///
/// # Panics
/// Something that must hold of the engine doesn't.
pub fn engine(bytes: &[u8]) {
    let Some((first, steps)) = bytes.split_first() else { return };
    let mut driven = Driven::new(*first);
    let (steps, _) = steps.as_chunks();
    for [step, detail] in steps {
        driven.step(*step, *detail);
        driven.settle();
    }
    driven.end();
}

struct Driven {
    engine: Engine<u32>,
    now: Instant,
    /// The requests so far, and those of them that wait for their answer.
    requests: u32,
    waiting: BTreeSet<u32>,
    poll: Option<PollId>,
    /// The WebSocket that can be written to.
    link: Option<LinkId>,
    /// Numbers, as messages.
    sent: u32,
    received: u32,
}

impl Driven {
    fn new(first: u8) -> Self {
        let now = Instant::now();
        let (engine, link) = if first.is_multiple_of(2) {
            (Engine::polling(now, &SETTINGS), None)
        } else {
            let (engine, link) = Engine::websocket(now, &SETTINGS);
            (engine, Some(link))
        };
        let waiting = BTreeSet::new();
        Self { engine, now, requests: 0, waiting, poll: None, link, sent: 0, received: 0 }
    }

    fn request(&mut self) -> u32 {
        self.requests += 1;
        self.waiting.insert(self.requests);
        self.requests
    }

    fn step(&mut self, step: u8, detail: u8) {
        // Most often the WebSocket of this moment, and now and then another.
        let link = self.link.filter(|_| detail < 200).unwrap_or(LinkId(u64::from(detail % 8)));
        match step % 14 {
            0 => self.now += Duration::from_millis(u64::from(detail) * 50),
            1 | 2 => {
                let request = self.request();
                self.poll = self.engine.poll(self.now, request).or(self.poll);
            }
            3 => {
                if let Some(poll) = self.poll {
                    self.engine.poll_gone(poll);
                }
            }
            4 => {
                let request = self.request();
                self.engine.post(self.now, request);
            }
            5 => self.engine.posted(),
            6 => {
                let attached = self.engine.attach(self.now);
                // The time of the one before may have run out just now.
                self.settle();
                if let Ok(link) = attached {
                    assert_eq!(self.link, None, "one WebSocket at a time");
                    self.link = Some(link);
                }
            }
            7 => {
                self.engine.detached(link);
                // It may be told to close, which it is already.
                self.settle();
                self.link = self.link.filter(|current| *current != link);
            }
            8 => self.packet(Via::Post, detail),
            9 | 10 => self.packet(Via::Link(link), detail),
            11 => self.send(),
            12 if detail < 16 => self.engine.close(self.now),
            12 if detail > 250 => self.engine.cut(),
            _ => self.wait(),
        }
    }

    fn send(&mut self) {
        if self.engine.is_open() {
            self.engine.send([Message::Text(self.sent.to_string().into())]);
            self.sent += 1;
        } else {
            self.engine.send([Message::Text("too late".into())]);
        }
    }

    fn packet(&mut self, via: Via, detail: u8) {
        let packet = match detail % 10 {
            0 => Ok(Packet::Message("in".into())),
            1 => Ok(Packet::Binary(vec![detail].into())),
            2 | 3 => Ok(Packet::Pong),
            4 => Ok(Packet::PingUpgrade),
            5 => Ok(Packet::Upgrade),
            6 => Ok(Packet::Close),
            7 => Ok(Packet::Noop),
            8 => Ok(Packet::Ping),
            _ => Err(Malformed),
        };
        let is_message = matches!(packet, Ok(Packet::Message(_) | Packet::Binary(_)));
        let message = self.engine.packet(self.now, via, packet);
        assert!(message.is_none() || is_message && self.engine.is_open());
    }

    /// Until there is something to do; then it is done, and the next thing is later.
    fn wait(&mut self) {
        if let Some(then) = self.engine.deadline() {
            self.now = self.now.max(then);
            self.engine.tick(self.now);
            assert!(self.engine.deadline().is_none_or(|next| next > self.now), "it would tick for ever");
        }
    }

    /// Does what is to be done.
    fn settle(&mut self) {
        for effect in self.engine.effects() {
            match effect {
                Effect::Answer(request, reply) => {
                    assert!(self.waiting.remove(&request), "{request} is answered again: {reply:?}");
                    if let Reply::Payload(payload) = reply {
                        assert!(!payload.is_empty(), "a payload has a packet at least");
                        Payload::new(payload).for_each(|packet| self.receive(packet));
                    }
                }
                Effect::Write(packet) => {
                    assert!(self.link.is_some(), "there is nothing to write {packet:?} to");
                    self.receive(Ok(packet));
                }
                Effect::Close => assert!(self.link.take().is_some(), "there is nothing to close"),
            }
        }
        assert_eq!(self.engine.is_gone(), self.engine.deadline().is_none());
    }

    fn receive(&mut self, packet: Result<Packet, Malformed>) {
        assert!(packet.is_ok(), "what is written can be read");
        if let Ok(Packet::Message(text)) = packet {
            assert_eq!(*text, *self.received.to_string(), "lost, doubled or overtaken");
            self.received += 1;
        }
    }

    /// Everything ends: no request is left without an answer, no WebSocket without its end.
    fn end(mut self) {
        self.engine.cut();
        self.settle();
        while !self.engine.is_gone() {
            self.wait();
            self.settle();
        }
        assert!(self.waiting.is_empty(), "{:?} are not answered", self.waiting);
        assert_eq!(self.link, None, "it is left open");
        assert!(self.received <= self.sent);
    }
}
