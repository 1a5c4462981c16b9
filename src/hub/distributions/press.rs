//! A host's press of the button: who asked, who is told, and how far it has come.

use std::time::Instant;

use tokio::sync::watch;

use crate::hub::audit::Asked;
use crate::hub::drain::Work;
use crate::hub::events::FrameId;
use crate::hub::refusal::Refusal;
use crate::hub::registry::{Asking, To};
use crate::hub::repeats::Named;
use crate::names::{SessionId, UserId};
use crate::zoom::schedule::Batch;

/// Sessions that are told of one distribution; of more the oldest is told no longer.
const FOLLOWERS: usize = 16;

/// The press.
#[derive(Debug)]
pub(super) struct Press {
    pub(super) asked: Asked,
    /// What the caller called it.
    pub(super) named: Option<Named>,
    /// Who is told, and as an answer to which frame.
    followers: Vec<Asking>,
    pub(super) batch: Batch,
    /// Kept until the outcome was told: a stop waits for it.
    pub(super) work: Option<Work>,
    /// When its rows began.
    pub(super) since: Option<Instant>,
    pub(super) stage: watch::Sender<Stage>,
}

/// How far it has come.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The host's ZAK is being minted.
    Starting,
    /// There is none, and so there was no distribution.
    Refused(Refusal),
    /// The rows are being worked on.
    Running,
    /// No row is queued any more.
    Settled,
}

impl Press {
    pub(super) fn new(asked: Asked, frame: Option<FrameId>, work: Work, named: Option<Named>) -> Self {
        let followers = asked.session.map(|session| (session, frame)).into_iter().collect();
        let stage = watch::Sender::new(Stage::Starting);
        Self { asked, named, followers, batch: Batch::patient(), work: Some(work), since: None, stage }
    }

    /// A session is told from now on, as an answer to this frame, too.
    pub(super) fn follow(&mut self, session: SessionId, frame: Option<FrameId>) {
        self.followers.retain(|(other, answered)| (other, answered) != (&session, &frame));
        if self.followers.len() >= FOLLOWERS {
            self.followers.remove(0);
        }
        self.followers.push((session, frame));
    }

    /// Whoever asked, and all the host's other sessions.
    pub(super) fn everybody(&self, host: &UserId) -> To {
        To::Everybody(self.followers.clone(), host.clone())
    }

    /// Whoever asked, or all the host's sessions once they are gone.
    pub(super) fn audience(&self, host: &UserId) -> To {
        To::Audience(self.followers.clone(), host.clone())
    }

    pub(super) fn settled(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Settled)
    }

    /// Whether rows are queued.
    pub(super) fn is_running(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Running | Stage::Starting)
    }
}
