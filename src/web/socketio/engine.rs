//! The life of one Engine.IO connection, without a socket and without a clock: polls, posts and frames go in with the
//! time, and what is to be done comes out as [`Effect`]s.
//!
//! A connection begins by polling and may be upgraded to a WebSocket, or is a WebSocket from the start. What is sent
//! while no poll is held waits, in order, for the next one or for the end of the upgrade. `P` stands for a request that
//! waits for its answer. What the messages say, and how they reach anybody, is not known here.

use std::mem;
use std::time::{Duration, Instant};

use engineioxide_core::Packet;

use super::Settings;
use super::effect::{Effect, LinkId, PollId, Reply, Via};
use super::fault::Fault;
use super::heartbeat::{Beat, Heartbeat};
use super::outbox::Outbox;
use super::packet::{Malformed, Message};

/// How long an upgrade may take from its first frame.
const UPGRADE: Duration = Duration::from_secs(10);
/// How long a poll that comes during an upgrade is held for want of anything to say: the frame that ends the upgrade may
/// be on its way over the other connection.
const UPGRADING: Duration = Duration::from_millis(50);
/// How long what is left for a client, a goodbye at least, waits for the next poll.
const GOODBYE: Duration = Duration::from_secs(5);

/// The connection.
#[derive(Debug)]
pub(super) struct Engine<P> {
    state: State<P>,
    heartbeat: Heartbeat,
    outbox: Outbox,
    post: Option<P>,
    requests: u64,
    effects: Vec<Effect<P>>,
}

#[derive(Debug)]
enum State<P> {
    Polling {
        poll: Option<(PollId, P)>,
        upgrade: Option<Upgrade>,
    },
    WebSocket(LinkId),
    /// Over, but for what waits: for the next poll, and the last packet after that; or for the end of an upgrade that the
    /// client is about to finish, since it polls no more.
    Leaving {
        until: Instant,
        last: Packet,
        upgrade: Option<LinkId>,
    },
    Gone,
}

#[derive(Debug)]
struct Upgrade {
    link: LinkId,
    probed: bool,
    until: Instant,
    /// Until when a poll with nothing to say is held.
    release: Option<Instant>,
}

impl<P> Engine<P> {
    /// A connection that begins by polling.
    pub(super) fn polling(now: Instant, settings: &Settings) -> Self {
        Self::new(now, settings, State::Polling { poll: None, upgrade: None })
    }

    /// A connection that is a WebSocket from the start.
    pub(super) fn websocket(now: Instant, settings: &Settings) -> (Self, LinkId) {
        let link = LinkId(0);
        (Self::new(now, settings, State::WebSocket(link)), link)
    }

    fn new(now: Instant, settings: &Settings, state: State<P>) -> Self {
        Self {
            state,
            heartbeat: Heartbeat::new(now, settings.ping_interval, settings.ping_timeout),
            outbox: Outbox::default(),
            post: None,
            requests: 0,
            effects: Vec::new(),
        }
    }

