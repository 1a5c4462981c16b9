//! A registry with sessions that take what they are handed, to see what a route costs.

use actix::prelude::*;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::drain::Drain;
use super::events::{MeetingCredentials, ServerEvent};
use super::presence::Presence;
use super::refusal::{Code, Refusal};
use super::registry::{Bounds, Deliver, Identify, Open, Registry, Route, To};
use super::watches;
use crate::identity::Caller;
use crate::names::{DeliveryId, MeetingId, SessionId, UserId};
use crate::secret::Secret;
use crate::zoom::IssuedToken;

/// A session that does nothing but take.
#[derive(Debug)]
struct Taker;

impl Actor for Taker {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Taker {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, _ctx: &mut Self::Context) {
        drop(deliver);
    }
}

/// Connected users, one session each, which confirms.
#[derive(Debug)]
pub struct Crowd {
    registry: Addr<Registry>,
    users: Vec<UserId>,
    event: ServerEvent,
    /// Held: a session ends with it.
    _ends: Vec<oneshot::Receiver<Code>>,
}

impl Crowd {
    /// These users, and a token of so many bytes for a meeting.
    ///
    /// # Errors
    /// The registry refused one.
    pub async fn new(users: Vec<UserId>, meeting: MeetingId, token: String) -> Result<Self, Refusal> {
        let bounds = Bounds {
            sessions: users.len(),
            per_user: 1,
            min_life: std::time::Duration::ZERO,
            watches: watches::Bounds { per_session: 1, in_all: 1, grace: std::time::Duration::ZERO },
        };
        let alive = oneshot::channel().0;
        let registry = Registry::new(Presence::default(), Drain::default(), bounds, None, alive).start();
        let mut ends = Vec::with_capacity(users.len());
        for user in &users {
            let (session, (end, ended)) = (SessionId::random(), oneshot::channel());
            let deliver = Taker.start().recipient();
            let caller = Caller::Anyone;
            registry.send(Open { session, caller: caller.clone(), deliver, end }).await??;
            registry.send(Identify { session, user: user.clone(), caller, acks: true }).await??;
            ends.push(ended);
        }
        let issued_at = Timestamp::now();
        let expires_at = issued_at.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        let token = IssuedToken { token: Secret::new(token), issued_at, expires_at, simulated: false };
        let event =
            ServerEvent::Credentials(MeetingCredentials::new(meeting, &token, Some(DeliveryId::random())));
        Ok(Self { registry, users, event, _ends: ends })
    }

    /// Hands each user a token; answers how many sessions took one.
    ///
    /// # Errors
    /// The registry is gone.
    pub async fn route(&self) -> Result<usize, Refusal> {
        let mut taken = 0;
        for user in &self.users {
            let to = To::Participant { user: user.clone(), after: None };
            let route = Route { to, event: self.event.clone(), frame: None };
            taken += self.registry.send(route).await?.taken;
        }
        Ok(taken)
    }

    /// What is handed to each.
    #[must_use]
    pub fn event(&self) -> &ServerEvent {
        &self.event
    }
}
