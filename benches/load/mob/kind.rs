//! The kinds of hostile clients, and on what terms each is played.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a client does to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
pub(crate) enum Kind {
    /// Reads nothing while events flow to it, and gives signs of life
    NeverReads,
    /// Sends a request's head, a byte a second
    SlowHead,
    /// Sends a call's body, a byte a second
    SlowBody,
    /// Reads, and never answers a ping
    NeverPongs,
    /// Keeps its socket, and neither reads nor writes any more
    HalfOpen,
    /// Sends frames over the limit, frames that announce exabytes, and as large ones as may be
    HugeFrames,
    /// Sends fragments without end, empty ones too
    Fragments,
    /// Sends what is not UTF-8: in a frame, in fragments, in a body
    BadUtf8,
    /// Sends deep JSON, and fields of the wrong kind, as events and as bodies
    BadJson,
    /// Sends events: 20,000 a second together
    EventFlood,
    /// Sends WebSocket pings: 20,000 a second together
    PingFlood,
    /// Connects and says nothing: 5,000
    SilentConnects,
    /// Opens sessions of one and the same user: a hundred at once
    OneUser,
    /// Opens sessions by polling, has much said to them, and never polls
    UnfetchedPolls,
    /// Polls twice at once
    TwoPolls,
    /// Posts without end: slowly, in slow chunks, in fast ones
    EndlessPosts,
    /// Sends heads of 1 MB: as one header, and as thousands
    HugeHeads,
    /// Begins to upgrade and stops half-way: in the head, and after Engine.IO's probe
    HalfUpgrades,
}

/// On what terms a kind is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) clients: usize,
    /// Where the hub's defaults would take too long.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    pub(crate) lasts: Duration,
    /// Once nobody comes back, the last of them must be gone after so long.
    pub(crate) limit: Duration,
}

const CLIENTS: usize = 50;
const HEARTBEAT: [(&str, &str); 2] = [("PING_INTERVAL_SECONDS", "2"), ("PING_TIMEOUT_SECONDS", "2")];
/// For what is cut as soon as it is seen, with its last words.
const SOON: Duration = Duration::from_secs(3);
/// `HEARTBEAT`, and some.
const UNALIVE: Duration = Duration::from_secs(7);
/// `REQUEST_TIMEOUT_SECONDS` or `WRITE_TIMEOUT_SECONDS`, 10 by default, and some.
const LATE: Duration = Duration::from_secs(13);

impl Kind {
    pub(crate) fn terms(self) -> Terms {
        let terms = |lasts, limit| Terms {
            clients: CLIENTS,
            variables: &[],
            lasts: Duration::from_secs(lasts),
            limit,
        };
        let unalive = Terms { variables: &HEARTBEAT, ..terms(12, UNALIVE) };
        match self {
            // Until its buffers are full, then until the kernel has had enough.
            Self::NeverReads => terms(40, LATE + LATE),
            Self::SlowHead | Self::SlowBody | Self::EndlessPosts => terms(20, LATE),
            Self::SilentConnects => Terms { clients: 5000, ..terms(20, LATE) },
            Self::NeverPongs | Self::HalfOpen | Self::UnfetchedPolls => unalive,
            Self::OneUser => Terms { clients: 100, ..unalive },
            Self::HalfUpgrades => Terms { limit: LATE, lasts: Duration::from_secs(20), ..unalive },
            Self::HugeFrames
            | Self::Fragments
            | Self::BadUtf8
            | Self::BadJson
            | Self::EventFlood
            | Self::PingFlood
            | Self::TwoPolls
            | Self::HugeHeads => terms(10, SOON),
        }
    }

    /// So many clients as can be beside for long: those that have several ways go all of them.
    pub(crate) fn few(self) -> usize {
        match self.terms().clients {
            CLIENTS => 3,
            // Only many of them are hostile.
            more => (more / 8).min(30),
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
