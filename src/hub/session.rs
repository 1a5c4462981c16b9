//! `Session`: one connection's conversation, whatever carries it.
//!
//! A plain actor beside a thin transport, because a client that stops reading paralyses a transport that is an actor
//! itself: its timers stop. The session takes events in order, answers them, passes on what the registry delivers, and
//! watches for a sign of life. It knows no frames: a carrier gives it a [`Carrier`] and writes what it emits.

mod distributing;
mod standing;
mod watching;

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::dev::SendError;
use actix::prelude::*;
use log::debug;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Hub;
use super::audit::Asked;
use super::carrier::{Alive, Backlog, Carrier, Emit, Incoming, Outgoing, Unreadable, Watch};
use super::command::permit;
use super::distributions::Distributions;
use super::drain::Work;
use super::events::{ErrorEvent, FrameId, MeetingCredentials, MeetingStarted, Pong, ServerEvent};
use super::flow::{Flow, Verdict};
use super::meetings::Joined;
use super::refusal::{Code, Refusal};
use super::registry::{Deliver, Membership, Open};
use super::requests::{ClientEvent, JoinMeeting, StartMeeting};
use crate::identity::Caller;
use crate::names::{RequestId, SessionId, UserId};

/// Events of the hub's that may wait for a session; one more ends it. A burst for a session of many users fits.
const MAILBOX: usize = 1024;
/// Commands of one session that may be under way at once; with more, no further event is taken until one is answered.
const COMMANDS: usize = 32;
/// Unreadable frames in a row that end a session.
const MALFORMED: u8 = 3;
/// How long the registry may take for a session's own affairs.
const REGISTRY: Duration = Duration::from_secs(10);

/// What a command holds while it is under way: a place among the session's own, and the stop's patience.
struct Command {
    frame: Option<FrameId>,
    _place: OwnedSemaphorePermit,
    work: Work,
}

/// The actor.
pub struct Session {
    id: SessionId,
    caller: Caller,
    /// Waits for the end that comes of the caller's standing.
    standing: Option<SpawnHandle>,
    address: IpAddr,
    watch: Watch,
    /// One for all sessions: a clone of its handles would be 1 KiB a session.
    hub: Arc<Hub>,
    _membership: Membership,
    /// Whose it is.
    users: Arc<HashSet<UserId>>,
    /// Whether its client says what it has received.
    acks: bool,
    /// Where receipts go: a handle of its own, made for the first, which has a free place however many others confirm.
    receipts_to: Option<Addr<Distributions>>,
    /// Receipts that are owed: a client answers as fast as it is told, and is not too fast by that.
    receipts: usize,
    emit: Recipient<Emit>,
    backlog: Backlog,
    close: Option<oneshot::Sender<Code>>,
    gone: Option<oneshot::Receiver<Infallible>>,
    commands: Arc<Semaphore>,
    flow: Flow,
    malformed: u8,
    last_seen: Instant,
}

impl Session {
    /// A session over a carrier; start it on the thread of its transport.
    #[must_use]
    pub fn new(hub: Arc<Hub>, caller: Caller, carrier: Carrier) -> Self {
        let id = SessionId::random();
        let flow = Flow::new(hub.limits.message_rate);
        Self {
            id,
            caller,
            standing: None,
            address: carrier.address,
            watch: carrier.watch,
            _membership: Membership::new(hub.registry.clone(), hub.distributions.clone().recipient(), id),
            users: Arc::default(),
            acks: false,
            receipts_to: None,
            receipts: 0,
            hub,
            emit: carrier.emit,
            backlog: Backlog::default(),
            close: Some(carrier.close),
            gone: Some(carrier.gone),
            commands: Arc::new(Semaphore::new(COMMANDS)),
            flow,
            malformed: 0,
            last_seen: Instant::now(),
        }
    }

    /// What it is called; `socketId` on the wire.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// From now on it is this user's, too.
    fn is_users(&mut self, user: UserId, acks: bool) {
        Arc::make_mut(&mut self.users).insert(user);
        self.acks |= acks;
    }

    fn emit(&mut self, event: ServerEvent, frame: Option<FrameId>, ctx: &mut Context<Self>) {
        if matches!(&event, ServerEvent::Credentials(token) if token.delivery().is_some()) {
            self.receipts = self.receipts.saturating_add(1);
        }
        self.send(Outgoing::Event(event, frame), ctx);
    }

    fn send(&mut self, what: Outgoing, ctx: &mut Context<Self>) {
        let Some(held) = self.backlog.hold(what.weight()) else {
            return self.end(Code::Overloaded, ctx);
        };
        match self.emit.try_send(Emit { from: self.id, what, _held: held }) {
            Ok(()) => {}
            Err(SendError::Full(_)) => self.end(Code::Overloaded, ctx),
            Err(SendError::Closed(_)) => ctx.stop(),
        }
    }

