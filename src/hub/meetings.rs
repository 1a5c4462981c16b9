//! Start, join, and their batches: one mint, one answer, and what was minted pushed to its owner.

use actix::Addr;
use futures_util::future::join_all;

use super::audit::{self, Asked, Subject};
use super::command::Permitted;
use super::distributions::{Distributions, Served};
use super::events::{MeetingCredentials, MeetingStarted, ServerEvent};
use super::mint::{self, Minting};
use super::refusal::{Code, Refusal};
use super::registry::{Registry, Route, Routed, To};
use super::requests::{BatchJoin, JoinMeeting, Named, Roster, SetUpMeeting, StartMeeting};
use crate::names::{DeliveryId, MeetingId, SessionId, UserId};
use crate::zoom::IssuedToken;
use crate::zoom::api::TokenKind;
use crate::zoom::schedule::Batch;

/// What they need: what mints, and the two actors who are told.
#[derive(Clone, Debug)]
pub struct Meetings {
    minting: Minting,
    registry: Addr<Registry>,
    distributions: Addr<Distributions>,
}

/// An OBF for the one who asked.
#[derive(Debug)]
pub struct Joined {
    /// The token.
    pub obf: IssuedToken,
    /// What its delivery is called, where a distribution waited to give the user one.
    pub delivery: Option<DeliveryId>,
}

/// One participant of a batch and what became of the token.
#[derive(Debug)]
pub struct BatchRow {
    /// As the caller spelled it.
    pub user: String,
    /// The token, answered to the caller, or why there is none.
    pub outcome: Result<IssuedToken, Refusal>,
}

impl Meetings {
    /// Meetings served by these actors.
    #[must_use]
    pub fn new(minting: Minting, registry: Addr<Registry>, distributions: Addr<Distributions>) -> Self {
        Self { minting, registry, distributions }
    }

    /// Mints a ZAK for the one who asked.
    ///
    /// # Errors
    /// Zoom's refusal, or the deadline's.
    pub async fn start(
        &self,
        request: Permitted<StartMeeting>,
        asked: &Asked,
    ) -> Result<IssuedToken, Refusal> {
        let StartMeeting { meeting, host } = request.into_inner();
        mint::zak(&self.minting, &host, meeting, asked).await
    }

    /// Mints an OBF for the one who asked, on a session that `confirms` what it gets. Whatever waited to give the user one
    /// for this meeting is done with that.
    ///
    /// # Errors
    /// Zoom's refusal, or the deadline's.
    pub async fn join(
        &self,
        request: Permitted<JoinMeeting>,
        asked: &Asked,
        confirms: Option<SessionId>,
    ) -> Result<Joined, Refusal> {
        let JoinMeeting { meeting, participant: user } = request.into_inner();
        let obf = mint::obf(&self.minting, None, &user, meeting, asked).await?;
        let served = self.distributions.send(Served { user, meeting, confirms });
        // Should it not be taken, the user gets another token, no more.
        let delivery = served.timeout(self.minting.deadlines.interactive()).await.unwrap_or_default();
        Ok(Joined { obf, delivery })
    }

    /// Mints an OBF for each; one failure never fails the others. Each is pushed to its owner as soon as it is there.
    ///
    /// # Errors
    /// Pace alone would stretch it too long.
    pub async fn batch_join(
        &self,
        request: Permitted<BatchJoin>,
        asked: &Asked,
    ) -> Result<Vec<BatchRow>, Refusal> {
        let BatchJoin { meeting, participants } = request.into_inner();
        self.minting.deadlines.fits_one_answer(participants.len())?;
        Ok(self.batch(meeting, &participants, asked).await)
    }

    /// Mints the host's ZAK, and only once that is there an OBF for each participant.
    ///
    /// # Errors
    /// The ZAK was refused, or pace alone would stretch it too long; nothing else was minted.
    pub async fn set_up(
        &self,
        request: Permitted<SetUpMeeting>,
        asked: &Asked,
    ) -> Result<(IssuedToken, Vec<BatchRow>), Refusal> {
        let SetUpMeeting { meeting, host, participants } = request.into_inner();
        self.minting.deadlines.fits_one_answer(participants.len())?;
        let zak = mint::zak(&self.minting, &host, meeting, asked).await?;
        self.push_zak(&host, meeting, &zak, asked).await;
        Ok((zak, self.batch(meeting, &participants, asked).await))
    }

    /// Hands a ZAK that was answered over HTTP to the host's sessions too, as in the seed.
    pub async fn push_zak(&self, host: &UserId, meeting: MeetingId, zak: &IssuedToken, asked: &Asked) {
        let event = ServerEvent::Started(MeetingStarted::new(meeting, zak));
        self.push(Subject { kind: TokenKind::Zak, user: host, meeting }, event, asked).await;
    }

    /// Hands an OBF that was answered over HTTP to the participant's sessions too, as in the seed.
    pub async fn push_obf(&self, user: &UserId, meeting: MeetingId, obf: &IssuedToken, asked: &Asked) {
        let event = ServerEvent::Credentials(MeetingCredentials::new(meeting, obf, None));
        self.push(Subject { kind: TokenKind::Obf, user, meeting }, event, asked).await;
    }

    async fn push(&self, subject: Subject<'_>, event: ServerEvent, asked: &Asked) {
        let route = Route { to: To::User(subject.user.clone()), event, frame: None };
        // A push that the registry can't take changes nothing for the caller, who has the token in the answer.
        match self.registry.send(route).timeout(self.minting.deadlines.interactive()).await {
            Ok(routed) if routed == Routed::default() => {}
            Ok(routed) => audit::delivered(subject, asked, routed),
            Err(error) => log::warn!("a token could not be pushed to its owner's sessions: {error}"),
        }
    }

    async fn batch(&self, meeting: MeetingId, roster: &Roster, asked: &Asked) -> Vec<BatchRow> {
        let batch = Some(Batch::awaited());
        let rows = roster.iter().map(|named| async move {
            let user = match named {
                Named::User(user) => user,
                Named::Invalid { given, reason } => {
                    let refusal = Refusal::new(Code::InvalidUserId, reason.clone());
                    return BatchRow { user: given.clone(), outcome: Err(refusal) };
                }
            };
            let outcome = mint::obf(&self.minting, batch, user, meeting, asked).await;
            if let Ok(obf) = &outcome {
                self.push_obf(user, meeting, obf, asked).await;
            }
            BatchRow { user: user.to_string(), outcome }
        });
        join_all(rows).await
    }
}
