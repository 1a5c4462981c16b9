//! The work behind a distribution: the host's ZAK minted and handed over, and one participant's OBF.
//!
//! A token is routed as soon as it is there and kept by nobody: who isn't there gets none.

use actix::Addr;

use super::audit::{self, Asked, Subject};
use super::distribution::Outcome;
use super::events::{FrameId, MeetingCredentials, MeetingStarted, ServerEvent};
use super::mint::{self, Deadlines};
use super::presence::Presence;
use super::refusal::{Code, Refusal};
use super::registry::{Registry, Route, Routed, To};
use crate::names::{MeetingId, UserId};
use crate::zoom::api::TokenKind;
use crate::zoom::broker::TokenBroker;
use crate::zoom::schedule::Batch;

/// What every delivery works with.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) broker: Addr<TokenBroker>,
    pub(crate) registry: Addr<Registry>,
    pub(crate) presence: Presence,
    pub(crate) deadlines: Deadlines,
}

impl Delivery {
    /// Mints the host's ZAK and hands it to the host's sessions, and to the one that asked.
    pub(crate) async fn to_host(
        &self,
        host: &UserId,
        meeting: MeetingId,
        asked: &Asked,
        frame: Option<FrameId>,
    ) -> Result<(), Refusal> {
        let zak = mint::zak(&self.broker, self.deadlines.interactive(), host, meeting, asked).await?;
        let event = ServerEvent::Started(MeetingStarted::new(meeting, &zak));
        let routed = match asked.session {
            None => self.route(To::User(host.clone()), event, None).await?,
            Some(session) => {
                let asking = self.route(To::Session(session), event.clone(), frame).await?;
                asking + self.route(To::UserExcept(host.clone(), session), event, None).await?
            }
        };
        audit::delivered(Subject { kind: TokenKind::Zak, user: host, meeting }, asked, routed);
        Ok(())
    }

    /// Mints a fresh OBF for one participant and hands it to that participant's sessions.
    pub(crate) async fn to_participant(
        &self,
        user: &UserId,
        meeting: MeetingId,
        batch: Batch,
        asked: &Asked,
    ) -> Outcome {
        if !self.presence.is_online(user) {
            return not_connected();
        }
        match self.mint_and_route(user, meeting, batch, asked).await {
            Ok(Routed { taken: 0, barred: 0 }) => not_connected(),
            Ok(Routed { taken: 0, .. }) => barred(),
            Ok(Routed { taken: sessions, .. }) => Outcome::Delivered { sessions },
            Err(refusal) => Outcome::Failed { code: refusal.code, error: refusal.message },
        }
    }

    async fn mint_and_route(
        &self,
        user: &UserId,
        meeting: MeetingId,
        batch: Batch,
        asked: &Asked,
    ) -> Result<Routed, Refusal> {
        let obf = mint::obf(&self.broker, self.deadlines, Some(batch), user, meeting, asked).await?;
        let event = ServerEvent::Credentials(MeetingCredentials::new(meeting, &obf));
        let routed = self.route(To::User(user.clone()), event, None).await?;
        audit::delivered(Subject { kind: TokenKind::Obf, user, meeting }, asked, routed);
        Ok(routed)
    }

    /// Hands an event to whom it is for.
    pub(crate) async fn route(
        &self,
        to: To,
        event: ServerEvent,
        frame: Option<FrameId>,
    ) -> Result<Routed, Refusal> {
        let route = self.registry.send(Route { to, event, frame });
        Ok(route.timeout(self.deadlines.interactive()).await?)
    }
}

/// The user is there, but with no credential that is good for this meeting, or still counts.
fn barred() -> Outcome {
    let error = "The user's credential is not good for this meeting".to_owned();
    Outcome::Failed { code: Code::Forbidden, error }
}

/// The user isn't there, or left while the token was minted; nobody else gets it.
fn not_connected() -> Outcome {
    Outcome::Failed { code: Code::NotConnected, error: "The user is not connected".to_owned() }
}
