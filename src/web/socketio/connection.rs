//! `Connection`: the actor that drives one connection's [`Engine`], and holds the requests and the WebSocket that the
//! engine decides about.
//!
//! A plain actor: requests come from any worker, and a WebSocket whose client stops reading paralyses its own transport
//! alone. The engine's outbox and the WebSocket's backlog are bounded; a client that overruns either is cut off.

use std::convert::Infallible;
use std::fmt;
use std::time::Instant;

use actix::dev::SendError;
use actix::fut;
use actix::prelude::*;
use actix_web::web::Bytes;
use engineioxide_core::Packet;
use futures_util::stream;
use log::debug;
use tokio::sync::oneshot;

use super::Settings;
use super::connections::Entry;
use super::effect::{Effect, LinkId, Reply, Via};
use super::endpoint::{Endpoint, Taken, settled};
use super::engine::Engine;
use super::fault::Fault;
use super::packet::{Malformed, Message, Payload};
use crate::hub::carrier::{Backlog, Held};

/// Messages that may wait for a connection before their senders do.
const MAILBOX: usize = 1024;

/// A request that waits for its answer.
pub(super) type Waiting = oneshot::Sender<Reply>;

/// The actor.
pub struct Connection<E: Endpoint> {
    engine: Engine<Waiting>,
    endpoint: Option<E>,
    link: Option<Link>,
    backlog: Backlog,
    timer: Option<(Instant, SpawnHandle)>,
    entry: Option<Entry<E>>,
}

/// A poll.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub(super) struct Poll {
    pub(super) answer: Waiting,
    /// Ends when the client gives up, or has its answer.
    pub(super) gone: oneshot::Receiver<Infallible>,
}

/// A post.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub(super) struct Post {
    pub(super) payload: Payload,
    pub(super) answer: Waiting,
}

/// A WebSocket that would take over.
#[derive(Debug, actix::Message)]
#[rtype(result = "Result<LinkId, Fault>")]
pub(super) struct Attach(pub(super) Link);

/// A frame of a WebSocket's. Wait for its being taken before the next is read.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub(super) struct Received {
    pub(super) link: LinkId,
    pub(super) packet: Result<Packet, Malformed>,
}

/// A WebSocket, as the connection holds it.
#[derive(Debug)]
pub(super) struct Link {
    /// Stored and never cloned: only then is its bound a bound.
    pub(super) write: Recipient<Write>,
    /// Ends when the WebSocket is gone.
    pub(super) gone: Option<oneshot::Receiver<Infallible>>,
    /// Dropped with the connection, which ends the WebSocket.
    pub(super) open: oneshot::Sender<Infallible>,
}

/// What a WebSocket is to write.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub(super) enum Write {
    Text(String, Option<Held>),
    Binary(Bytes, Held),
    /// The last: close. What it holds ends the WebSocket should it be lost.
    Close(oneshot::Sender<Infallible>),
}

/// What an endpoint has to say and to wait for, while it is asked something.
pub struct Line<'a, E: Endpoint> {
    ctx: &'a mut Context<Connection<E>>,
    messages: Vec<Message>,
    close: bool,
}

impl<E: Endpoint> fmt::Debug for Line<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("messages", &self.messages.len()).finish_non_exhaustive()
    }
}

impl<E: Endpoint> Line<'_, E> {
    /// Sends a message; messages keep their order.
    pub fn send(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Ends the connection once what was sent is written.
    pub fn close(&mut self) {
        self.close = true;
    }

    /// Has [`Endpoint::later`] called with what comes of a future.
    pub fn wait(&mut self, future: impl Future<Output = E::Later> + 'static) {
        let later = fut::wrap_future::<_, Connection<E>>(future).map(|later, connection, ctx| {
            connection.with_endpoint(ctx, |endpoint, line| endpoint.later(later, line));
        });
        self.ctx.spawn(later);
    }

    /// The connection, for actors of the endpoint's own: what it handles beside its own messages is the endpoint's
    /// business.
    #[must_use]
    pub fn address(&self) -> Addr<Connection<E>> {
        self.ctx.address()
    }
}

impl<E: Endpoint> Connection<E> {
    /// A connection that begins by polling.
    pub(super) fn polling(
        settings: &Settings,
        endpoint: E,
        enter: impl FnOnce(Addr<Self>) -> Entry<E>,
    ) -> Addr<Self> {
        Self::create(|ctx| {
            Self::new(Engine::polling(Instant::now(), settings), endpoint, enter(ctx.address()))
        })
    }

    /// A connection that is a WebSocket from the start.
    pub(super) fn websocket(
        settings: &Settings,
        endpoint: E,
        link: Link,
        enter: impl FnOnce(Addr<Self>) -> Entry<E>,
    ) -> (Addr<Self>, LinkId) {
        let (engine, id) = Engine::websocket(Instant::now(), settings);
        let connection = Self::create(|ctx| {
            let mut connection = Self::new(engine, endpoint, enter(ctx.address()));
            connection.hold(link, id, ctx);
            connection
        });
        (connection, id)
    }

    fn new(engine: Engine<Waiting>, endpoint: E, entry: Entry<E>) -> Self {
        let endpoint = Some(endpoint);
        Self { engine, endpoint, link: None, backlog: Backlog::default(), timer: None, entry: Some(entry) }
    }

    fn hold(&mut self, mut link: Link, id: LinkId, ctx: &mut Context<Self>) {
        if let Some(gone) = link.gone.take() {
            ctx.spawn(fut::wrap_future::<_, Self>(gone).map(move |_, connection, ctx| {
                connection.engine.detached(id);
                connection.act(ctx);
            }));
        }
        self.link = Some(link);
    }

