//! What the actor is told and asked.

use std::collections::HashSet;
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::watch;

use super::press::Stage;
use crate::hub::audit::Asked;
use crate::hub::command::Permitted;
use crate::hub::distribution::Report;
use crate::hub::drain::Work;
use crate::hub::events::{DistributionEvent, FrameId};
use crate::hub::ledger::Standing;
use crate::hub::refusal::{Code, Refusal};
use crate::hub::repeats::Named;
use crate::hub::requests::{Distribute, IdempotencyKey};
use crate::identity::{Caller, Matching};
use crate::names::{DeliveryId, DistributionId, MeetingId, SessionId, UserId};

/// Starts a distribution, or joins it where it was begun under the same name. The answer comes once the host has its ZAK,
/// or says why nothing was started.
#[derive(Debug, Message)]
#[rtype(result = "Result<Ticket, Refusal>")]
pub struct Begin {
    /// What is asked.
    pub request: Permitted<Distribute>,
    /// What the caller calls it.
    pub key: Option<IdempotencyKey>,
    /// Who asked.
    pub asked: Asked,
    /// The frame that asked; the frames that answer it carry it.
    pub frame: Option<FrameId>,
    /// Kept until the outcome was told: a stop waits for it.
    pub work: Work,
}

impl Begin {
    /// Whose name it has, and which.
    pub(super) fn named(&self) -> Option<Named> {
        let owner = match &self.asked.caller {
            Caller::Known(identity) => identity.user.clone(),
            Caller::Anyone | Caller::Unknown => self.request.as_inner().host.clone(),
        };
        self.key.clone().map(|key| Named { owner, key })
    }
}

/// A distribution that has begun.
#[derive(Debug)]
pub struct Ticket {
    /// Its name.
    pub id: DistributionId,
    pub(super) stage: watch::Receiver<Stage>,
}

impl Ticket {
    /// Waits until the host has its ZAK.
    pub(super) async fn begun(ticket: Option<Self>) -> Result<Self, Refusal> {
        let mut ticket = ticket.ok_or_else(lost)?;
        let begun = |stage: &Stage| !matches!(stage, Stage::Starting);
        let stage = ticket.stage.wait_for(begun).await.map(|stage| stage.clone());
        match stage {
            Ok(Stage::Refused(refusal)) => Err(refusal),
            Ok(Stage::Starting | Stage::Running | Stage::Settled) => Ok(ticket),
            Err(_dropped) => Err(lost()),
        }
    }

    /// Waits until no row is queued any more; give it a deadline.
    pub async fn settled(&mut self) {
        // It fails only where the distribution has been forgotten.
        self.stage.wait_for(|stage| matches!(stage, Stage::Settled)).await.ok();
    }
}

pub(super) fn lost() -> Refusal {
    Refusal::new(Code::Internal, "The distribution was lost")
}

/// A session has become a user's. Answers what was distributed to the user before.
#[derive(Debug, Message)]
#[rtype(result = "Vec<Standing>")]
pub struct Arrived {
    /// The user.
    pub user: UserId,
    /// As whom the session does so.
    pub caller: Caller,
}

/// A session has ended.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Left(pub SessionId);

/// A client says that it has a token. One of somebody else's, or of nobody's, means nothing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Receipt {
    /// Which.
    pub delivery: DeliveryId,
    /// On which session.
    pub session: SessionId,
    /// Whose the session is.
    pub users: Arc<HashSet<UserId>>,
}

/// A user asked for a token of a meeting's and has got it: nobody waits to give the user one. Answers what the delivery is
/// called, where somebody did.
#[derive(Debug, Message)]
#[rtype(result = "Option<DeliveryId>")]
pub struct Served {
    /// The user.
    pub user: UserId,
    /// The meeting.
    pub meeting: MeetingId,
    /// The session that will confirm it.
    pub confirms: Option<SessionId>,
}

/// Credentials count no more: nobody waits for their users.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Released(pub Matching);

/// Asks for the rows of a distribution as they stand.
#[derive(Debug, Message)]
#[rtype(result = "Result<Arc<Report>, Refusal>")]
pub struct Show {
    /// Who asks.
    pub caller: Caller,
    /// Which.
    pub id: DistributionId,
    /// The session that wants to be told what becomes of it, as an answer to this frame.
    pub follow: Option<(SessionId, Option<FrameId>)>,
}

/// Asks for the distributions that this caller may see, the newest first.
#[derive(Debug, Message)]
#[rtype(result = "DistributionEvent")]
pub struct List(pub Caller);

/// Ends what is queued or pending; answers the rows as they then stand.
#[derive(Debug, Message)]
#[rtype(result = "Result<Arc<Report>, Refusal>")]
pub struct Cancel {
    /// Who asks.
    pub caller: Caller,
    /// Which.
    pub id: DistributionId,
}

/// Asks how many distributions and rows there are.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Counted")]
pub struct Count;

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, MessageResponse)]
pub struct Counted {
    /// Distributions with a row that waits for its first token.
    pub running: usize,
    /// Distributions that are kept, the running ones among them.
    pub remembered: usize,
    /// Rows that wait for their first token.
    pub queued: usize,
    /// Rows that wait for their user.
    pub pending: usize,
}

/// The stop waits no longer: the rows that are queued fail and are reported.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct CutShort;

/// The hub ends: nobody who is absent is waited for. Answers once everybody was told.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct LetGo;
