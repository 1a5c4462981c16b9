//! `Registry`: the actor that knows every session from its birth and routes what is a user's to that user's sessions.
//!
//! It knows no transport and awaits no other actor. It never waits for a session either: what a session's queue does
//! not take at once ends that session, so that a slow reader costs nobody else anything.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::ops::Add;

use actix::dev::SendError;
use actix::prelude::*;
use jiff::Timestamp;
use log::{debug, info};
use tokio::sync::oneshot;

use super::command::{Action, Permitted, decide};
use super::drain::Drain;
use super::events::{FrameId, ServerEvent};
use super::presence::Presence;
use super::refusal::{Code, Refusal};
use super::requests;
use crate::identity::{Caller, Revocations, Unproven};
use crate::names::{SessionId, UserId};

/// Messages that may wait for the registry before their senders do.
const MAILBOX: usize = 1024;

/// Users whose events one session may receive: a bot farm's connection fits, a flood of names does not.
const USERS: usize = 1000;

/// Hands an event to a session. A port: whoever receives it is a session to the registry.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Deliver {
    /// The event.
    pub event: ServerEvent,
    /// The frame that it answers.
    pub frame: Option<FrameId>,
}

/// A session is born. Refused once the hub drains.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Open {
    pub(crate) session: SessionId,
    /// Whose it is, as far as its connection's opening showed.
    pub(crate) caller: Caller,
    /// Stored and never cloned: only then is its bound a bound.
    pub(crate) deliver: Recipient<Deliver>,
    /// Ends the session. Not a message: a full mailbox can't carry its own eviction.
    pub(crate) end: oneshot::Sender<Code>,
}

/// A session is a user's. A second user is added to the first.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Identify {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// As whom it does so, from now on.
    pub(crate) caller: Caller,
}

/// A session ended by itself.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
struct Gone(SessionId);

/// Held by a session: its end, however it comes about, a panic too, is told to the registry.
#[derive(Debug)]
pub(crate) struct Membership {
    /// A handle of its own and never used before: each has a free place in the mailbox.
    registry: Addr<Registry>,
    session: SessionId,
}

impl Membership {
    pub(crate) fn new(registry: Addr<Registry>, session: SessionId) -> Self {
        Self { registry, session }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        // It fails only where the registry has ended, and with it everything that it knew.
        self.registry.try_send(Gone(self.session)).ok();
    }
}

/// Routes an event; answers whom it reached.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Routed")]
pub(crate) struct Route {
    pub(crate) to: To,
    pub(crate) event: ServerEvent,
    pub(crate) frame: Option<FrameId>,
}

/// Whom a route reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, MessageResponse)]
pub(crate) struct Routed {
    /// Sessions whose queues took it.
    pub(crate) taken: usize,
    /// Sessions of the user's that may not have it, by their credentials.
    pub(crate) barred: usize,
}

impl Add for Routed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { taken: self.taken + other.taken, barred: self.barred + other.barred }
    }
}

/// Whom a route reaches.
#[derive(Clone, Debug)]
pub(crate) enum To {
    /// One session.
    Session(SessionId),
    /// One session, or all of a user's once that is gone.
    SessionElseUser(SessionId, UserId),
    /// All of a user's sessions.
    User(UserId),
    /// All of a user's sessions but one.
    UserExcept(UserId, SessionId),
}

impl To {
    /// Whether it is this session that asked.
    fn answers(&self, session: SessionId) -> bool {
        matches!(self, Self::Session(asked) | Self::SessionElseUser(asked, _) if *asked == session)
    }

    /// The user whose it is; nobody's where it answers the session that asked, which was permitted to.
    fn owner(&self, session: SessionId) -> Option<&UserId> {
        match self {
            Self::Session(_) => None,
            Self::SessionElseUser(..) if self.answers(session) => None,
            Self::SessionElseUser(_, user) | Self::User(user) | Self::UserExcept(user, _) => Some(user),
        }
    }
}