    /// Asks the endpoint something, and does what it says.
    pub(super) fn with_endpoint<R>(
        &mut self,
        ctx: &mut Context<Self>,
        ask: impl FnOnce(&mut E, &mut Line<'_, E>) -> R,
    ) -> Option<R> {
        let endpoint = self.endpoint.as_mut()?;
        let mut line = Line { ctx, messages: Vec::new(), close: false };
        let answer = ask(endpoint, &mut line);
        let Line { messages, close, .. } = line;
        self.engine.send(messages);
        if close {
            self.engine.close(Instant::now());
        }
        self.act(ctx);
        Some(answer)
    }

    /// Gives a packet to the engine, and what it says to the endpoint.
    fn packet(&mut self, via: Via, packet: Result<Packet, Malformed>, ctx: &mut Context<Self>) -> Taken {
        let message = self.engine.packet(Instant::now(), via, packet);
        self.act(ctx);
        self.with_endpoint(ctx, |endpoint, line| endpoint.message(message?, line)).flatten()
    }

    /// Does what the engine wants done.
    fn act(&mut self, ctx: &mut Context<Self>) {
        loop {
            let effects = self.engine.effects();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                self.perform(effect);
            }
        }
        if !self.engine.is_open() {
            self.endpoint = None;
        }
        if self.engine.is_gone() {
            self.entry = None;
            ctx.stop();
        } else {
            self.arm(ctx);
        }
    }

    fn perform(&mut self, effect: Effect<Waiting>) {
        match effect {
            // A client that is gone meanwhile is noticed by the request's own end.
            Effect::Answer(request, reply) => drop(request.send(reply)),
            Effect::Write(packet) => self.write(packet),
            Effect::Close => {
                if let Some(Link { write, open, .. }) = self.link.take() {
                    write.try_send(Write::Close(open)).ok();
                }
            }
        }
    }

    fn write(&mut self, packet: Packet) {
        let Some(link) = &self.link else { return };
        let held = self.backlog.hold(packet.get_size_hint(false));
        let has_room = held.is_some_and(|held| {
            let write = if let Packet::Binary(bytes) = packet {
                Write::Binary(bytes, held)
            } else {
                Write::Text(packet.into(), Some(held))
            };
            // A WebSocket that is gone tells of it by itself.
            !matches!(link.write.try_send(write), Err(SendError::Full(_)))
        });
        if !has_room {
            debug!("a Socket.IO client reads too slowly");
            self.engine.cut();
        }
    }

    /// Has the engine look at the clock when it is due. A timer that fires too early is set anew then.
    fn arm(&mut self, ctx: &mut Context<Self>) {
        let Some(deadline) = self.engine.deadline() else { return };
        if let Some((armed, timer)) = self.timer {
            if armed <= deadline {
                return;
            }
            ctx.cancel_future(timer);
        }
        let wait = deadline.saturating_duration_since(Instant::now());
        let timer = ctx.run_later(wait, |connection, ctx| {
            connection.timer = None;
            connection.engine.tick(Instant::now());
            connection.act(ctx);
        });
        self.timer = Some((deadline, timer));
    }
}

impl<E: Endpoint> Actor for Connection<E> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.with_endpoint(ctx, Endpoint::opened);
    }
}

impl<E: Endpoint> Handler<Poll> for Connection<E> {
    type Result = ();

    fn handle(&mut self, poll: Poll, ctx: &mut Self::Context) {
        if let Some(id) = self.engine.poll(Instant::now(), poll.answer) {
            ctx.spawn(fut::wrap_future::<_, Self>(poll.gone).map(move |_, connection, ctx| {
                connection.engine.poll_gone(id);
                connection.act(ctx);
            }));
        }
        self.act(ctx);
    }
}

impl<E: Endpoint> Handler<Post> for Connection<E> {
    type Result = ();

    /// Takes the packets one after the other, each when the endpoint has taken the one before.
    fn handle(&mut self, post: Post, ctx: &mut Self::Context) {
        if self.engine.post(Instant::now(), post.answer) {
            let packets = fut::wrap_stream::<_, Self>(stream::iter(post.payload));
            let taken = packets.fold((), |(), packet, connection, ctx| {
                let taken = connection.packet(Via::Post, packet, ctx);
                fut::wrap_future(settled(taken))
            });
            ctx.spawn(taken.map(|(), connection, ctx| {
                connection.engine.posted();
                connection.act(ctx);
            }));
        }
        self.act(ctx);
    }
}

impl<E: Endpoint> Handler<Attach> for Connection<E> {
    type Result = Result<LinkId, Fault>;

    fn handle(&mut self, Attach(link): Attach, ctx: &mut Self::Context) -> Self::Result {
        let id = self.engine.attach(Instant::now());
        // First, for what is to be closed may be a link before this one, whose time has just run out.
        self.act(ctx);
        if let Ok(id) = id {
            self.hold(link, id, ctx);
        }
        id
    }
}

impl<E: Endpoint> Handler<Received> for Connection<E> {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, received: Received, ctx: &mut Self::Context) -> Self::Result {
        let taken = self.packet(Via::Link(received.link), received.packet, ctx);
        Box::pin(fut::wrap_future(settled(taken)))
    }
}

impl<E: Endpoint> fmt::Debug for Connection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("engine", &self.engine).finish_non_exhaustive()
    }
}
