//! What a watcher is told: shapes on the wire.

use jiff::Timestamp;
use serde::Serialize;

use crate::hub::moments::iso_8601;
use crate::hub::requests::{Named, Roster};
use crate::names::{MeetingId, UserId};

/// What a name weighs beside its own bytes, in memory and on the wire.
const NAME: usize = 32;

/// The data of `presence:state`: how those who were named stand, as they were spelled.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceState {
    meeting_id: MeetingId,
    online: Vec<String>,
    offline: Vec<String>,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
}

/// The data of `presence:change`: those who came or went since the last was told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceChange {
    meeting_id: MeetingId,
    changes: Vec<Change>,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
}

/// One who came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Who, as the watcher spelled it.
    pub user_id: UserId,
    /// Whether the user can be reached now.
    pub online: bool,
}

impl PresenceState {
    /// At this moment; a text that is no user ID is nobody who could be there.
    #[must_use]
    pub fn now(meeting_id: MeetingId, roster: &Roster, is_online: impl Fn(&UserId) -> bool) -> Self {
        let (mut online, mut offline) = (Vec::new(), Vec::new());
        for named in roster {
            match named {
                Named::User(user) if is_online(user) => online.push(user.to_string()),
                Named::User(user) => offline.push(user.to_string()),
                Named::Invalid { given, .. } => offline.push(given.clone()),
            }
        }
        Self { meeting_id, online, offline, timestamp: Timestamp::now() }
    }

    /// About how many bytes its names hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.online.iter().chain(&self.offline).map(|name| NAME + name.len()).sum()
    }
}

impl PresenceChange {
    /// At this moment.
    #[must_use]
    pub fn now(meeting_id: MeetingId, changes: Vec<Change>) -> Self {
        Self { meeting_id, changes, timestamp: Timestamp::now() }
    }

    /// About how many bytes its names hold.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.changes.iter().map(|change| 2 * NAME + change.user_id.as_str().len()).sum()
    }
}
