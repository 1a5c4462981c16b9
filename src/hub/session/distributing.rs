//! What a session asks of distributions: to begin one, to see, follow or cancel one, and that a token has arrived.

use std::sync::Arc;

use actix::dev::SendError;
use actix::prelude::*;
use tokio::sync::OwnedSemaphorePermit;

use super::{Command, REGISTRY, Session};
use crate::hub::command::permit;
use crate::hub::distributions::{Begin, Cancel, List, Receipt, Show};
use crate::hub::events::{DistributionEvent, ServerEvent};
use crate::hub::refusal::Refusal;
use crate::hub::requests::{CancelDistribution, Distribute, GetDistribution, IdempotencyKey};
use crate::names::DeliveryId;

impl Session {
    /// What a distribution has to say comes by way of the registry, in its order; here only that it never began.
    pub(super) fn distribute(
        &mut self,
        request: Distribute,
        key: Option<IdempotencyKey>,
        command: Command,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let request = permit(&self.caller, request)?;
        let Command { frame, _place: place, work } = command;
        let begin = Begin { request, key, asked: self.asked(), frame: frame.clone(), work };
        let ticket = self.hub.distributions.send(begin).timeout(self.hub.begin_deadline());
        ctx.spawn(ticket.into_actor(self).map(move |ticket, session, ctx| {
            if let Err(refusal) = ticket.unwrap_or_else(|error| Err(error.into())) {
                session.refuse(refusal, Some("meeting:distribute"), frame, ctx);
            }
            drop(place);
        }));
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        request: CancelDistribution,
        command: Command,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let CancelDistribution(id) = permit(&self.caller, request)?.into_inner();
        let cancel = Cancel { caller: self.caller.clone(), id };
        let cancelled = self.hub.distributions.send(cancel).timeout(REGISTRY);
        let answer = async move { Ok(ServerEvent::Distributed(cancelled.await??)) };
        self.answer("meeting:cancel", answer, command, ctx);
        Ok(())
    }

    pub(super) fn get(
        &mut self,
        request: GetDistribution,
        command: Command,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let GetDistribution { id, follow } = permit(&self.caller, request)?.into_inner();
        let (caller, distributions) = (self.caller.clone(), self.hub.distributions.clone());
        let follow = follow.then(|| (self.id, command.frame.clone()));
        let answer = async move {
            Ok(ServerEvent::Distribution(match id {
                Some(id) => {
                    let shown = distributions.send(Show { caller, id, follow }).timeout(REGISTRY).await??;
                    DistributionEvent::One(shown)
                }
                None => distributions.send(List(caller)).timeout(REGISTRY).await?,
            }))
        };
        self.answer("distribution:get", answer, command, ctx);
        Ok(())
    }

    /// A client has what it was sent. Nothing answers it.
    pub(super) fn receipt(&mut self, delivery: DeliveryId, place: Option<OwnedSemaphorePermit>) {
        let receipt = Receipt { delivery, session: self.id, users: Arc::clone(&self.users) };
        // One of many: nobody waits for its being taken, unless there is no room, which costs half of what it would.
        let distributions = self.receipts_to.get_or_insert_with(|| self.hub.distributions.clone());
        let Err(SendError::Full(receipt)) = distributions.try_send(receipt) else { return };
        let taken = distributions.send(receipt).timeout(REGISTRY);
        // By itself: a client may say so and be gone, and what nobody waits for any more is not taken. Should it be lost,
        // the user gets another token, no more.
        actix::spawn(async move {
            taken.await.ok();
            drop(place);
        });
    }
}
