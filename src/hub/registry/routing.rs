//! Routes: whom an event reaches, and who of them may have it.

use std::ops::Add;

use actix::prelude::*;
use jiff::Timestamp;

use super::{Entry, Registry};
use crate::hub::command::{Action, decide};
use crate::hub::events::{FrameId, ServerEvent};
use crate::identity::Caller;
use crate::names::{SessionId, UserId};

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

impl Registry {
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
