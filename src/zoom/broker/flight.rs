//! One call of the broker's: who waits for it, how it is made, and how it ended.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::clock::{sleep, timeout};
use actix::dev::OneshotSender;
use log::info;

use super::{Issued, Mint};
use crate::zoom::access::Access;
use crate::zoom::api::TokenKind;
use crate::zoom::client::ZoomClient;
use crate::zoom::error::{Call, Cause, ZoomError};
use crate::zoom::limits::Limits;
use crate::zoom::schedule::{End, Wanted};

/// How long a probe may take, and how soon after one the next may start.
const PROBE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(1));

/// A token to be minted, and everybody who waits for it.
pub(super) struct Job {
    pub(super) mint: Mint,
    answers: RefCell<Vec<OneshotSender<Issued>>>,
}

impl Job {
    pub(super) fn new(mint: Mint, answer: OneshotSender<Issued>) -> Self {
        Self { mint, answers: RefCell::new(vec![answer]) }
    }

    /// One more waits for the same token.
    pub(super) fn also_for(&self, answer: OneshotSender<Issued>) {
        self.answers.borrow_mut().push(answer);
    }

    /// Answers everybody.
    pub(super) fn answer(&self, issued: &Issued) {
        let answers = self.answers.take();
        let sent = answers.into_iter().map(|answer| answer.send(issued.clone()).is_ok()).filter(|sent| *sent);
        // Callers that are gone by now lose their token: nobody else may have it. Zoom has minted it all the same,
        // which the callers' own lines in the audit log can't say.
        if sent.count() == 0 && issued.is_ok() {
            info!(target: "audit", "dropped {} outcome=nobody_waits", self.mint);
        }
    }

    /// An error that is not Zoom's own.
    pub(super) fn error(&self, cause: Cause, detail: impl Into<String>) -> ZoomError {
        ZoomError::silent(self.kind(), cause, detail)
    }

    /// The call that it takes.
    pub(super) fn kind(&self) -> Call {
        Call::Token(match self.mint {
            Mint::Zak { .. } => TokenKind::Zak,
            Mint::Obf { .. } => TokenKind::Obf,
        })
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("mint", &self.mint).finish_non_exhaustive()
    }
}

impl Wanted for Rc<Job> {
    fn is_wanted(&self) -> bool {
        self.answers.borrow().iter().any(|answer| !answer.is_closed())
    }
}

/// What a call brought.
pub(super) struct Landed {
    pub(super) issued: Issued,
    /// What Zoom says of its limits.
    pub(super) limits: Limits,
}

/// Makes one call.
pub(super) async fn fly(access: Rc<Access>, client: Rc<ZoomClient>, mint: Mint) -> Landed {
    let lease = match access.lease().await {
        Ok(lease) => lease,
        Err(error) => return Landed { issued: Err(error), limits: Limits::default() },
    };
    let (issued, limits) = match &mint {
        Mint::Zak { user } => client.token(&lease, TokenKind::Zak, user, None).await,
        Mint::Obf { user, meeting } => client.token(&lease, TokenKind::Obf, user, Some(*meeting)).await,
    };
    if matches!(&issued, Err(error) if error.cause == Cause::AccessTokenRejected) {
        access.reject(&lease);
    }
    Landed { issued, limits }
}

/// Asks until Zoom answers.
pub(super) async fn probe(access: Rc<Access>, client: Rc<ZoomClient>) {
    loop {
        let started = Instant::now();
        let asked = async { client.probe(&access.lease().await?).await };
        if let Ok(Ok(())) = timeout(PROBE.0, asked).await {
            return;
        }
        // Whoever asks next must not wait for what this one waited for.
        access.give_up();
        sleep(PROBE.1.saturating_sub(started.elapsed())).await;
    }
}

/// How a call ended, as far as the schedule is concerned.
pub(super) fn end(issued: &Issued) -> End {
    match issued {
        Ok(_) => End::Answered,
        Err(ZoomError { cause, call, retry_after, .. }) => match (cause, call) {
            (Cause::AccessTokenRejected, _) => End::Stale,
            (Cause::RateLimited, Call::Token(_)) => End::TooFast(*retry_after),
            (Cause::DailyLimit, Call::Token(_)) => End::DayOver(*retry_after),
            (Cause::Unavailable | Cause::TimedOut | Cause::Garbled, _)
            | (Cause::RateLimited | Cause::DailyLimit, Call::Login) => End::Failed,
            (
                Cause::UserNotFound
                | Cause::ScopeMissing
                | Cause::CredentialsRejected
                | Cause::Refused
                | Cause::BadAnswer
                | Cause::QueueFull,
                _,
            ) => End::Answered,
        },
    }
}