    fn refuse(
        &mut self,
        refusal: Refusal,
        event: Option<&str>,
        frame: Option<FrameId>,
        ctx: &mut Context<Self>,
    ) {
        let error = ErrorEvent::new(refusal, event.map(str::to_owned), frame.as_ref());
        self.emit(ServerEvent::Error(Arc::new(error)), frame, ctx);
    }

    /// Ends the session: the transport closes with the code, and the registry is told on the way out.
    fn end(&mut self, code: Code, ctx: &mut Context<Self>) {
        if let Some(close) = self.close.take() {
            debug!("session {} ends: {code}", self.id);
            // The transport may be gone already, which is what was wanted.
            close.send(code).ok();
        }
        ctx.stop();
    }

    fn asked(&self) -> Asked {
        Asked::new(self.caller.clone(), Some(self.id), &RequestId::random())
    }

    fn watch_for_life(&mut self, ctx: &mut Context<Self>) {
        let timeout = self.hub.times.ping_timeout;
        ctx.run_interval(self.hub.times.ping_interval, move |session, ctx| {
            let asked = Instant::now();
            session.send(Outgoing::Ping, ctx);
            ctx.run_later(timeout, move |session, ctx| {
                if session.last_seen < asked {
                    session.end(Code::Overloaded, ctx);
                }
            });
        });
    }

    /// Takes an event, with the place that a command holds while it is under way.
    fn take(&mut self, incoming: Incoming, place: OwnedSemaphorePermit, ctx: &mut Context<Self>) {
        self.last_seen = Instant::now();
        let frame = incoming.frame;
        match self.flow.take() {
            Verdict::Fine => {}
            Verdict::Flood => return self.end(Code::RateLimited, ctx),
            Verdict::TooFast(wait) => {
                let name = incoming.event.as_ref().map_or(None, |event| Some(event.name()));
                return self.refuse(Refusal::too_fast(wait), name, frame, ctx);
            }
        }
        let event = match incoming.event {
            Ok(event) => event,
            Err(unreadable) => return self.take_unreadable(unreadable, frame, ctx),
        };
        self.malformed = 0;
        if let ClientEvent::Ping = event {
            return self.emit(ServerEvent::Pong(Pong::now()), frame, ctx);
        }
        if let ClientEvent::Receipt(delivery) = event {
            return self.receipt(delivery, Some(place));
        }
        let name = event.name();
        if let Some(refusal) = self.barred(&event) {
            return self.refuse(refusal, Some(name), frame, ctx);
        }
        let taken = self.hub.drain.admit().and_then(|work| {
            let command = Command { frame: frame.clone(), _place: place, work };
            match event {
                ClientEvent::Authenticate(request) => {
                    self.authenticate(request, command, ctx);
                    Ok(())
                }
                ClientEvent::Start(request) => self.start_meeting(request, command, ctx),
                ClientEvent::Join(request) => self.join_meeting(request, command, ctx),
                ClientEvent::Distribute(request, key) => self.distribute(request, key, command, ctx),
                ClientEvent::Cancel(request) => self.cancel(request, command, ctx),
                ClientEvent::Get(request) => self.get(request, command, ctx),
                ClientEvent::Watch(request) => self.watch_presence(request, command, ctx),
                ClientEvent::Ping | ClientEvent::Receipt(_) => Ok(()),
            }
        });
        if let Err(refusal) = taken {
            self.refuse(refusal, Some(name), frame, ctx);
        }
    }

    fn take_unreadable(&mut self, unreadable: Unreadable, frame: Option<FrameId>, ctx: &mut Context<Self>) {
        let Unreadable { refusal, event } = unreadable;
        let malformed = refusal.code == Code::MalformedFrame;
        self.refuse(refusal, event.as_deref(), frame, ctx);
        self.malformed = if malformed { self.malformed + 1 } else { 0 };
        if self.malformed >= MALFORMED {
            self.end(Code::MalformedFrame, ctx);
        }
    }

    fn start_meeting(
        &mut self,
        request: StartMeeting,
        command: Command,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let meeting = request.meeting;
        let (meetings, asked) = (self.hub.meetings.clone(), self.asked());
        let request = permit(&self.caller, request)?;
        let answer = async move {
            let zak = meetings.start(request, &asked).await?;
            Ok(ServerEvent::Started(MeetingStarted::new(meeting, &zak)))
        };
        self.answer("meeting:start", answer, command, ctx);
        Ok(())
    }

