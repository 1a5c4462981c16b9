//! What a session asks to know of who is there.

use actix::prelude::*;

use super::{Command, REGISTRY, Session};
use crate::hub::command::permit;
use crate::hub::refusal::Refusal;
use crate::hub::registry::Watch;
use crate::hub::requests::WatchPresence;

impl Session {
    /// What it sees comes by way of the registry, in its order; here only that it sees nothing. The next event is not taken
    /// before that: of two watches of a meeting the later one holds.
    pub(super) fn watch_presence(
        &mut self,
        request: WatchPresence,
        command: Command,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let request = permit(&self.caller, request)?;
        let watch = Watch { session: self.id, request, frame: command.frame.clone() };
        let watched = self.hub.registry.send(watch).timeout(REGISTRY);
        ctx.wait(watched.into_actor(self).map(move |watched, session, ctx| {
            if let Err(refusal) = watched.unwrap_or_else(|error| Err(error.into())) {
                session.refuse(refusal, Some("presence:watch"), command.frame.clone(), ctx);
            }
            drop(command);
        }));
        Ok(())
    }
}
