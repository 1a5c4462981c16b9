//! Watching: a session is told which of a meeting's people are there, and then who comes and goes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use jiff::Timestamp;

use super::{Entry, Registry};
use crate::hub::command::{Action, Permitted, decide};
use crate::hub::events::{FrameId, ServerEvent};
use crate::hub::refusal::{Code, Refusal};
use crate::hub::requests::{Named, WatchPresence};
use crate::hub::watches::{News, PresenceChange, PresenceState};
use crate::identity::Caller;
use crate::names::{MeetingId, SessionId, UserId};

/// Between two tellings of who has come and gone.
const TICK: Duration = Duration::from_millis(250);

/// A session watches who is there. `presence:state` answers it on the session, before any `presence:change`; here it is
/// answered whether that is so.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Watch {
    pub(crate) session: SessionId,
    pub(crate) request: Permitted<WatchPresence>,
    pub(crate) frame: Option<FrameId>,
}

impl Registry {
    /// A user has one session more or less, or one of another credential.
    pub(super) fn turned<'a>(&mut self, users: impl IntoIterator<Item = &'a UserId>) {
        if self.watches.is_empty() {
            return;
        }
        let now = Instant::now();
        for user in users {
            let reachable = |meeting| is_reachable(&self.sessions, &self.users, user, meeting);
            self.watches.turned(user, reachable, now);
        }
    }

    /// A session has shown another credential: with it other meetings' people can be reached, and watched.
    pub(super) fn renewed(&mut self, session: SessionId) {
        if self.watches.is_empty() {
            return;
        }
        let Some(Entry { caller, users, .. }) = self.sessions.get(&session) else { return };
        self.watches.keep(session, |meeting| decide(caller, Action::Presence(meeting)).is_ok());
        let users = users.clone();
        self.turned(&users);
    }

    /// Ticks while somebody watches.
    fn tick_on(&mut self, ctx: &mut Context<Self>) {
        if self.tick.is_none() && !self.watches.is_empty() {
            self.tick = Some(ctx.run_later(TICK, |registry, ctx| {
                registry.tick = None;
                registry.tell();
                registry.tick_on(ctx);
            }));
        }
    }

    fn tell(&mut self) {
        let now = Timestamp::now();
        // What it may not hear waits for its renewal.
        let may_hear = |session| {
            let caller = self.sessions.get(&session).map(|entry| &entry.caller);
            !matches!(caller, Some(Caller::Known(identity)) if identity.is_expired(now))
        };
        let due = self.watches.due(Instant::now(), may_hear);
        for News { session, meeting, changes } in due {
            let change = PresenceChange::now(meeting, changes);
            self.hand(session, &ServerEvent::PresenceChange(Arc::new(change)), None);
        }
    }
}

/// Whether a user has a session that may have the user's OBF of this meeting.
fn is_reachable(
    sessions: &foldhash::HashMap<SessionId, Entry>,
    users: &HashMap<UserId, Vec<SessionId>>,
    user: &UserId,
    meeting: MeetingId,
) -> bool {
    let mut entries = users.get(user).into_iter().flatten().filter_map(|session| sessions.get(session));
    entries.any(|entry| decide(&entry.caller, Action::Obf(user, meeting)).is_ok())
}

impl Handler<Watch> for Registry {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, watch: Watch, ctx: &mut Self::Context) -> Self::Result {
        let Watch { session, request, frame } = watch;
        let WatchPresence { meeting, users: roster } = request.into_inner();
        let Some(entry) = self.sessions.get(&session) else {
            return Err(Refusal::new(Code::NotConnected, "The session has ended"));
        };
        // As it is known now: another credential may have been shown since it asked.
        decide(&entry.caller, Action::Presence(meeting))?;
        let user = |named: &Named| match named {
            Named::User(user) => Some(user.clone()),
            Named::Invalid { .. } => None,
        };
        let reachable = |user: &UserId| is_reachable(&self.sessions, &self.users, user, meeting);
        self.watches.watch(session, meeting, roster.iter().filter_map(user).collect(), reachable)?;
        let state = PresenceState::now(meeting, &roster, |user| self.watches.is_online(user, meeting));
        self.hand(session, &ServerEvent::PresenceState(Arc::new(state)), frame);
        self.tick_on(ctx);
        Ok(())
    }
}
