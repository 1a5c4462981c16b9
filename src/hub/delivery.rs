//! The work behind a distribution: the host's ZAK minted and handed over, and one participant's OBF.
//!
//! A token is routed as soon as it is there and kept by nobody: who isn't there gets none.

use actix::Addr;

use super::audit::{self, Asked, Subject};
use super::distribution::Attempt;
use super::events::{FrameId, MeetingCredentials, MeetingStarted, ServerEvent};
use super::ledger::Try;
use super::mint::{self, Minting};
use super::presence::Presence;
use super::refusal::{Code, Refusal};
use super::registry::{Registry, Route, Routed, To};
use crate::zoom::IssuedToken;
use crate::zoom::api::TokenKind;
use crate::zoom::schedule::Batch;

/// Tokens that are minted where each waits too long to be of use.
const FRESH: usize = 2;

/// What every delivery works with.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) minting: Minting,
    pub(crate) registry: Addr<Registry>,
    pub(crate) presence: Presence,
}

impl Delivery {
    /// Hands the host's ZAK to the host's sessions, and to those that asked.
    pub(crate) async fn to_host(
        &self,
        to: To,
        zak: &IssuedToken,
        subject: Subject<'_>,
        asked: &Asked,
    ) -> Result<(), Refusal> {
        let event = ServerEvent::Started(MeetingStarted::new(subject.meeting, zak));
        let routed = self.route(to, event, None).await?;
        if routed.stale {
            return Err(mint::stale(TokenKind::Zak));
        }
        audit::delivered(subject, asked, routed);
        Ok(())
    }

    /// Mints a fresh OBF for one participant and hands it to that participant's sessions.
    pub(crate) async fn to_participant(&self, it: &Try, batch: Batch, asked: &Asked) -> Attempt {
        if !self.presence.is_online(&it.user) {
            return Attempt::Absent { minted: false };
        }
        match self.mint_and_route(it, batch, asked).await {
            Ok(Routed { taken: 0, barred: 0, .. }) => Attempt::Absent { minted: true },
            Ok(Routed { taken: 0, .. }) => barred(),
            Ok(Routed { taken: sessions, confirms, .. }) => Attempt::Handed { sessions, confirms },
            Err(Refusal { code, message, .. }) => Attempt::Failed { code, error: message },
        }
    }

    async fn mint_and_route(&self, it: &Try, batch: Batch, asked: &Asked) -> Result<Routed, Refusal> {
        for _ in 0..FRESH {
            let obf = self.obf(it, batch, asked).await?;
            let event =
                ServerEvent::Credentials(MeetingCredentials::new(it.meeting, &obf, Some(it.delivery)));
            let to = To::Participant { user: it.user.clone(), after: it.after };
            let routed = self.route(to, event, None).await?;
            if !routed.stale {
                let subject = Subject { kind: TokenKind::Obf, user: &it.user, meeting: it.meeting };
                audit::delivered(subject, asked, routed);
                return Ok(routed);
            }
        }
        Err(mint::stale(TokenKind::Obf))
    }

    /// A row's first token is one of its batch's. For another somebody waits, so it goes before; where that is hopeless,
    /// since everybody has come at once, it has the patience of a batch.
    async fn obf(&self, it: &Try, batch: Batch, asked: &Asked) -> Result<IssuedToken, Refusal> {
        let mint = |batch| mint::obf(&self.minting, batch, &it.user, it.meeting, asked);
        if it.first {
            return mint(Some(batch)).await;
        }
        match mint(None).await {
            Err(Refusal { code: Code::DeadlineExceeded | Code::Overloaded, .. }) => {
                mint(Some(Batch::patient())).await
            }
            minted => minted,
        }
    }

    /// Hands an event to whom it is for.
    pub(crate) async fn route(
        &self,
        to: To,
        event: ServerEvent,
        frame: Option<FrameId>,
    ) -> Result<Routed, Refusal> {
        let route = self.registry.send(Route { to, event, frame });
        Ok(route.timeout(self.minting.deadlines.interactive()).await?)
    }
}

/// The user is there, but with no credential that is good for this meeting, or still counts.
fn barred() -> Attempt {
    let error = "The user's credential is not good for this meeting".to_owned();
    Attempt::Failed { code: Code::Forbidden, error }
}
