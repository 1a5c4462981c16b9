//! The mob: hostile clients in a process of their own, so that what the honest ones wait for is not the driver.
//!
//! `kind.rs` says what there is; `site.rs` is that process; `line.rs` is a raw connection and `wire.rs` the bytes that go
//! over it; what each kind does is in `stalled.rs`, `floods.rs`, `nonsense.rs` and `polls.rs`.

mod floods;
mod kind;
mod line;
mod nonsense;
mod polls;
mod site;
mod stalled;
mod wire;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

pub(crate) use self::kind::Kind;
pub(crate) use self::site::play;
use crate::Attempt;
use crate::offshoot::Offshoot;
use crate::process::Usage;

/// The word by which the driver's own binary becomes the mob.
pub(crate) const COMMAND: &str = "mob";

/// So many clients of one kind.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Crew {
    pub(crate) kind: Kind,
    pub(crate) clients: usize,
}

/// What the mob is told; each order is answered with what was done so far.
#[derive(Debug, Serialize, Deserialize)]
enum Order {
    /// Come, and whoever is cut comes back after so long.
    Begin { hub: SocketAddr, crews: Vec<Crew>, pause_ms: u64 },
    /// Whoever is cut stays away; the others go on.
    Hold,
}

/// What clients of a kind did.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Connections made.
    pub(crate) opened: usize,
    /// Those that couldn't be made.
    pub(crate) refused: usize,
    /// Lives that ended: by the hub, where a kind doesn't leave by itself.
    pub(crate) ended: usize,
    /// Frames, where they are sent by themselves and not as the client's only one.
    pub(crate) frames: usize,
}

impl Tally {
    /// Whether every life has ended, where each is one connection.
    fn is_over(&self) -> bool {
        self.ended >= self.opened + self.refused
    }
}

/// What each kind did.
pub(crate) type Tallies = BTreeMap<Kind, Tally>;

/// The process.
#[derive(Debug)]
pub(crate) struct Mob(Offshoot);

impl Mob {
    /// They come, and whoever is cut comes back after so long.
    pub(crate) async fn begin(hub: SocketAddr, crews: Vec<Crew>, pause_ms: u64) -> Attempt<Self> {
        let mut process = Offshoot::start(COMMAND)?;
        drop(process.order::<Tallies>(&Order::Begin { hub, crews, pause_ms }).await?);
        Ok(Self(process))
    }

    /// From now on nobody comes back.
    pub(crate) async fn hold(&mut self) -> Attempt<Tallies> {
        self.0.order(&Order::Hold).await
    }

    pub(crate) fn usage(&self) -> Attempt<Usage> {
        self.0.usage()
    }

    /// All leave, without a word.
    pub(crate) async fn leave(self) -> Attempt<()> {
        self.0.end().await
    }
}
