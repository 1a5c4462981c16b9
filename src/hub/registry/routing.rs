//! Routes: whom an event reaches, and who of them may have it.

use std::ops::Add;
use std::time::Duration;

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
    /// The session that will say that its client has it.
    pub(crate) confirms: Option<SessionId>,
    /// Nobody got the token, which has waited too long to be of use.
    pub(crate) stale: bool,
}

impl Add for Routed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            taken: self.taken + other.taken,
            barred: self.barred + other.barred,
            confirms: self.confirms.or(other.confirms),
            stale: self.stale || other.stale,
        }
    }
}

/// A session that asked, and by which frame.
pub(crate) type Asking = (SessionId, Option<FrameId>);

/// Whom a route reaches.
#[derive(Clone, Debug)]
pub(crate) enum To {
    /// One session.
    Session(SessionId),
    /// These sessions, each as an answer to its own frame; all of a user's once they are gone.
    Audience(Vec<Asking>, UserId),
    /// These sessions, each as an answer to its own frame, and all of a user's others.
    Everybody(Vec<Asking>, UserId),
    /// What is a participant's: the newest of the user's sessions that confirm what they get, that one last which didn't;
    /// all of the user's where none confirms.
    Participant {
        /// The user.
        user: UserId,
        /// The session that did not confirm the last.
        after: Option<SessionId>,
    },
    /// All of a user's sessions.
    User(UserId),
}

impl To {
    /// Whether it is a session that asked.
    fn answers(&self, session: SessionId) -> bool {
        match self {
            Self::Session(asked) => *asked == session,
            Self::Audience(asked, _) | Self::Everybody(asked, _) => {
                asked.iter().any(|(asked, _)| *asked == session)
            }
            Self::Participant { .. } | Self::User(_) => false,
        }
    }

    /// The user whose it is; nobody's where it answers a session that asked, which was permitted to.
    fn owner(&self, session: SessionId) -> Option<&UserId> {
        match self {
            Self::Session(_) => None,
            Self::Audience(..) | Self::Everybody(..) if self.answers(session) => None,
            Self::Audience(_, user)
            | Self::Everybody(_, user)
            | Self::Participant { user, .. }
            | Self::User(user) => Some(user),
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
            | ServerEvent::Distribution(_)
            | ServerEvent::PresenceState(_)
            | ServerEvent::PresenceChange(_)
            | ServerEvent::Error(_)
            | ServerEvent::Pong(_) => Action::Authenticate(user),
        };
        counts && decide(caller, needs).is_ok()
    }

    /// Whether the token in it has too little life left.
    fn is_stale(&self, event: &ServerEvent) -> bool {
        let left = event.expires_at().map(|end| end.duration_since(Timestamp::now()));
        left.is_some_and(|left| Duration::try_from(left).unwrap_or_default() < self.bounds.min_life)
    }

    fn sessions_of(&self, user: &UserId) -> Vec<SessionId> {
        self.users.get(user).cloned().unwrap_or_default()
    }

    /// The newest that takes it; that one last which did not confirm before.
    fn hand_to_one_that_confirms(
        &mut self,
        allowed: &[Asking],
        after: Option<SessionId>,
        event: &ServerEvent,
    ) -> Option<SessionId> {
        let sessions = || allowed.iter().rev().map(|(session, _)| *session);
        let others = sessions().filter(|session| Some(*session) != after);
        let last = sessions().filter(|session| Some(*session) == after);
        others.chain(last).find(|session| {
            let confirms = self.sessions.get(session).is_some_and(|entry| entry.acks);
            confirms && self.hand(*session, event, None)
        })
    }

    /// Each with the frame that it answers there. A frame's name means something to the session that sent it: another may
    /// have one of that name itself.
    fn reached_by(&self, to: &To, frame: Option<FrameId>) -> Vec<Asking> {
        let unasked = |user| self.sessions_of(user).into_iter().map(|session| (session, None));
        match to {
            To::Session(session) => vec![(*session, frame)],
            To::Audience(asked, user) => {
                let here = self.of_these(asked);
                if here.is_empty() { unasked(user).collect() } else { here }
            }
            To::Everybody(asked, user) => {
                let others = unasked(user).filter(|(session, _)| !to.answers(*session));
                self.of_these(asked).into_iter().chain(others).collect()
            }
            To::Participant { user, .. } | To::User(user) => unasked(user).collect(),
        }
    }

    fn of_these(&self, asked: &[Asking]) -> Vec<Asking> {
        asked.iter().filter(|(session, _)| self.sessions.contains_key(session)).cloned().collect()
    }
}

impl Handler<Route> for Registry {
    type Result = Routed;

    fn handle(&mut self, route: Route, _ctx: &mut Self::Context) -> Routed {
        let Route { to, event, frame } = route;
        if self.is_stale(&event) {
            return Routed { stale: true, ..Routed::default() };
        }
        let mut allowed = self.reached_by(&to, frame);
        let reached = allowed.len();
        allowed.retain(|(session, _)| {
            to.owner(*session).is_none_or(|user| self.may_have(*session, &event, user))
        });
        let mut routed = Routed { barred: reached - allowed.len(), ..Routed::default() };
        if let To::Participant { after, .. } = to
            && let Some(session) = self.hand_to_one_that_confirms(&allowed, after, &event)
        {
            return Routed { taken: 1, confirms: Some(session), ..routed };
        }
        for (session, frame) in allowed {
            routed.taken += usize::from(self.hand(session, &event, frame));
        }
        routed
    }
}
