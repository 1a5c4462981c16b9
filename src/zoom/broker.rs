//! `TokenBroker`: the actor that owns the access token and every call to Zoom.
//!
//! Never more than `ZOOM_MAX_CONCURRENCY` calls are under way; the rest waits in order, at most `MAX_QUEUED` of them.
//! A caller that stopped waiting gives its place back. The broker awaits no other actor.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::rc::Rc;

use actix::dev::{MessageResponse, OneshotSender};
use actix::prelude::*;
use log::{info, warn};
use rustls::ClientConfig;
use tokio::sync::{oneshot, watch};

use super::access::{Access, Health};
use super::api::TokenKind;
use super::client::ZoomClient;
use super::error::{Call, Cause, ZoomError};
use super::granted::Granted;
use super::lease::{IssuedToken, Lease};
use crate::config::{Upstream, Zoom};
use crate::names::{MeetingId, UserId};

/// What a call to the broker ends with.
pub type Issued = Result<IssuedToken, ZoomError>;

/// Asks the broker for one token. Send it with a deadline.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Issued")]
pub enum Issue {
    /// A host's ZAK.
    Zak {
        /// The host.
        user: UserId,
    },
    /// A participant's OBF for one meeting.
    Obf {
        /// The participant.
        user: UserId,
        /// The meeting that it is bound to.
        meeting: MeetingId,
    },
}

impl Issue {
    fn call(&self) -> Call {
        Call::Token(match self {
            Self::Zak { .. } => TokenKind::Zak,
            Self::Obf { .. } => TokenKind::Obf,
        })
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zak { user } => write!(f, "kind=ZAK user={:?}", user.as_str()),
            Self::Obf { user, meeting } => write!(f, "kind=OBF user={:?} meeting={meeting}", user.as_str()),
        }
    }
}

/// Asks the broker whether Zoom lets it in: what the login gave that it holds, or makes for this.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Result<Granted, ZoomError>")]
pub struct LogIn;

/// A call that has not started, and who waits for it.
struct Waiting {
    issue: Issue,
    answer: OneshotSender<Issued>,
}

/// The actor. Make it on the thread that it runs on: `TokenBroker::start_in_arbiter`.
pub struct TokenBroker {
    access: Rc<Access>,
    client: Rc<ZoomClient>,
    waiting: VecDeque<Waiting>,
    under_way: usize,
    max_under_way: usize,
    max_waiting: usize,
    /// Dropped with the actor, which tells the process that the broker ended.
    _alive: oneshot::Sender<Infallible>,
}

impl TokenBroker {
    /// A broker for one account. `health` tells what it learns; `alive` is dropped when it ends.
    #[must_use]
    pub fn new(
        upstream: Upstream,
        settings: &Zoom,
        tls: ClientConfig,
        health: watch::Sender<Health>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        let client = Rc::new(ZoomClient::new(upstream, settings, tls));
        Self {
            access: Access::new(Rc::clone(&client), health),
            client,
            waiting: VecDeque::new(),
            under_way: 0,
            max_under_way: settings.max_concurrency,
            max_waiting: settings.max_queued,
            _alive: alive,
        }
    }

    fn admit(&mut self, waiting: Waiting, ctx: &mut Context<Self>) {
        if self.waiting.len() >= self.max_waiting {
            self.waiting.retain(|waiting| !waiting.answer.is_closed());
        }
        if self.waiting.len() >= self.max_waiting {
            let detail = "too many calls to Zoom are waiting";
            let full = ZoomError::silent(waiting.issue.call(), Cause::QueueFull, detail);
            drop(waiting.answer.send(Err(full)));
            return;
        }
        self.waiting.push_back(waiting);
        self.start_waiting(ctx);
    }

    fn start_waiting(&mut self, ctx: &mut Context<Self>) {
        while self.under_way < self.max_under_way {
            let Some(Waiting { issue, answer }) = self.waiting.pop_front() else {
                return;
            };
            if answer.is_closed() {
                continue;
            }
            self.under_way += 1;
            let call = call(Rc::clone(&self.access), Rc::clone(&self.client), issue.clone());
            ctx.spawn(call.into_actor(self).map(move |issued, broker, ctx| {
                // A caller that is gone by now loses its token: nobody else may have it. Zoom has minted it all the
                // same, which the caller's own line in the audit log can't say.
                if let Err(Ok(_token)) = answer.send(issued) {
                    info!(target: "audit", "dropped {issue} outcome=nobody_waits");
                }
                broker.under_way -= 1;
                broker.start_waiting(ctx);
            }));
        }
    }
}

/// One call; with a renewed access token once more, should Zoom have refused the first.
async fn call(access: Rc<Access>, client: Rc<ZoomClient>, issue: Issue) -> Issued {
    let lease = access.lease().await?;
    match ask(&client, &lease, &issue).await {
        Err(error) if error.cause == Cause::AccessTokenRejected => access.reject(&lease),
        issued => return issued,
    }
    let lease = access.lease().await?;
    ask(&client, &lease, &issue).await
}

async fn ask(client: &ZoomClient, lease: &Lease, issue: &Issue) -> Issued {
    match issue {
        Issue::Zak { user } => client.token(lease, TokenKind::Zak, user, None).await,
        Issue::Obf { user, meeting } => client.token(lease, TokenKind::Obf, user, Some(*meeting)).await,
    }
}

impl fmt::Debug for TokenBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (under_way, waiting) = (self.under_way, self.waiting.len());
        f.debug_struct("TokenBroker")
            .field("under_way", &under_way)
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

impl Actor for TokenBroker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Rc::clone(&self.access).keep().into_actor(self));
    }

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        if !self.waiting.is_empty() {
            warn!("{} calls to Zoom were still waiting", self.waiting.len());
        }
    }
}

impl Handler<Issue> for TokenBroker {
    type Result = Parked;

    fn handle(&mut self, issue: Issue, _ctx: &mut Self::Context) -> Parked {
        Parked(issue)
    }
}

impl Handler<LogIn> for TokenBroker {
    type Result = ResponseFuture<Result<Granted, ZoomError>>;

    fn handle(&mut self, LogIn: LogIn, _ctx: &mut Self::Context) -> Self::Result {
        let login = self.access.lease();
        Box::pin(async move { Ok(Granted::clone(&login.await?.granted)) })
    }
}

/// A call whose answer's sender is kept with it, so that the broker sees when nobody waits for it any more.
#[derive(Debug)]
pub struct Parked(Issue);

impl MessageResponse<TokenBroker, Issue> for Parked {
    fn handle(self, ctx: &mut Context<TokenBroker>, answer: Option<OneshotSender<Issued>>) {
        // Without a sender nobody wants the token, and nothing is minted.
        let Some(answer) = answer else { return };
        let waiting = Waiting { issue: self.0, answer };
        ctx.spawn(fut::ready(()).map(|(), broker: &mut TokenBroker, ctx| broker.admit(waiting, ctx)));
    }
}