    fn join_meeting(
        &mut self,
        request: JoinMeeting,
        command: Command,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let meeting = request.meeting;
        let (meetings, asked) = (self.hub.meetings.clone(), self.asked());
        let confirms = self.acks.then_some(self.id);
        let request = permit(&self.caller, request)?;
        let answer = async move {
            let Joined { obf, delivery } = meetings.join(request, &asked, confirms).await?;
            Ok(ServerEvent::Credentials(MeetingCredentials::new(meeting, &obf, delivery)))
        };
        self.answer("meeting:join", answer, command, ctx);
        Ok(())
    }

    /// Answers a command once its answer is there; events go on being taken meanwhile.
    fn answer(
        &mut self,
        event: &'static str,
        answer: impl Future<Output = Result<ServerEvent, Refusal>> + 'static,
        command: Command,
        ctx: &mut Context<Self>,
    ) {
        ctx.spawn(answer.into_actor(self).map(move |answer, session, ctx| {
            match answer {
                Ok(answer) => session.emit(answer, command.frame.clone(), ctx),
                Err(refusal) => session.refuse(refusal, Some(event), command.frame.clone(), ctx),
            }
            drop(command);
        }));
    }
}

/// Hands a session an event of its client's; answers what to wait for before the next is read.
///
/// For a receipt or a ping there is nothing: it is dealt with at once, and coming back to its connection would cost as much
/// again. Where there is no room for it, it is waited for all the same.
#[must_use]
pub fn hand(session: &Addr<Session>, incoming: Incoming) -> Option<Request<Session, Incoming>> {
    if !matches!(incoming.event, Ok(ClientEvent::Receipt(_) | ClientEvent::Ping)) {
        return Some(session.send(incoming));
    }
    match session.try_send(incoming) {
        Err(SendError::Full(incoming)) => Some(session.send(incoming)),
        // A session that has ended says so by itself.
        Ok(()) | Err(SendError::Closed(_)) => None,
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id).field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl Actor for Session {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        let (end, ended) = oneshot::channel();
        let caller = self.caller.clone();
        let open = Open { session: self.id, caller, deliver: ctx.address().recipient(), end };
        let opened = self.hub.registry.send(open).timeout(REGISTRY);
        ctx.wait(opened.into_actor(self).map(|opened, session, ctx| {
            if let Err(refusal) = opened.unwrap_or_else(|error| Err(error.into())) {
                session.end(refusal.code, ctx);
            }
        }));
        ctx.spawn(ended.into_actor(self).map(|ended, _, ctx| {
            // An eviction without a word is the registry's end.
            let code = ended.unwrap_or(Code::Internal);
            // Not at once: what the registry delivered before is in the mailbox, which a newly spawned future has
            // looked into once more.
            ctx.spawn(fut::ready(()).map(move |(), session: &mut Self, ctx| session.end(code, ctx)));
        }));
        if let Some(gone) = self.gone.take() {
            ctx.spawn(gone.into_actor(self).map(|_, _, ctx| ctx.stop()));
        }
        self.watch_standing(ctx);
        if self.watch == Watch::Session {
            self.watch_for_life(ctx);
        }
    }
}

impl Handler<Incoming> for Session {
    type Result = ActorResponse<Self, ()>;

    fn handle(&mut self, incoming: Incoming, ctx: &mut Self::Context) -> Self::Result {
        if let Ok(ClientEvent::Receipt(delivery)) = incoming.event
            && self.receipts > 0
        {
            // One for each token, so they need no other bound, nor a place among the commands.
            self.receipts -= 1;
            self.last_seen = Instant::now();
            self.receipt(delivery, None);
            return ActorResponse::reply(());
        }
        if let Ok(place) = Arc::clone(&self.commands).try_acquire_owned() {
            self.take(incoming, place, ctx);
            return ActorResponse::reply(());
        }
        let place = Arc::clone(&self.commands).acquire_owned();
        ActorResponse::r#async(place.into_actor(self).map(|place, session, ctx| {
            // The semaphore is never closed.
            if let Ok(place) = place {
                session.take(incoming, place, ctx);
            }
        }))
    }
}

impl Handler<Alive> for Session {
    type Result = ();

    fn handle(&mut self, _alive: Alive, ctx: &mut Self::Context) {
        self.last_seen = Instant::now();
        // Nobody is told of a ping that came too fast, but a flood of them is one, too.
        if self.flow.take() == Verdict::Flood {
            self.end(Code::RateLimited, ctx);
        }
    }
}

impl Handler<Deliver> for Session {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, ctx: &mut Self::Context) {
        self.emit(deliver.event, deliver.frame, ctx);
    }
}

#[cfg(test)]
pub(crate) mod tests;
