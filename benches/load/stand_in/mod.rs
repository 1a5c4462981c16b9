//! The stand-in for Zoom, as the driver holds it: a process of its own that is told by lines how to behave, answers
//! each with what it has counted, and ends when its standard input does.
//!
//! `server.rs` is that process; `zoom.rs` decides what a call is answered, `wire.rs` knows HTTP, `window.rs` a second.

mod server;
mod wire;
mod zoom;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

pub(crate) use self::server::serve;
use crate::Attempt;
use crate::offshoot::Offshoot;
use crate::process::Usage;

/// The word by which the driver's own binary becomes the stand-in.
pub(crate) const COMMAND: &str = "stand-in";

/// How Zoom behaves. The default does nothing wrong and knows no limit.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Behaviour {
    /// Calls let in during any one second, logins aside; 0: any number.
    pub(crate) limit: u32,
    /// Whether a refusal for the rate keeps to itself what the limit is.
    pub(crate) untold: bool,
    /// How long an answer takes.
    pub(crate) latency_ms: u64,
    /// The shares, from 0 to 1, of the OBF calls that are answered so; a ZAK is spared, for without one nothing begins.
    pub(crate) server_errors: f64,
    /// The connection is reset.
    pub(crate) resets: f64,
    /// A page with status 200.
    pub(crate) html: f64,
    /// Status 200 and a token that is null.
    pub(crate) nulls: f64,
    /// Takes every call, logins too, and never answers.
    pub(crate) silent: bool,
}

impl Behaviour {
    /// So many calls a second, and no fault.
    pub(crate) fn limited(limit: u32) -> Self {
        Self { limit, ..Self::default() }
    }
}

/// What came so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Logins.
    pub(crate) logins: usize,
    /// Calls for a token, whatever became of them.
    pub(crate) calls: usize,
    /// Those over the limit.
    pub(crate) refused: usize,
    /// Those within the limit.
    pub(crate) accepted: usize,
    /// Those that got a token.
    pub(crate) minted: usize,
    /// Users for whom one call came at least.
    pub(crate) users: usize,
    /// The most calls in any one second, those over the limit among them.
    pub(crate) busiest_second: usize,
}

/// The process.
#[derive(Debug)]
pub(crate) struct StandIn {
    process: Offshoot,
    address: SocketAddr,
}

impl StandIn {
    pub(crate) async fn start(behaviour: Behaviour) -> Attempt<Self> {
        let mut process = Offshoot::start(COMMAND)?;
        let address = process.line().await?.parse()?;
        let mut stand_in = Self { process, address };
        stand_in.behave(behaviour).await?;
        Ok(stand_in)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it behaves so.
    pub(crate) async fn behave(&mut self, behaviour: Behaviour) -> Attempt<Counts> {
        self.process.order(&Some(behaviour)).await
    }

    pub(crate) async fn counts(&mut self) -> Attempt<Counts> {
        self.process.order(&None::<Behaviour>).await
    }

    pub(crate) fn usage(&self) -> Attempt<Usage> {
        self.process.usage()
    }
}
