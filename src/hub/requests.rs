//! What callers ask of the hub, over any carrier and over HTTP: checked fields, no text.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::identity::Matching;
use crate::names::{DeliveryId, DistributionId, MeetingId, UserId};
use crate::secret::Secret;

/// The events that a client may send, in the order of `docs/protocol.md`.
pub const CLIENT_EVENTS: &[&str] = &[
    "authenticate",
    "meeting:start",
    "meeting:join",
    "meeting:distribute",
    "ping",
    "delivery:ack",
    "meeting:cancel",
    "distribution:get",
    "presence:watch",
];

/// An event of a client's, its fields checked.
#[derive(Clone, Debug)]
pub enum ClientEvent {
    /// `authenticate`
    Authenticate(Authenticate),
    /// `meeting:start`
    Start(StartMeeting),
    /// `meeting:join`
    Join(JoinMeeting),
    /// `meeting:distribute`
    Distribute(Distribute, Option<IdempotencyKey>),
    /// `ping`
    Ping,
    /// `delivery:ack`
    Receipt(DeliveryId),
    /// `meeting:cancel`
    Cancel(CancelDistribution),
    /// `distribution:get`
    Get(GetDistribution),
    /// `presence:watch`
    Watch(WatchPresence),
}

impl ClientEvent {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Authenticate(_) => "authenticate",
            Self::Start(_) => "meeting:start",
            Self::Join(_) => "meeting:join",
            Self::Distribute(..) => "meeting:distribute",
            Self::Ping => "ping",
            Self::Receipt(_) => "delivery:ack",
            Self::Cancel(_) => "meeting:cancel",
            Self::Get(_) => "distribution:get",
            Self::Watch(_) => "presence:watch",
        }
    }

    /// The name of the event that answers it, unless it is refused by an `error`; none for a receipt, which nothing answers.
    #[must_use]
    pub fn answered_by(&self) -> Option<&'static str> {
        Some(match self {
            Self::Authenticate(_) => "authenticated",
            Self::Start(_) => "meeting:started",
            Self::Join(_) => "meeting:credentials",
            Self::Distribute(..) | Self::Cancel(_) => "meeting:distributed",
            Self::Ping => "pong",
            Self::Get(_) => "distribution",
            Self::Watch(_) => "presence:state",
            Self::Receipt(_) => return None,
        })
    }
}

/// Route what is the user's to this session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticate {
    /// The user.
    pub user: UserId,
    /// The credential that shows who asks; without one that counts which the session has shown already.
    pub credential: Option<Secret>,
    /// Whether the client says what it has received.
    pub acks: bool,
}

/// A distribution as it stands, or the list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDistribution {
    /// Which; none: all that the caller may see.
    pub id: Option<DistributionId>,
    /// Whether the session is told what becomes of it.
    pub follow: bool,
}

/// Let what is queued or pending end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelDistribution(pub DistributionId);

/// Tell the session who of these is there for the meeting, and from then on who comes and goes. Nobody: no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchPresence {
    /// The meeting.
    pub meeting: MeetingId,
    /// Who.
    pub users: Roster,
}

/// The hub's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats;

/// Let these credentials count no more, and end the sessions that they opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoke(pub Matching);

/// A ZAK for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartMeeting {
    /// The meeting, echoed: a ZAK is bound to its user alone.
    pub meeting: MeetingId,
    /// The host.
    pub host: UserId,
}

/// An OBF for one participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinMeeting {
    /// The meeting.
    pub meeting: MeetingId,
    /// The participant.
    pub participant: UserId,
}

/// OBFs for many, answered to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchJoin {
    /// The meeting.
    pub meeting: MeetingId,
    /// Who.
    pub participants: Roster,
}

/// A ZAK for the host and OBFs for many, answered to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUpMeeting {
    /// The meeting.
    pub meeting: MeetingId,
    /// The host.
    pub host: UserId,
    /// Who else; may be empty.
    pub participants: Roster,
}

/// A ZAK for the host and an OBF for each connected participant, each handed to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribute {
    /// The meeting.
    pub meeting: MeetingId,
    /// The host.
    pub host: UserId,
    /// Who.
    pub participants: Roster,
    /// How long to wait for those who aren't there, as far as the hub does; none: not at all.
    pub hold: Option<Duration>,
}

/// What a caller calls a request, so that its repetition is the same one: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The text, if it is one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        ((1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
            .then(|| Self(text.into()))
    }
}

/// The participants that a caller named: each once, in the caller's order, those that are no user ID kept as such.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster(Vec<Named>);

/// One name of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A user ID.
    User(UserId),
    /// A text that is none, and why.
    Invalid {
        /// The text, cut to a length fit to be answered.
        given: String,
        /// The reason.
        reason: String,
    },
}

impl Roster {
    /// Takes each name once.
    #[must_use]
    pub fn new(named: impl IntoIterator<Item = Named>) -> Self {
        let mut users = HashSet::new();
        let mut invalid = HashSet::new();
        let first = |named: &Named| match named {
            Named::User(user) => users.insert(user.clone()),
            Named::Invalid { given, .. } => invalid.insert(given.clone()),
        };
        Self(named.into_iter().filter(first).collect())
    }

    /// How many rows it makes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn iter(&self) -> std::slice::Iter<'_, Named> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Roster {
    type Item = &'a Named;
    type IntoIter = std::slice::Iter<'a, Named>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_names_each_once_in_the_callers_order() {
        let user = |text: &str| Named::User(text.parse().unwrap());
        let invalid = |given: &str| Named::Invalid { given: given.into(), reason: "why".into() };
        let roster = Roster::new([user("b"), user("A"), invalid("me"), user("a"), user("B"), invalid("me")]);
        assert_eq!(roster, Roster(vec![user("b"), user("A"), invalid("me")]));
    }
}
