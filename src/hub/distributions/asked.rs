//! What is asked: to begin a distribution, or to see, follow or cancel one; and how many there are.

use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use log::info;

use super::messages::{Begin, Cancel, Count, Counted, List, Show, Ticket};
use super::press::Press;
use super::{Distributions, LISTED};
use crate::hub::command::{Action, decide};
use crate::hub::distribution::{Distribution, Report};
use crate::hub::events::{DistributionEvent, ServerEvent};
use crate::hub::ledger::Serial;
use crate::hub::refusal::{Code, Refusal};
use crate::hub::registry::To;
use crate::hub::repeats::Named;
use crate::identity::Caller;
use crate::names::DistributionId;

impl Distributions {
    /// What was begun under the same name, if it is the same.
    fn repeated(&mut self, named: Option<&Named>, begin: &Begin) -> Result<Option<Serial>, Refusal> {
        let serial = named.and_then(|named| self.repeats.find(named, Instant::now()));
        let Some(serial) = serial.filter(|serial| self.presses.contains_key(serial)) else {
            return Ok(None);
        };
        if self.ledger.distribution(serial).is_some_and(|it| it.is(begin.request.as_inner())) {
            return Ok(Some(serial));
        }
        let message = "The idempotency key was used for another distribution";
        Err(Refusal::new(Code::IdempotencyConflict, message))
    }

    /// Joins a distribution that was begun before: its caller is told as the first is.
    fn join(&mut self, serial: Serial, begin: &Begin, ctx: &mut Context<Self>) -> Option<Ticket> {
        let press = self.presses.get_mut(&serial)?;
        let id = self.ledger.distribution(serial)?.id();
        info!("distribution {id} is asked for once more {}", begin.asked);
        let ticket = Ticket { id, stage: press.stage.subscribe() };
        if let Some(session) = begin.asked.session {
            press.follow(session, begin.frame.clone());
            let settled = press.settled();
            if settled && let Some(report) = self.ledger.distribution(serial).map(Distribution::report) {
                let event = ServerEvent::Distributed(Arc::new(report));
                self.tell(To::Session(session), event, begin.frame.clone(), ctx);
            }
        }
        Some(ticket)
    }

    /// Takes a distribution in; its rows start once the host has its ZAK.
    fn admit(&mut self, begin: Begin, named: Option<Named>) -> Result<(Serial, Ticket), Refusal> {
        let Begin { request, asked, frame, work, .. } = begin;
        let distribution = Distribution::new(DistributionId::random(), request.into_inner());
        let (id, now) = (distribution.id(), Instant::now());
        let queued = distribution.counts().queued;
        let serial = self.ledger.admit(distribution, now)?;
        info!("distribution {id} of {queued} rows begins {asked}");
        if let Some(named) = &named {
            self.repeats.remember(named.clone(), serial, now);
        }
        let press = Press::new(asked, frame, work, named);
        let ticket = Ticket { id, stage: press.stage.subscribe() };
        self.presses.insert(serial, press);
        Ok((serial, ticket))
    }

    /// Finds a distribution that its caller may see, follow and cancel.
    fn seen_by(&self, caller: &Caller, id: DistributionId) -> Result<(Serial, &Distribution), Refusal> {
        let found =
            self.ledger.named(id).and_then(|serial| Some((serial, self.ledger.distribution(serial)?)));
        let (serial, distribution) = found.ok_or_else(Refusal::distribution_not_found)?;
        decide(caller, Action::Distribute(distribution.host(), distribution.meeting()))?;
        Ok((serial, distribution))
    }
}

impl Handler<Begin> for Distributions {
    type Result = ResponseActFuture<Self, Result<Ticket, Refusal>>;

    fn handle(&mut self, begin: Begin, ctx: &mut Self::Context) -> Self::Result {
        let named = begin.named();
        match self.repeated(named.as_ref(), &begin) {
            Err(refusal) => return Box::pin(fut::err(refusal)),
            Ok(Some(serial)) => {
                let ticket = self.join(serial, &begin, ctx);
                return Box::pin(async move { Ticket::begun(ticket).await }.into_actor(self));
            }
            Ok(None) => {}
        }
        let (serial, ticket) = match self.admit(begin, named) {
            Ok(admitted) => admitted,
            Err(refusal) => return Box::pin(fut::err(refusal)),
        };
        // By itself: whoever asked may be gone before it is there, and others may have joined.
        let handed = self
            .zak(serial)
            .into_actor(self)
            .then(move |zak, actor, _| actor.hand_zak(serial, zak).into_actor(actor));
        ctx.spawn(handed.map(move |handed, actor, ctx| match handed {
            Ok(()) => actor.start(serial, ctx),
            Err(refusal) => actor.abandon(serial, refusal, ctx),
        }));
        Box::pin(async move { Ticket::begun(Some(ticket)).await }.into_actor(self))
    }
}

impl Handler<Show> for Distributions {
    type Result = Result<Arc<Report>, Refusal>;

    fn handle(&mut self, show: Show, _ctx: &mut Self::Context) -> Self::Result {
        let (serial, distribution) = self.seen_by(&show.caller, show.id)?;
        let report = Arc::new(distribution.report());
        if let Some((session, frame)) = show.follow
            && let Some(press) = self.presses.get_mut(&serial)
        {
            press.follow(session, frame);
        }
        Ok(report)
    }
}

impl Handler<List> for Distributions {
    type Result = MessageResult<List>;

    fn handle(&mut self, list: List, _ctx: &mut Self::Context) -> Self::Result {
        let seen = |it: &&Distribution| decide(&list.0, Action::Distribute(it.host(), it.meeting())).is_ok();
        let distributions = self.ledger.newest_first().filter(seen).take(LISTED);
        MessageResult(DistributionEvent::list(distributions.map(Distribution::summary).collect()))
    }
}

impl Handler<Count> for Distributions {
    type Result = Counted;

    fn handle(&mut self, Count: Count, _ctx: &mut Self::Context) -> Counted {
        let is_running = |it: &&Distribution| it.counts().queued > 0;
        Counted {
            running: self.ledger.newest_first().filter(is_running).count(),
            remembered: self.ledger.newest_first().count(),
            queued: self.ledger.queued(),
            pending: self.ledger.pending(),
        }
    }
}

impl Handler<Cancel> for Distributions {
    type Result = Result<Arc<Report>, Refusal>;

    fn handle(&mut self, cancel: Cancel, ctx: &mut Self::Context) -> Self::Result {
        let (serial, distribution) = self.seen_by(&cancel.caller, cancel.id)?;
        info!("distribution {} is cancelled", distribution.id());
        self.ledger.cancel(serial, Instant::now());
        self.go_on(ctx);
        let (_, distribution) = self.seen_by(&cancel.caller, cancel.id)?;
        Ok(Arc::new(distribution.report()))
    }
}
