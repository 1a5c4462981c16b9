//! Who is connected, what they may ask, what reaches them. No HTTP, no frames, no JSON text.
//!
//! [`requests`], [`events`] and [`refusal`] hold the words, [`command`] decides who may do what, [`session`] talks to one
//! connection, [`registry`] knows them all, [`distributions`] owns what runs, [`meetings`] answers single requests, [`watches`] says
//! who is told who is there.

pub mod audit;
pub mod carrier;
pub mod command;
mod delivery;
pub mod distribution;
pub mod distributions;
pub mod drain;
pub mod events;
mod flow;
pub mod ledger;
pub mod meetings;
#[cfg(feature = "micro")]
pub(crate) mod micro;
pub mod mint;
pub mod moments;
pub mod presence;
pub mod refusal;
pub mod registry;
mod repeats;
pub mod requests;
pub mod session;
pub mod tally;
pub mod watches;

use std::time::Duration;

use actix::Addr;
use tokio::sync::watch;

use crate::config::{Limits, Times};
use crate::identity::Authority;
use crate::zoom::Health;
use crate::zoom::broker::TokenBroker;

/// The handles of a running hub, for sessions and for the web layer.
#[derive(Clone, Debug)]
pub struct Hub {
    /// Single requests.
    pub meetings: meetings::Meetings,
    /// Every session.
    pub registry: Addr<registry::Registry>,
    /// Everything that runs.
    pub distributions: Addr<distributions::Distributions>,
    /// Every call to Zoom.
    pub broker: Addr<TokenBroker>,
    /// What minting has come to.
    pub tally: tally::Tally,
    /// Who callers are.
    pub authority: Authority,
    /// Who is connected.
    pub presence: presence::Presence,
    /// Whether new work is taken.
    pub drain: drain::Drain,
    /// What was last learnt of Zoom.
    pub health: watch::Receiver<Health>,
    /// How long things may take.
    pub times: Times,
    /// How large things may be, and how many.
    pub limits: Limits,
    /// Sessions at once.
    pub max_sessions: usize,
    /// How long minting may take.
    pub deadlines: mint::Deadlines,
}

impl Hub {
    /// Whether one more session may come, beside so many connections that may be sessions yet. The registry decides; this
    /// spares who can't be taken the way there.
    ///
    /// # Errors
    /// `too_many_sessions`
    pub fn has_room(&self, connections: usize) -> Result<(), refusal::Refusal> {
        if self.presence.sessions().max(connections) < self.max_sessions {
            Ok(())
        } else {
            Err(refusal::Refusal::too_many_sessions())
        }
    }

    /// How long a distribution may take to begin: its ZAK, and the way there.
    #[must_use]
    pub fn begin_deadline(&self) -> Duration {
        self.deadlines.interactive() + Duration::from_secs(5)
    }
}
