//! Where calls wait for the broker to have gone through its mailbox, each with the sender of its answer.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll};

use actix::dev::{MessageResponse, OneshotSender};
use actix::prelude::*;

use super::{Issue, Issued, TokenBroker};

/// The calls that have come and were not taken in yet: at most a mailbox full.
#[derive(Clone, Default)]
pub(super) struct Parking(Rc<RefCell<Vec<Arrival>>>);

struct Arrival {
    issue: Issue,
    answer: OneshotSender<Issued>,
}

impl Parking {
    /// Has a call stay here as soon as its answer's sender is known.
    pub(super) fn place(&self, issue: Issue) -> Parked {
        Parked { issue, among: self.clone() }
    }
}

/// A call whose answer's sender is kept with it, so that the broker sees when nobody waits for it any more.
pub struct Parked {
    issue: Issue,
    among: Parking,
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parked").field("issue", &self.issue).finish_non_exhaustive()
    }
}

impl MessageResponse<TokenBroker, Issue> for Parked {
    fn handle(self, _ctx: &mut Context<TokenBroker>, answer: Option<OneshotSender<Issued>>) {
        // Without a sender nobody wants the token, and nothing is minted.
        if let Some(answer) = answer {
            self.among.0.borrow_mut().push(Arrival { issue: self.issue, answer });
        }
    }
}

/// Takes in what has come, and what calls to Zoom have brought, for as long as the broker lives. An actor's context looks
/// here each time it has gone through its mailbox.
pub(super) struct Turns;

impl ActorFuture<TokenBroker> for Turns {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        broker: &mut TokenBroker,
        ctx: &mut Context<TokenBroker>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        let arrivals = mem::take(&mut *broker.parking.0.borrow_mut());
        for Arrival { issue, answer } in arrivals {
            broker.admit(issue, answer, ctx);
        }
        while let Poll::Ready((id, landed)) = broker.landings.poll(task) {
            broker.landed(id, landed, ctx);
        }
        Poll::Pending
    }
}
