//! How a session stands with its credential: nobody said yet who it is, it counts, or its time is over.
//!
//! At its end the client is told, and has `RENEW_SECONDS` to show another of the same user, in which nothing but
//! `authenticate` and `ping` is taken; then the session ends. Whether it has ended is judged by the clock whenever
//! something is asked: a timer may be late.

use std::time::Duration;

use actix::clock::sleep;
use actix::prelude::*;
use jiff::Timestamp;

use super::{Command, REGISTRY, Session};
use crate::hub::command::{Permitted, permit};
use crate::hub::distributions::Arrived;
use crate::hub::events::{Authenticated, FrameId, ServerEvent};
use crate::hub::refusal::{Code, Refusal};
use crate::hub::registry::Identify;
use crate::hub::requests::{Authenticate, ClientEvent};
use crate::identity::{Caller, Unproven};

/// Added to a wait for a moment of the clock, so that the moment is past when it is over.
const PAST: Duration = Duration::from_millis(5);

impl Session {
    /// Why an event is not taken, as the credential stands.
    pub(super) fn barred(&self, event: &ClientEvent) -> Option<Refusal> {
        let over = matches!(&self.caller, Caller::Known(identity) if identity.is_expired(Timestamp::now()));
        (over && !matches!(event, ClientEvent::Authenticate(_))).then(|| Unproven::Expired.into())
    }

    /// Sees to what comes when nothing is said: the end of a session that doesn't tell who it is, or whose credential
    /// has run out.
    pub(super) fn watch_standing(&mut self, ctx: &mut Context<Self>) {
        let wait = match &self.caller {
            Caller::Anyone => None,
            Caller::Unknown => Some(ctx.run_later(self.hub.times.auth_timeout, |session, ctx| {
                session.end(Code::AuthenticationTimeout, ctx);
            })),
            Caller::Known(identity) => {
                Some(ctx.run_later(identity.left(Timestamp::now()) + PAST, Self::run_out))
            }
        };
        self.wait_standing(wait, ctx);
    }

    fn wait_standing(&mut self, wait: Option<SpawnHandle>, ctx: &mut Context<Self>) {
        if let Some(before) = std::mem::replace(&mut self.standing, wait) {
            ctx.cancel_future(before);
        }
    }

    /// The credential has run out.
    fn run_out(&mut self, ctx: &mut Context<Self>) {
        let Caller::Known(identity) = &self.caller else { return };
        if !identity.is_expired(Timestamp::now()) {
            // The clock was put back.
            return self.watch_standing(ctx);
        }
        self.refuse(Unproven::Expired.into(), None, None, ctx);
        let end =
            ctx.run_later(self.hub.times.renew, |session, ctx| session.end(Code::CredentialExpired, ctx));
        self.wait_standing(Some(end), ctx);
    }

    /// The next event is not taken before the registry knows the user: what it asks for must find its way back.
    pub(super) fn authenticate(&mut self, request: Authenticate, command: Command, ctx: &mut Context<Self>) {
        let (caller, request) = match self.shown(request) {
            Ok(shown) => shown,
            Err(refusal) => return self.refuse_credential(refusal, command.frame, ctx),
        };
        let Authenticate { user, acks, .. } = request.into_inner();
        let identify = Identify { session: self.id, user: user.clone(), caller: caller.clone(), acks };
        let identified = self.hub.registry.send(identify).timeout(REGISTRY);
        let arrived = Arrived { user: user.clone(), caller: caller.clone() };
        let distributions = self.hub.distributions.clone();
        // The registry first: what is tried on account of the arrival must find the session.
        let identified = async move {
            identified.await??;
            Ok(distributions.send(arrived).timeout(REGISTRY).await?)
        };
        ctx.wait(identified.into_actor(self).map(move |identified, session, ctx| {
            match identified {
                Ok(standings) => {
                    let authenticated = Authenticated::now(user.clone(), session.id, &caller, standings);
                    session.is_users(user, acks);
                    session.caller = caller;
                    session.watch_standing(ctx);
                    session.emit(ServerEvent::Authenticated(authenticated), command.frame.clone(), ctx);
                }
                Err(refusal) => session.refuse_credential(refusal, command.frame.clone(), ctx),
            }
            drop(command);
        }));
    }

    /// Who the session is from now on: by the credential that comes along, or by the one that counts already.
    fn shown(&self, request: Authenticate) -> Result<(Caller, Permitted<Authenticate>), Refusal> {
        let caller = match (&request.credential, &self.caller) {
            (Some(credential), _) => {
                self.hub.authority.identify(credential, format_args!("session {}", self.id))?
            }
            (None, Caller::Known(identity)) if identity.is_expired(Timestamp::now()) => {
                return Err(Unproven::Expired.into());
            }
            (None, caller) => caller.clone(),
        };
        if let (Caller::Known(before), Caller::Known(now)) = (&self.caller, &caller)
            && before.user != now.user
        {
            let message = "The session is another user's; open one of your own";
            return Err(Refusal::new(Code::Forbidden, message));
        }
        let request = permit(&caller, request)?;
        Ok((caller, request))
    }

    /// A bad credential is answered late, where many came from the same place.
    fn refuse_credential(&mut self, refusal: Refusal, frame: Option<FrameId>, ctx: &mut Context<Self>) {
        let bad = [Code::InvalidCredential, Code::CredentialExpired, Code::CredentialRevoked]
            .contains(&refusal.code);
        let wait = if bad { self.hub.authority.penalty(self.address) } else { Duration::ZERO };
        if wait.is_zero() {
            return self.send_away(bad, refusal, frame, ctx);
        }
        ctx.wait(sleep(wait).into_actor(self).map(move |(), session, ctx| {
            session.send_away(bad, refusal, frame, ctx);
        }));
    }

    /// Who never showed a good credential is sent away by a bad one; who did loses nothing.
    fn send_away(&mut self, bad: bool, refusal: Refusal, frame: Option<FrameId>, ctx: &mut Context<Self>) {
        let code = refusal.code;
        self.refuse(refusal, Some("authenticate"), frame, ctx);
        if bad && self.caller == Caller::Unknown {
            self.end(code, ctx);
        }
    }
}
