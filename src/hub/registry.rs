//! `Registry`: the actor that knows every session from its birth and routes what is a user's to that user's sessions.
//!
//! It knows no transport and awaits no other actor. It never waits for a session either: what a session's queue does
//! not take at once ends that session, so that a slow reader costs nobody else anything.

mod routing;
mod watching;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use actix::dev::SendError;
use actix::prelude::*;
use jiff::Timestamp;
use log::{debug, info};
use tokio::sync::oneshot;

use super::command::Permitted;
use super::distributions::Left;
use super::drain::Drain;
use super::events::{FrameId, ServerEvent};
use super::presence::Presence;
use super::refusal::{Code, Refusal};
use super::requests;
use super::watches::{self, Watches};
use crate::identity::{Caller, Revocations, Role, Unproven};
use crate::names::{SessionId, UserId};

pub(crate) use routing::{Asking, Route, Routed, To};
pub(crate) use watching::Watch;

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
    /// Whether its client says what it has received.
    pub(crate) acks: bool,
}

/// A session ended by itself.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
struct Gone(SessionId);

/// Held by a session: its end, however it comes about, a panic too, is told to the registry and to the distributions.
#[derive(Debug)]
pub(crate) struct Membership {
    /// Handles of its own and never used before: each has a free place in the mailbox.
    registry: Addr<Registry>,
    distributions: Recipient<Left>,
    session: SessionId,
}

impl Membership {
    pub(crate) fn new(registry: Addr<Registry>, distributions: Recipient<Left>, session: SessionId) -> Self {
        Self { registry, distributions, session }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        // It fails only where the registry has ended, and with it everything that it knew.
        self.registry.try_send(Gone(self.session)).ok();
        // In this order: who is looked for on account of the second is no longer found by the first.
        self.distributions.try_send(Left(self.session)).ok();
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
    acks: bool,
    deliver: Recipient<Deliver>,
    end: Option<oneshot::Sender<Code>>,
    users: Vec<UserId>,
}

/// How many sessions there may be, how old what they get, and what they may watch.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// In all.
    pub sessions: usize,
    /// Of one user; those that a service opened don't count.
    pub per_user: usize,
    /// No token is handed out with less life.
    pub min_life: Duration,
    /// Of whom sessions watch, and when who left counts as gone.
    pub watches: watches::Bounds,
}

/// The actor.
pub struct Registry {
    /// Nobody chooses a session's name, so the hash needn't withstand chosen ones.
    sessions: foldhash::HashMap<SessionId, Entry>,
    /// Each user's sessions, the newest last.
    users: HashMap<UserId, Vec<SessionId>>,
    presence: Presence,
    watches: Watches,
    /// The next telling of who has come and gone, while somebody watches.
    tick: Option<SpawnHandle>,
    drain: Drain,
    bounds: Bounds,
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
        bounds: Bounds,
        revocations: Option<Revocations>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        Self {
            sessions: foldhash::HashMap::default(),
            users: HashMap::new(),
            presence,
            watches: Watches::new(bounds.watches),
            tick: None,
            drain,
            bounds,
            revocations,
            _alive: alive,
        }
    }

    /// Ends the oldest session of a user who has too many.
    fn bound(&mut self, user: &UserId) {
        let counts = |session: &&SessionId| {
            let caller = self.sessions.get(session).map(|entry| &entry.caller);
            !matches!(caller, Some(Caller::Known(identity)) if identity.role == Role::Service)
        };
        let sessions = self.users.get(user).into_iter().flatten().filter(counts);
        if let Some(oldest) = sessions.rev().nth(self.bounds.per_user).copied() {
            info!("session {oldest} ends: its user has a newer one too many");
            self.evict(oldest, Code::TooManySessions);
        }
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
        self.watches.ended(session);
        self.turned(&entry.users);
        Some(entry)
    }

    /// Hands an event to one session; a session that can't take it is ended.
    fn hand(&mut self, session: SessionId, event: &ServerEvent, frame: Option<FrameId>) -> bool {
        let Some(entry) = self.sessions.get(&session) else {
            return false;
        };
        match entry.deliver.try_send(Deliver { event: event.clone(), frame }) {
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
        if self.sessions.len() >= self.bounds.sessions {
            return Err(Refusal::too_many_sessions());
        }
        let Open { session, caller, deliver, end } = open;
        self.sessions
            .insert(session, Entry { caller, acks: false, deliver, end: Some(end), users: Vec::new() });
        self.presence.opened();
        Ok(())
    }
}

impl Handler<Identify> for Registry {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, identify: Identify, _ctx: &mut Self::Context) -> Self::Result {
        let Identify { session, user, caller, acks } = identify;
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
            self.users.entry(user.clone()).or_default().push(session);
        }
        let renewed = entry.caller != caller;
        entry.caller = caller;
        entry.acks |= acks;
        if renewed {
            self.renewed(session);
        } else {
            self.turned([&user]);
        }
        self.bound(&user);
        Ok(())
    }
}

impl Handler<Gone> for Registry {
    type Result = ();

    fn handle(&mut self, gone: Gone, _ctx: &mut Self::Context) {
        drop(self.remove(gone.0));
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
mod model;
#[cfg(test)]
pub(crate) mod tests;