    /// Whether messages go either way.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Polling { .. } | State::WebSocket(_))
    }

    /// Whether nothing is left to be done, ever.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// What is to be done after the last call, in order.
    pub(super) fn effects(&mut self) -> Vec<Effect<P>> {
        mem::take(&mut self.effects)
    }

    /// When [`Engine::tick`] has next something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Polling { upgrade: Some(upgrade), .. } => {
                let first = upgrade.release.map_or(upgrade.until, |release| release.min(upgrade.until));
                Some(first.min(self.heartbeat.due()))
            }
            State::Polling { .. } | State::WebSocket(_) => Some(self.heartbeat.due()),
            State::Leaving { until, .. } => Some(*until),
            State::Gone => None,
        }
    }

    /// Time has passed. Every other call looks at the clock too: what has run out counts no more.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.is_open() {
            match self.heartbeat.at(now) {
                Beat::Wait => {}
                Beat::Ask => {
                    self.push(Packet::Ping);
                    self.flush();
                }
                Beat::Dead => self.end(Packet::Close, None, Reply::Refused(Fault::UnknownSession)),
            }
        }
        match &mut self.state {
            State::Polling { upgrade, .. } if upgrade.as_ref().is_some_and(|it| now >= it.until) => {
                *upgrade = None;
                self.effects.push(Effect::Close);
            }
            State::Polling { poll, upgrade: Some(upgrade) }
                if upgrade.release.is_some_and(|release| now >= release) =>
            {
                upgrade.release = None;
                if let Some((_, poll)) = poll.take() {
                    self.effects.push(Effect::payload(poll, [Packet::Noop]));
                }
            }
            State::Leaving { until, .. } if now >= *until => self.leave(),
            State::Polling { .. } | State::WebSocket(_) | State::Leaving { .. } | State::Gone => {}
        }
    }

    /// A poll. It is answered when there is something to say; a second one at once ends the connection.
    pub(super) fn poll(&mut self, now: Instant, request: P) -> Option<PollId> {
        self.tick(now);
        let id = PollId(self.next());
        match &mut self.state {
            State::Polling { poll: Some(_), .. } => {
                self.refuse(request, Fault::BadRequest);
                self.end(Packet::Close, None, Reply::Taken);
                None
            }
            State::Polling { poll, upgrade } => {
                *poll = Some((id, request));
                if let Some(upgrade) = upgrade.as_mut().filter(|upgrade| upgrade.probed) {
                    upgrade.release = Some(now + UPGRADING);
                }
                self.flush();
                Some(id)
            }
            State::WebSocket(_) => {
                self.refuse(request, Fault::BadRequest);
                None
            }
            // Apart from the goodbye: npm's client hears that before what stands in front of it in the same payload.
            State::Leaving { .. } if !self.outbox.is_empty() => {
                self.effects.push(Effect::payload(request, self.outbox.take()));
                None
            }
            State::Leaving { last, .. } => {
                self.effects.push(Effect::payload(request, [last.clone()]));
                self.leave();
                None
            }
            State::Gone => {
                self.refuse(request, Fault::UnknownSession);
                None
            }
        }
    }

    /// The client gave a poll up before it was answered.
    pub(super) fn poll_gone(&mut self, id: PollId) {
        if matches!(&self.state, State::Polling { poll: Some((held, _)), .. } if *held == id) {
            self.end(Packet::Close, None, Reply::Refused(Fault::UnknownSession));
        }
    }

    /// A post begins; whether its packets are to be read.
    pub(super) fn post(&mut self, now: Instant, request: P) -> bool {
        self.tick(now);
        match self.state {
            State::Polling { .. } if self.post.is_none() => {
                self.post = Some(request);
                true
            }
            State::Polling { .. } => {
                self.refuse(request, Fault::BadRequest);
                self.end(Packet::Close, None, Reply::Refused(Fault::BadRequest));
                false
            }
            State::WebSocket(_) => {
                self.refuse(request, Fault::BadRequest);
                false
            }
            State::Leaving { .. } | State::Gone => {
                self.refuse(request, Fault::UnknownSession);
                false
            }
        }
    }

    /// Every packet of the post has been taken.
    pub(super) fn posted(&mut self) {
        if let Some(post) = self.post.take() {
            self.effects.push(Effect::Answer(post, Reply::Taken));
        }
    }

    /// A WebSocket would take over.
    pub(super) fn attach(&mut self, now: Instant) -> Result<LinkId, Fault> {
        self.tick(now);
        let link = LinkId(self.next());
        match &mut self.state {
            State::Polling { upgrade: upgrade @ None, .. } => {
                *upgrade = Some(Upgrade { link, probed: false, until: now + UPGRADE, release: None });
                Ok(link)
            }
            State::Polling { .. } | State::WebSocket(_) => Err(Fault::BadRequest),
            State::Leaving { .. } | State::Gone => Err(Fault::UnknownSession),
        }
    }

    /// A WebSocket is gone.
    pub(super) fn detached(&mut self, gone: LinkId) {
        match &mut self.state {
            State::Polling { upgrade, .. } if upgrade.as_ref().is_some_and(|it| it.link == gone) => {
                *upgrade = None;
            }
            State::Leaving { upgrade, .. } if *upgrade == Some(gone) => *upgrade = None,
            State::WebSocket(link) if *link == gone => self.cut(),
            State::Polling { .. } | State::WebSocket(_) | State::Leaving { .. } | State::Gone => {}
        }
    }

    /// A packet of the client's; what it says, if it is a message.
    pub(super) fn packet(
        &mut self,
        now: Instant,
        via: Via,
        packet: Result<Packet, Malformed>,
    ) -> Option<Message> {
        self.tick(now);
        let in_use = match (&self.state, via) {
            (State::Polling { .. }, Via::Post) => true,
            (State::Polling { .. }, Via::Link(link)) => {
                self.upgrading(link, packet.as_ref().ok());
                false
            }
            (State::Leaving { upgrade: Some(waiting), .. }, Via::Link(link)) => {
                if *waiting == link && packet == Ok(Packet::Upgrade) {
                    self.effects.extend(self.outbox.take().into_iter().map(Effect::Write));
                    self.leave();
                }
                false
            }
            (State::WebSocket(current), Via::Link(link)) => *current == link,
            (State::WebSocket(_), Via::Post) | (State::Leaving { .. } | State::Gone, _) => false,
        };
        if !in_use {
            return None;
        }
        match packet {
            Ok(Packet::Message(text)) => return Some(Message::Text(text)),
            Ok(Packet::Binary(bytes)) => return Some(Message::Binary(bytes)),
            Ok(Packet::Pong) => self.heartbeat.answered(now),
            // Its poll may still be on its way.
            Ok(Packet::Close) => self.end(Packet::Noop, Some(now + GOODBYE), Reply::Taken),
            Ok(Packet::Noop) => {}
            Ok(_) | Err(Malformed) => {
                self.end(Packet::Close, None, Reply::Refused(Fault::BadRequest));
            }
        }
        None
    }

    /// A frame of the WebSocket that would take over: it asks by a probe, and is the connection's with the next frame.
    fn upgrading(&mut self, link: LinkId, packet: Option<&Packet>) {
        let State::Polling { poll, upgrade } = &mut self.state else { return };
        let Some(probe) = upgrade.as_mut().filter(|upgrade| upgrade.link == link) else { return };
        match packet {
            Some(Packet::PingUpgrade) => {
                probe.probed = true;
                self.effects.push(Effect::Write(Packet::PongUpgrade));
                // The client goes on once its poll is answered.
                if let Some((_, poll)) = poll.take() {
                    self.effects.push(Effect::payload(poll, [Packet::Noop]));
                }
            }
            Some(Packet::Upgrade) if probe.probed => {
                let late = poll.take().map(|(_, poll)| Effect::refuse(poll, Fault::BadRequest));
                self.state = State::WebSocket(link);
                self.effects.extend(late);
                self.effects.extend(self.outbox.take().into_iter().map(Effect::Write));
            }
            // It lives on by polling.
            Some(_) | None => {
                *upgrade = None;
                self.effects.push(Effect::Close);
            }
        }
    }

    /// Sends messages, at once, with one poll, or with the next. A client that lets too much wait is cut off.
    pub(super) fn send(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            self.push(message.into());
        }
        self.flush();
    }

    fn push(&mut self, packet: Packet) {
        match self.state {
            State::WebSocket(_) => self.effects.push(Effect::Write(packet)),
            State::Polling { .. } if self.outbox.push(packet) => {}
            State::Polling { .. } => self.cut(),
            State::Leaving { .. } | State::Gone => {}
        }
    }

    /// Ends the connection from this side: the goodbye goes with the poll that is held; or what waits goes with the next
    /// one, and the goodbye with the one after that.
    pub(super) fn close(&mut self, now: Instant) {
        self.end(Packet::Close, Some(now + GOODBYE), Reply::Taken);
    }

    /// Ends the connection at once.
    pub(super) fn cut(&mut self) {
        self.end(Packet::Close, None, Reply::Refused(Fault::UnknownSession));
    }

    /// Ends the connection, with a last packet for a client that polls; where it is given the time for that, with the
    /// next poll if none is held.
    fn end(&mut self, last: Packet, linger: Option<Instant>, post: Reply) {
        match mem::replace(&mut self.state, State::Gone) {
            State::Polling { poll, upgrade } => {
                let link = upgrade.as_ref().filter(|upgrade| upgrade.probed).map(|upgrade| upgrade.link);
                let waits = link.filter(|_| poll.is_none() && linger.is_some() && last == Packet::Close);
                if upgrade.is_some() && waits.is_none() {
                    self.effects.push(Effect::Close);
                }
                match (poll, linger) {
                    // Nothing waits while a poll is held.
                    (Some((_, poll)), _) => self.effects.push(Effect::payload(poll, [last])),
                    (None, Some(until)) => self.state = State::Leaving { until, last, upgrade: waits },
                    (None, None) => {}
                }
            }
            State::WebSocket(_) => self.effects.push(Effect::Close),
            over @ (State::Leaving { .. } | State::Gone) => self.state = over,
        }
        if let Some(request) = self.post.take() {
            self.effects.push(Effect::Answer(request, post));
        }
    }

    /// Nothing is waited for any more.
    fn leave(&mut self) {
        if let State::Leaving { upgrade: Some(_), .. } = mem::replace(&mut self.state, State::Gone) {
            self.effects.push(Effect::Close);
        }
    }

    /// Answers a poll with everything that waits.
    fn flush(&mut self) {
        if self.outbox.is_empty() {
            return;
        }
        if let State::Polling { poll, .. } = &mut self.state
            && let Some((_, poll)) = poll.take()
        {
            self.effects.push(Effect::payload(poll, self.outbox.take()));
        }
    }

    fn refuse(&mut self, request: P, fault: Fault) {
        self.effects.push(Effect::refuse(request, fault));
    }

    fn next(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }
}

#[cfg(test)]
mod tests;
