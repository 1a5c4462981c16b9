//! One value as its caller wrote it, read as what its field takes.

use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::faults::Fault;
use crate::hub::refusal::Code;
use crate::hub::requests::{Named, Roster};
use crate::names::{InvalidRandomName, MeetingId, USER_ID_MAX_BYTES, UserId};
use crate::secret::Secret;

/// One value as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::web) enum Given {
    /// Not there, `null`, or an empty text: the seed's server does not tell these apart.
    #[default]
    Absent,
    /// A text.
    Text(String),
    /// A number, as text.
    Number(String),
    /// A list.
    List(Vec<Given>),
    /// Yes or no.
    Flag(bool),
    /// Something that no field takes.
    Other,
}

fn seconds(text: &str) -> Option<Timestamp> {
    let since = SignedDuration::try_from_secs_f64(text.parse().ok()?).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since).ok()
}

impl Given {
    pub(super) fn unless_absent<T>(
        self,
        read: impl FnOnce(Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self == Self::Absent { Ok(None) } else { read(self).map(Some) }
    }

    pub(super) fn flag(self, field: &'static str, default: bool) -> Result<bool, Fault> {
        match self {
            Self::Absent => Ok(default),
            Self::Flag(flag) => Ok(flag),
            Self::Text(text) if text == "true" => Ok(true),
            Self::Text(text) if text == "false" => Ok(false),
            Self::Text(_) | Self::Number(_) | Self::List(_) | Self::Other => {
                Err(Fault::new(Code::InvalidRequest, field, "write true or false"))
            }
        }
    }

    /// The hub's own limit is the most anyway.
    pub(super) fn hold(self) -> Result<Duration, Fault> {
        let seconds = match &self {
            Self::Text(text) | Self::Number(text) => text.parse().ok(),
            Self::Absent | Self::List(_) | Self::Flag(_) | Self::Other => None,
        };
        let hold = seconds.filter(|seconds| *seconds > 0.0).map(Duration::try_from_secs_f64);
        let fault = || Fault::new(Code::InvalidRequest, "holdSeconds", "a number of seconds over 0");
        hold.ok_or_else(fault)?.or(Ok(Duration::MAX))
    }

    pub(super) fn random<T: FromStr<Err = InvalidRandomName>>(self, field: &'static str) -> Result<T, Fault> {
        match self {
            Self::Absent => Err(Fault::missing(field)),
            Self::Text(text) | Self::Number(text) => {
                text.parse().map_err(|error| Fault::new(Code::InvalidRequest, field, error))
            }
            Self::List(_) | Self::Flag(_) | Self::Other => {
                Err(Fault::new(Code::InvalidRequest, field, "write it as a text"))
            }
        }
    }

    pub(super) fn credential(self) -> Result<Option<Secret>, Fault> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(Secret::new(text))),
            Self::Number(_) | Self::List(_) | Self::Flag(_) | Self::Other => {
                Err(Fault::new(Code::InvalidRequest, "token", "write it as a text"))
            }
        }
    }

    /// As `2026-03-02T09:00:00Z`, or in seconds since 1970, as credentials have it.
    pub(super) fn moment_of_the_past(self) -> Result<Timestamp, Fault> {
        let moment = match &self {
            Self::Text(text) => text.parse().ok().or_else(|| seconds(text)),
            Self::Number(text) => seconds(text),
            Self::Absent | Self::List(_) | Self::Flag(_) | Self::Other => None,
        };
        let fault = |message| Fault::new(Code::InvalidRequest, "issuedBefore", message);
        match moment {
            Some(moment) if moment <= Timestamp::now() => Ok(moment),
            Some(_) => Err(fault("must not lie in the future")),
            None => Err(fault("write it as 2026-03-02T09:00:00Z, or in seconds since 1970")),
        }
    }

    pub(super) fn meeting(self) -> Result<MeetingId, Fault> {
        const FIELD: &str = "meetingId";
        match self {
            Self::Absent => Err(Fault::missing(FIELD)),
            Self::Text(text) | Self::Number(text) => {
                text.parse().map_err(|error| Fault::new(Code::InvalidMeetingId, FIELD, error))
            }
            Self::List(_) | Self::Flag(_) | Self::Other => {
                Err(Fault::new(Code::InvalidMeetingId, FIELD, "write it as a text or a number"))
            }
        }
    }

    pub(super) fn user(self, field: &'static str) -> Result<UserId, Fault> {
        match self {
            Self::Absent => Err(Fault::missing(field)),
            Self::Text(text) => text.parse().map_err(|error| Fault::new(Code::InvalidUserId, field, error)),
            Self::Number(_) | Self::List(_) | Self::Flag(_) | Self::Other => {
                Err(Fault::new(Code::InvalidUserId, field, "write it as a text"))
            }
        }
    }

    pub(super) fn roster(self, field: &'static str) -> Result<Roster, Fault> {
        match self {
            Self::Absent => Err(Fault::missing(field)),
            Self::List(list) => Ok(Roster::new(list.into_iter().map(Self::named))),
            one @ Self::Text(_) => Ok(Roster::new([one.named()])),
            Self::Number(_) | Self::Flag(_) | Self::Other => {
                Err(Fault::new(Code::InvalidRequest, field, "write a list of texts"))
            }
        }
    }

    /// An invalid name is a failed row, not a refused request.
    fn named(self) -> Named {
        let (given, reason) = match self {
            Self::Text(text) => match text.parse() {
                Ok(user) => return Named::User(user),
                Err(error) => (text, error.to_string()),
            },
            Self::Number(text) => (text, "write a user ID as a text".to_owned()),
            Self::Absent => (String::new(), "a user ID must not be empty".to_owned()),
            Self::List(_) | Self::Flag(_) | Self::Other => {
                (String::new(), "write a user ID as a text".to_owned())
            }
        };
        Named::Invalid { given: given.chars().take(USER_ID_MAX_BYTES).collect(), reason }
    }
}
