//! One participant of a distribution: what became of the token meant for them, and what is tried next. Pure.
//!
//! ```text
//!            nobody there                 handed over                 confirmed
//!  queued ───────────────► pending ──────────────────► delivered ──────────────► acknowledged
//!    │  ▲                   │   ▲                       │  │                          ▲
//!    │  └─ arrived ─────────┘   └── its session died,   │  └─ no receipt: handed      │ a receipt, however
//!    │      meanwhile               nobody else there ──┘     once more, afresh       │ late it comes
//!    ▼                      ▼                           ▼                             │
//!  failed ◄─────────────────┴───────────────────────────┴─────────────────────────────┘
//! ```
//!
//! It holds no token: where one is wanted, a fresh one is minted.

use std::time::Instant;

use serde::Serialize;

use crate::hub::refusal::Code;
use crate::hub::requests::Named;
use crate::names::{SessionId, UserId};

/// Tokens that one row may take: a client that confirms none of them gets no fourth.
pub const TOKENS: u8 = 3;

/// What came of trying to mint a token and hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Sessions' queues took it.
    Handed {
        /// How many; at least one.
        sessions: usize,
        /// The one that will say that its client has it, where one said that it would.
        confirms: Option<SessionId>,
    },
    /// Nobody was there to take it.
    Absent {
        /// Whether a token was minted for it.
        minted: bool,
    },
    /// There is none, or nobody may have it.
    Failed {
        /// Why.
        code: Code,
        /// A sentence for people.
        error: String,
    },
}

/// What is done about somebody who isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The intent is kept.
    Hold,
    /// The row fails.
    Fail(Code, &'static str),
}

/// A token is to be minted and handed over: not to this session, if there is any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The session that did not confirm the last.
    pub after: Option<SessionId>,
}

/// The row.
#[derive(Clone, Debug)]
pub struct Row {
    named: Named,
    state: State,
    tokens: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The first token is on its way.
    Queued(Trying),
    /// Nobody is there; or somebody has come, and a token is on its way.
    Pending(Option<Trying>),
    /// Sessions took a token.
    Delivered { sessions: usize, receipt: Receipt },
    /// A client said that it has it.
    Acknowledged { sessions: usize },
    /// There will be none.
    Failed { code: Code, error: String },
}

/// A token is being minted and handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Trying {
    /// A session of the user's came meanwhile: should nobody have been there, somebody may be now.
    arrived: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Receipt {
    /// None is waited for.
    Unasked,
    /// The session has until then.
    Awaited { from: SessionId, until: Instant },
    /// It didn't come; another token is on its way.
    Missed { from: SessionId, trying: Trying },
}

/// A row's status on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// `queued`
    Queued,
    /// `pending`
    Pending,
    /// `delivered`
    Delivered,
    /// `acknowledged`
    Acknowledged,
    /// `failed`
    Failed,
}

impl Row {
    /// Queued, unless the name is no user ID.
    #[must_use]
    pub fn new(named: Named) -> Self {
        let state = match &named {
            Named::User(_) => State::Queued(Trying::default()),
            Named::Invalid { reason, .. } => {
                State::Failed { code: Code::InvalidUserId, error: reason.clone() }
            }
        };
        Self { named, state, tokens: 0 }
    }

    /// Who it is for.
    #[must_use]
    pub fn named(&self) -> &Named {
        &self.named
    }

