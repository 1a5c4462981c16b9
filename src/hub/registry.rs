//! `Registry`: the actor that knows every session from its birth and routes what is a user's to that user's sessions.
//!
//! It knows no transport and awaits no other actor. It never waits for a session either: what a session's queue does
//! not take at once ends that session, so that a slow reader costs nobody else anything.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

use actix::dev::SendError;
use actix::prelude::*;
use log::{debug, info};
use tokio::sync::oneshot;

use super::drain::Drain;
use super::events::{FrameId, ServerEvent};
use super::presence::Presence;
use super::refusal::{Code, Refusal};
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

/// Routes an event; answers how many sessions' queues took it.
#[derive(Clone, Debug, Message)]
#[rtype(result = "usize")]
pub(crate) struct Route {
    pub(crate) to: To,
    pub(crate) event: ServerEvent,
    pub(crate) frame: Option<FrameId>,
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
}

/// Ends every session with a code; answers how many there were.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "usize")]
pub struct EndAll(pub Code);

struct Entry {
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
    /// Dropped with the actor, which tells the process that the registry ended.
    _alive: oneshot::Sender<Infallible>,
}

impl Registry {
    /// An empty registry that keeps `presence`.
    #[must_use]
    pub fn new(presence: Presence, drain: Drain, alive: oneshot::Sender<Infallible>) -> Self {
        Self { sessions: HashMap::new(), users: HashMap::new(), presence, drain, _alive: alive }
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
                if let Some(end) = self.remove(session).and_then(|entry| entry.end) {
                    end.send(Code::Overloaded).ok();
                }
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
        let entry = Entry { deliver: open.deliver, end: Some(open.end), users: Vec::new() };
        self.sessions.insert(open.session, entry);
        self.presence.opened();
        Ok(())
    }
}

impl Handler<Identify> for Registry {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, identify: Identify, _ctx: &mut Self::Context) -> Self::Result {
        let Identify { session, user } = identify;
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
    type Result = usize;

    fn handle(&mut self, route: Route, _ctx: &mut Self::Context) -> usize {
        let Route { to, event, frame } = route;
        let sessions = self.reached_by(&to);
        // A frame's name means something to the session that sent it: another may have one of that name itself.
        let named = |session| if to.answers(session) { frame.as_ref() } else { None };
        sessions.into_iter().filter(|session| self.hand(*session, &event, named(*session))).count()
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
