//! One log line for each token that was minted or delivered: what, whose, for which meeting, who asked, how it ended.
//! Target `audit`, so that an operator can keep these lines apart. Never the token.

use std::fmt;
use std::sync::Arc;

use log::{debug, info, warn};

use super::refusal::{Code, Refusal};
use super::registry::Routed;
use crate::identity::Caller;
use crate::names::{MeetingId, RequestId, SessionId, UserId};
use crate::zoom::api::TokenKind;

/// Who asked, and in which request: what ties the lines of one request together.
#[derive(Clone, Debug)]
pub struct Asked {
    /// As whom.
    pub caller: Caller,
    /// On which session; none over REST.
    pub session: Option<SessionId>,
    /// As it stands in the lines: two for each of a thousand tokens, so it is written once.
    written: Arc<str>,
}

impl Asked {
    /// Asked by this caller, on this session, in this request.
    #[must_use]
    pub fn new(caller: Caller, session: Option<SessionId>, request: &RequestId) -> Self {
        let by = match &caller {
            Caller::Anyone => "anyone".to_owned(),
            Caller::Unknown => "unknown".to_owned(),
            Caller::Known(identity) => format!("{:?} role={}", identity.user.as_str(), identity.role),
        };
        let written = match session {
            Some(session) => format!("by={by} session={session} request={request}"),
            None => format!("by={by} session=- request={request}"),
        };
        Self { caller, session, written: written.into() }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A token that an audit line is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// ZAK or OBF.
    pub kind: TokenKind,
    /// Whose it is.
    pub user: &'a UserId,
    /// The meeting that was asked for.
    pub meeting: MeetingId,
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kind={} user={:?} meeting={}", self.kind, self.user.as_str(), self.meeting)
    }
}

/// A call to Zoom has ended. Where somebody asked for just this token, the answer is its delivery.
pub(crate) fn minted(subject: Subject<'_>, asked: &Asked, refusal: Option<&Refusal>) {
    match refusal {
        None => info!(target: "audit", "minted {subject} {asked} outcome=ok"),
        Some(refusal) => warn!(
            target: "audit",
            "minted {subject} {asked} outcome={} reason={:?}", refusal.code, refusal.message
        ),
    }
}

/// A token was pushed to its owner's sessions.
pub(crate) fn delivered(subject: Subject<'_>, asked: &Asked, routed: Routed) {
    let Routed { taken: sessions, barred, .. } = routed;
    let outcome = match (sessions, barred) {
        (0, 0) => Code::NotConnected.word(),
        (0, _) => Code::Forbidden.word(),
        _ => "ok",
    };
    info!(target: "audit", "delivered {subject} {asked} sessions={sessions} outcome={outcome}");
}

/// A client has said that it has a token. The distribution's rows say so, too: only for who wants to know on which session.
pub(crate) fn acknowledged(subject: Subject<'_>, session: SessionId) {
    debug!(target: "audit", "acknowledged {subject} session={session}");
}