/// Ends the sessions whose credentials count no more from now on; answers how many there were. In `open` mode, where
/// there are none, the user's sessions.
#[derive(Debug, Message)]
#[rtype(result = "Result<usize, Refusal>")]
pub struct Revoke(pub Permitted<requests::Revoke>);

/// Ends every session with a code; answers how many there were.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "usize")]
pub struct EndAll(pub Code);

struct Entry {
    caller: Caller,
    deliver: Recipient<Deliver>,
    end: Option<oneshot::Sender<Code>>,
    users: Vec<UserId>,
}

/// The actor.
pub struct Registry {
    sessions: HashMap<SessionId, Entry>,
    /// Each user's sessions, the newest last.
    users: HashMap<UserId, Vec<SessionId>>,
    presence: Presence,
    drain: Drain,
    /// Written here alone: no session slips in between the word and the deed.
    revocations: Option<Revocations>,
    /// Dropped with the actor, which tells the process that the registry ended.
    _alive: oneshot::Sender<Infallible>,
}

impl Registry {
    /// An empty registry that keeps `presence`.
    #[must_use]
    pub fn new(
        presence: Presence,
        drain: Drain,
        revocations: Option<Revocations>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        Self { sessions: HashMap::new(), users: HashMap::new(), presence, drain, revocations, _alive: alive }
    }

    /// Whether a credential was revoked since it was verified.
    fn still_counts(&self, caller: &Caller) -> Result<(), Refusal> {
        match (caller, &self.revocations) {
            (Caller::Known(identity), Some(revocations)) if revocations.concern(identity) => {
                Err(Unproven::Revoked.into())
            }
            (Caller::Known(_) | Caller::Anyone | Caller::Unknown, _) => Ok(()),
        }
    }

    /// Ends a session, which is gone from here at once.
    fn evict(&mut self, session: SessionId, code: Code) {
        if let Some(end) = self.remove(session).and_then(|entry| entry.end) {
            end.send(code).ok();
        }
    }

    /// Whether a session may have what is a user's: its credential must count, and be good for it.
    fn may_have(&self, session: SessionId, event: &ServerEvent, user: &UserId) -> bool {
        let Some(Entry { caller, .. }) = self.sessions.get(&session) else {
            return true;
        };
        let counts = !matches!(caller, Caller::Known(identity) if identity.is_expired(Timestamp::now()));
        let needs = match event {
            ServerEvent::Started(_) => Action::Zak(user),
            ServerEvent::Credentials(credentials) => Action::Obf(user, credentials.meeting()),
            ServerEvent::Authenticated(_)
            | ServerEvent::Progress(_)
            | ServerEvent::Distributed(_)
            | ServerEvent::Error(_)
            | ServerEvent::Pong(_) => Action::Authenticate(user),
        };
        counts && decide(caller, needs).is_ok()
    }

    fn remove(&mut self, session: SessionId) -> Option<Entry> {
        let entry = self.sessions.remove(&session)?;
        self.presence.closed();
        for user in &entry.users {
            self.presence.left(user);
            if let Some(sessions) = self.users.get_mut(user) {
                sessions.retain(|other| *other != session);
                if sessions.is_empty() {
                    self.users.remove(user);
                }
            }
        }
        Some(entry)
    }

    /// Hands an event to one session; a session that can't take it is ended.
    fn hand(&mut self, session: SessionId, event: &ServerEvent, frame: Option<&FrameId>) -> bool {
        let Some(entry) = self.sessions.get(&session) else {
            return false;
        };
        match entry.deliver.try_send(Deliver { event: event.clone(), frame: frame.cloned() }) {
            Ok(()) => true,
            Err(SendError::Full(_)) => {
                info!("session {session} reads too slowly and is ended");
                self.evict(session, Code::Overloaded);
                false
            }
            Err(SendError::Closed(_)) => {
                debug!("session {session} ended without a goodbye");
                drop(self.remove(session));
                false
            }
        }
    }

    fn sessions_of(&self, user: &UserId) -> Vec<SessionId> {
        self.users.get(user).cloned().unwrap_or_default()
    }