    /// The user, if the name is one's.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match &self.named {
            Named::User(user) => Some(user),
            Named::Invalid { .. } => None,
        }
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.state {
            State::Queued(_) => Status::Queued,
            State::Pending(_) => Status::Pending,
            State::Delivered { .. } => Status::Delivered,
            State::Acknowledged { .. } => Status::Acknowledged,
            State::Failed { .. } => Status::Failed,
        }
    }

    /// How many sessions took its last token.
    #[must_use]
    pub fn sessions(&self) -> usize {
        match self.state {
            State::Delivered { sessions, .. } | State::Acknowledged { sessions } => sessions,
            State::Queued(_) | State::Pending(_) | State::Failed { .. } => 0,
        }
    }

    /// Why it failed.
    #[must_use]
    pub fn failure(&self) -> Option<(Code, &str)> {
        match &self.state {
            State::Failed { code, error } => Some((*code, error)),
            State::Queued(_) | State::Pending(_) | State::Delivered { .. } | State::Acknowledged { .. } => {
                None
            }
        }
    }

    /// Whether something may still become of it without a client's doing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.state {
            State::Queued(_) | State::Pending(_) => true,
            State::Delivered { receipt, .. } => *receipt != Receipt::Unasked,
            State::Acknowledged { .. } | State::Failed { .. } => false,
        }
    }

    /// Whether a token is on its way.
    #[must_use]
    pub fn is_trying(&self) -> bool {
        matches!(
            self.state,
            State::Queued(_)
                | State::Pending(Some(_))
                | State::Delivered { receipt: Receipt::Missed { .. }, .. }
        )
    }

    /// The session whose receipt is waited for, and until when.
    #[must_use]
    pub fn awaits(&self) -> Option<(SessionId, Instant)> {
        match self.state {
            State::Delivered { receipt: Receipt::Awaited { from, until }, .. } => Some((from, until)),
            State::Queued(_)
            | State::Pending(_)
            | State::Delivered { .. }
            | State::Acknowledged { .. }
            | State::Failed { .. } => None,
        }
    }

    /// What was tried has ended. What no longer matters, since the row went on without it, changes nothing.
    pub fn tried(&mut self, attempt: Attempt, absence: Absence, receipt_until: Instant) -> Option<Again> {
        let arrived = match &self.state {
            State::Queued(trying)
            | State::Pending(Some(trying))
            | State::Delivered { receipt: Receipt::Missed { trying, .. }, .. } => trying.arrived,
            State::Pending(None)
            | State::Delivered { .. }
            | State::Acknowledged { .. }
            | State::Failed { .. } => return None,
        };
        match attempt {
            Attempt::Handed { sessions, confirms } => {
                self.tokens += 1;
                self.state = State::Delivered { sessions, receipt: Receipt::from(confirms, receipt_until) };
                None
            }
            Attempt::Failed { code, error } => {
                self.state = State::Failed { code, error };
                None
            }
            Attempt::Absent { minted } => {
                self.tokens += u8::from(minted);
                if arrived && self.tokens < TOKENS {
                    return Some(self.once_more());
                }
                self.nobody_there(absence);
                None
            }
        }
    }

    /// Nobody was there from the start.
    pub fn missing(&mut self, absence: Absence) {
        if let State::Queued(_) = self.state {
            self.nobody_there(absence);
        }
    }

    /// A session of the user's has come.
    pub fn arrived(&mut self) -> Option<Again> {
        match &mut self.state {
            State::Pending(pending @ None) => {
                *pending = Some(Trying::default());
                Some(Again { after: None })
            }
            State::Queued(trying)
            | State::Pending(Some(trying))
            | State::Delivered { receipt: Receipt::Missed { trying, .. }, .. } => {
                trying.arrived = true;
                None
            }
            State::Delivered { .. } | State::Acknowledged { .. } | State::Failed { .. } => None,
        }
    }

    /// The receipt that is waited for will not come from this session.
    pub fn missed(&mut self, from: SessionId) -> Option<Again> {
        let State::Delivered { receipt, .. } = &mut self.state else { return None };
        if !matches!(receipt, Receipt::Awaited { from: awaited, .. } if *awaited == from) {
            return None;
        }
        if self.tokens >= TOKENS {
            self.state = not_acknowledged();
            return None;
        }
        *receipt = Receipt::Missed { from, trying: Trying::default() };
        Some(Again { after: Some(from) })
    }

    /// A client of the user's has said that it has a token.
    pub fn acknowledge(&mut self) {
        self.state = State::Acknowledged { sessions: self.sessions().max(1) };
    }

    /// The user asked for a token of the meeting's and has got it.
    pub fn served(&mut self, confirms: Option<SessionId>, receipt_until: Instant) {
        if self.is_open() {
            self.tokens = self.tokens.saturating_add(1);
            self.state = State::Delivered { sessions: 1, receipt: Receipt::from(confirms, receipt_until) };
        }
    }

    /// What has no token yet fails; what has one gets no other.
    pub fn end(&mut self, code: Code, error: &str) {
        match &mut self.state {
            State::Queued(_) | State::Pending(_) => {
                self.state = State::Failed { code, error: error.to_owned() };
            }
            State::Delivered { receipt, .. } => *receipt = Receipt::Unasked,
            State::Acknowledged { .. } | State::Failed { .. } => {}
        }
    }

    /// The time to arrive is over.
    pub fn hold_expired(&mut self) {
        if let State::Pending(None) = self.state {
            self.nobody_there(HOLD_EXPIRED);
        }
    }

    fn once_more(&mut self) -> Again {
        let trying = Trying::default();
        let after = match &mut self.state {
            State::Delivered { receipt: Receipt::Missed { from, trying: again }, .. } => {
                *again = trying;
                Some(*from)
            }
            State::Pending(pending) => {
                *pending = Some(trying);
                None
            }
            State::Queued(again) => {
                *again = trying;
                None
            }
            State::Delivered { .. } | State::Acknowledged { .. } | State::Failed { .. } => None,
        };
        Again { after }
    }

    fn nobody_there(&mut self, absence: Absence) {
        let had_one = matches!(self.state, State::Delivered { .. });
        self.state = match absence {
            _ if self.tokens >= TOKENS => not_acknowledged(),
            Absence::Hold => State::Pending(None),
            Absence::Fail(Code::NotConnected, _) if had_one => not_acknowledged(),
            Absence::Fail(code, error) => State::Failed { code, error: error.to_owned() },
        };
    }
}

/// Nobody came in time.
pub const HOLD_EXPIRED: Absence = Absence::Fail(Code::HoldExpired, "The user did not come in time");

fn not_acknowledged() -> State {
    let error = "No client of the user's has confirmed a token".to_owned();
    State::Failed { code: Code::NotAcknowledged, error }
}

impl Receipt {
    fn from(confirms: Option<SessionId>, until: Instant) -> Self {
        confirms.map_or(Self::Unasked, |from| Self::Awaited { from, until })
    }
}