    fn reached_by(&self, to: &To) -> Vec<SessionId> {
        match to {
            To::Session(session) => vec![*session],
            To::SessionElseUser(session, _) if self.sessions.contains_key(session) => vec![*session],
            To::SessionElseUser(_, user) | To::User(user) => self.sessions_of(user),
            To::UserExcept(user, session) => {
                let mut sessions = self.sessions_of(user);
                sessions.retain(|other| other != session);
                sessions
            }
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sessions, users) = (self.sessions.len(), self.users.len());
        f.debug_struct("Registry").field("sessions", &sessions).field("users", &users).finish_non_exhaustive()
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Open> for Registry {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, open: Open, _ctx: &mut Self::Context) -> Self::Result {
        drop(self.drain.admit()?);
        self.still_counts(&open.caller)?;
        let Open { session, caller, deliver, end } = open;
        self.sessions.insert(session, Entry { caller, deliver, end: Some(end), users: Vec::new() });
        self.presence.opened();
        Ok(())
    }
}

impl Handler<Identify> for Registry {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, identify: Identify, _ctx: &mut Self::Context) -> Self::Result {
        let Identify { session, user, caller } = identify;
        self.still_counts(&caller)?;
        let Some(entry) = self.sessions.get_mut(&session) else {
            return Err(Refusal::new(Code::NotConnected, "The session has ended"));
        };
        if !entry.users.contains(&user) {
            if entry.users.len() >= USERS {
                let message = format!("A session can be {USERS} users' at most");
                return Err(Refusal::new(Code::InvalidRequest, message));
            }
            entry.users.push(user.clone());
            self.presence.arrived(&user);
            self.users.entry(user).or_default().push(session);
        }
        entry.caller = caller;
        Ok(())
    }
}

impl Handler<Gone> for Registry {
    type Result = ();

    fn handle(&mut self, gone: Gone, _ctx: &mut Self::Context) {
        drop(self.remove(gone.0));
    }
}

impl Handler<Route> for Registry {
    type Result = Routed;

    fn handle(&mut self, route: Route, _ctx: &mut Self::Context) -> Routed {
        let Route { to, event, frame } = route;
        let mut routed = Routed::default();
        for session in self.reached_by(&to) {
            if to.owner(session).is_some_and(|user| !self.may_have(session, &event, user)) {
                routed.barred += 1;
                continue;
            }
            // A frame's name means something to the session that sent it: another may have one of that name itself.
            let named = if to.answers(session) { frame.as_ref() } else { None };
            routed.taken += usize::from(self.hand(session, &event, named));
        }
        routed
    }
}

impl Handler<Revoke> for Registry {
    type Result = Result<usize, Refusal>;

    fn handle(&mut self, revoke: Revoke, _ctx: &mut Self::Context) -> Self::Result {
        let requests::Revoke(matching) = revoke.0.into_inner();
        if let Some(revocations) = &self.revocations {
            let added = revocations.add(matching.clone(), Timestamp::now());
            added.map_err(|full| Refusal::new(Code::Overloaded, full.to_string()))?;
        }
        let concerned = |entry: &Entry| match &entry.caller {
            Caller::Known(identity) => matching.concerns(identity),
            Caller::Anyone => matching.user.as_ref().is_some_and(|user| entry.users.contains(user)),
            Caller::Unknown => false,
        };
        let concerned: Vec<_> =
            self.sessions.iter().filter(|(_, entry)| concerned(entry)).map(|(session, _)| *session).collect();
        for session in &concerned {
            self.evict(*session, Code::CredentialRevoked);
        }
        info!("{} sessions end by a revocation", concerned.len());
        Ok(concerned.len())
    }
}

impl Handler<EndAll> for Registry {
    type Result = usize;

    fn handle(&mut self, end_all: EndAll, _ctx: &mut Self::Context) -> usize {
        for entry in self.sessions.values_mut() {
            if let Some(end) = entry.end.take() {
                end.send(end_all.0).ok();
            }
        }
        self.sessions.len()
    }
}

#[cfg(test)]
mod tests;
