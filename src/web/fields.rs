//! What a caller wrote, from JSON or a form, turned into requests: checked here, trusted inside.
//!
//! Generous in form (a number for a meeting ID, spaces in it, one value for a list), strict in content. Unknown fields
//! pass, as with the seed's server; a JSON array in place of an object does not.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::hub::refusal::{Code, Detail, Refusal};
use crate::hub::requests::{
    Authenticate, BatchJoin, Distribute, JoinMeeting, Named, Revoke, Roster, SetUpMeeting, StartMeeting,
};
use crate::identity::Matching;
use crate::names::{MeetingId, USER_ID_MAX_BYTES, UserId};
use crate::secret::Secret;

/// One value as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Given {
    /// Not there, `null`, or an empty text: the seed's server does not tell these apart.
    #[default]
    Absent,
    /// A text.
    Text(String),
    /// A number, as text.
    Number(String),
    /// A list.
    List(Vec<Given>),
    /// Something that no field takes.
    Other,
}

/// The fields of a request or event, those that the hub knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields {
    meeting_id: Given,
    host_user_id: Given,
    participant_user_id: Given,
    participant_user_ids: Given,
    user_id: Given,
    token: Hidden,
    issued_before: Given,
    wait: Given,
}

/// A value that must not be seen.
#[derive(Clone, Default, PartialEq)]
struct Hidden(Given);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Fields {
    /// The field of a name on the wire; a name that the hub doesn't know is nothing to it.
    pub(super) fn field(&mut self, name: &str) -> Option<&mut Given> {
        Some(match name {
            "meetingId" => &mut self.meeting_id,
            "hostUserId" => &mut self.host_user_id,
            "participantUserId" => &mut self.participant_user_id,
            "participantUserIds" => &mut self.participant_user_ids,
            "userId" => &mut self.user_id,
            "token" => &mut self.token.0,
            "issuedBefore" => &mut self.issued_before,
            "wait" => &mut self.wait,
            _ => return None,
        })
    }

    /// The fields of `authenticate`.
    pub(super) fn authenticate(self) -> Result<Authenticate, Refusal> {
        let mut faults = Faults::default();
        let user = faults.note(self.user_id.user("userId"));
        let credential = faults.note(self.token.0.credential());
        match (user, credential) {
            (Some(user), Some(credential)) => Ok(Authenticate { user, credential }),
            _ => Err(faults.refusal("userId")),
        }
    }

    /// The fields of a revocation, at least one; `issuedBefore` is by default this moment.
    pub(super) fn revoke(self) -> Result<Revoke, Refusal> {
        let all = [&self.user_id, &self.meeting_id, &self.issued_before];
        if all.into_iter().all(|given| *given == Given::Absent) {
            let faults = ["userId", "meetingId", "issuedBefore"].map(Fault::missing).into();
            let message =
                "Name userId, meetingId or issuedBefore: with none of them everybody would be concerned";
            return Err(Refusal { message: message.to_owned(), ..Faults(faults).refusal("") });
        }
        let mut faults = Faults::default();
        let user = faults.note(self.user_id.unless_absent(|given| given.user("userId")));
        let meeting = faults.note(self.meeting_id.unless_absent(Given::meeting));
        let issued_before = faults.note(self.issued_before.unless_absent(Given::moment_of_the_past));
        match (user, meeting, issued_before) {
            (Some(user), Some(meeting), Some(issued_before)) => {
                let issued_before = issued_before.unwrap_or_else(Timestamp::now);
                Ok(Revoke(Matching { user, meeting, issued_before }))
            }
            _ => Err(faults.refusal("")),
        }
    }

    /// The fields of a start.
    pub(super) fn start(self) -> Result<StartMeeting, Refusal> {
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let host = faults.note(self.host_user_id.user("hostUserId"));
        match (meeting, host) {
            (Some(meeting), Some(host)) => Ok(StartMeeting { meeting, host }),
            _ => Err(faults.refusal("meetingId and hostUserId")),
        }
    }

    /// The fields of a join.
    pub(super) fn join(self) -> Result<JoinMeeting, Refusal> {
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let participant = faults.note(self.participant_user_id.user("participantUserId"));
        match (meeting, participant) {
            (Some(meeting), Some(participant)) => Ok(JoinMeeting { meeting, participant }),
            _ => Err(faults.refusal("meetingId and participantUserId")),
        }
    }

    /// The fields of a batch join, of one to `max` participants.
    pub(super) fn batch_join(self, max: usize) -> Result<BatchJoin, Refusal> {
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let participants = faults.note(self.participant_user_ids.roster().and_then(not_empty));
        match (meeting, participants) {
            (Some(meeting), Some(participants)) => {
                Ok(BatchJoin { meeting, participants: within(participants, max)? })
            }
            _ => Err(faults.refusal("meetingId and participantUserIds")),
        }
    }

    /// The fields of a set-up, of at most `max` participants; there may be none.
    pub(super) fn set_up(self, max: usize) -> Result<SetUpMeeting, Refusal> {
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let host = faults.note(self.host_user_id.user("hostUserId"));
        let participants = if self.participant_user_ids == Given::Absent {
            Some(Roster::default())
        } else {
            faults.note(self.participant_user_ids.roster())
        };
        match (meeting, host, participants) {
            (Some(meeting), Some(host), Some(participants)) => {
                Ok(SetUpMeeting { meeting, host, participants: within(participants, max)? })
            }
            _ => Err(faults.refusal("meetingId and hostUserId")),
        }
    }

    /// The fields of a distribution to at most `max` participants.
    pub(super) fn distribute(self, max: usize) -> Result<Distribute, Refusal> {
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let host = faults.note(self.host_user_id.user("hostUserId"));
        let participants = faults.note(self.participant_user_ids.roster());
        match (meeting, host, participants) {
            (Some(meeting), Some(host), Some(participants)) => {
                Ok(Distribute { meeting, host, participants: within(participants, max)? })
            }
            _ => Err(faults.refusal("meetingId, hostUserId and participantUserIds")),
        }
    }

    /// How long a caller is willing to wait, in seconds from 0 to `longest`, which is also the default.
    pub(super) fn wait(&self, longest: Duration) -> Result<Duration, Refusal> {
        let seconds: Option<f64> = match &self.wait {
            Given::Absent => return Ok(longest),
            Given::Text(text) | Given::Number(text) => text.parse().ok(),
            Given::List(_) | Given::Other => None,
        };
        let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        wait.filter(|wait| *wait <= longest).ok_or_else(|| {
            let message = format!("a number of seconds from 0 to {}", longest.as_secs());
            Faults(vec![Fault::new(Code::InvalidRequest, "wait", message)]).refusal("")
        })
    }
}

/// What is wrong with a field.
struct Fault {
    code: Code,
    detail: Detail,
    missing: bool,
}

impl Fault {
    fn new(code: Code, field: &'static str, message: impl fmt::Display) -> Self {
        Self { code, detail: Detail { field, message: message.to_string() }, missing: false }
    }

    fn missing(field: &'static str) -> Self {
        Self { missing: true, ..Self::new(Code::InvalidRequest, field, "required") }
    }
}

/// The faults of one request, gathered so that the answer names every field.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn note<T>(&mut self, field: Result<T, Fault>) -> Option<T> {
        field.map_err(|fault| self.0.push(fault)).ok()
    }

    /// The answer; `required` are the fields that the call needs, in the seed's words.
    fn refusal(self, required: &str) -> Refusal {
        let (code, message) = match self.0.first() {
            _ if self.0.iter().any(|fault| fault.missing) => {
                (Code::InvalidRequest, format!("Missing required fields: {required}"))
            }
            Some(Fault { code, detail, .. }) => {
                (*code, format!("Invalid {}: {}", detail.field, detail.message))
            }
            None => (Code::InvalidRequest, "The request is not valid".to_owned()),
        };
        let details = self.0.into_iter().map(|fault| fault.detail).collect();
        Refusal { details, ..Refusal::new(code, message) }
    }
}

fn not_empty(participants: Roster) -> Result<Roster, Fault> {
    if participants.is_empty() {
        let message = "name at least one participant";
        return Err(Fault::new(Code::InvalidRequest, "participantUserIds", message));
    }
    Ok(participants)
}

fn within(participants: Roster, max: usize) -> Result<Roster, Refusal> {
    if participants.len() <= max {
        return Ok(participants);
    }
    let message = format!("At most {max} participants fit in one call");
    let details = vec![Detail { field: "participantUserIds", message: message.clone() }];
    Err(Refusal { details, ..Refusal::new(Code::TooManyParticipants, message) })
}

fn seconds(text: &str) -> Option<Timestamp> {
    let since = SignedDuration::try_from_secs_f64(text.parse().ok()?).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since).ok()
}

impl Given {
    fn unless_absent<T>(self, read: impl FnOnce(Self) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        if self == Self::Absent { Ok(None) } else { read(self).map(Some) }
    }

    fn credential(self) -> Result<Option<Secret>, Fault> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(Secret::new(text))),
            Self::Number(_) | Self::List(_) | Self::Other => {
                Err(Fault::new(Code::InvalidRequest, "token", "write it as a text"))
            }
        }
    }

    /// As `2026-03-02T09:00:00Z`, or in seconds since 1970, as credentials have it.
    fn moment_of_the_past(self) -> Result<Timestamp, Fault> {
        let moment = match &self {
            Self::Text(text) => text.parse().ok().or_else(|| seconds(text)),
            Self::Number(text) => seconds(text),
            Self::Absent | Self::List(_) | Self::Other => None,
        };
        let fault = |message| Fault::new(Code::InvalidRequest, "issuedBefore", message);
        match moment {
            Some(moment) if moment <= Timestamp::now() => Ok(moment),
            Some(_) => Err(fault("must not lie in the future")),
            None => Err(fault("write it as 2026-03-02T09:00:00Z, or in seconds since 1970")),
        }
    }

    fn meeting(self) -> Result<MeetingId, Fault> {
        const FIELD: &str = "meetingId";
        match self {
            Self::Absent => Err(Fault::missing(FIELD)),
            Self::Text(text) | Self::Number(text) => {
                text.parse().map_err(|error| Fault::new(Code::InvalidMeetingId, FIELD, error))
            }
            Self::List(_) | Self::Other => {
                Err(Fault::new(Code::InvalidMeetingId, FIELD, "write it as a text or a number"))
            }
        }
    }

    fn user(self, field: &'static str) -> Result<UserId, Fault> {
        match self {
            Self::Absent => Err(Fault::missing(field)),
            Self::Text(text) => text.parse().map_err(|error| Fault::new(Code::InvalidUserId, field, error)),
            Self::Number(_) | Self::List(_) | Self::Other => {
                Err(Fault::new(Code::InvalidUserId, field, "write it as a text"))
            }
        }
    }

    fn roster(self) -> Result<Roster, Fault> {
        const FIELD: &str = "participantUserIds";
        match self {
            Self::Absent => Err(Fault::missing(FIELD)),
            Self::List(list) => Ok(Roster::new(list.into_iter().map(Self::named))),
            one @ Self::Text(_) => Ok(Roster::new([one.named()])),
            Self::Number(_) | Self::Other => {
                Err(Fault::new(Code::InvalidRequest, FIELD, "write a list of texts"))
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
            Self::List(_) | Self::Other => (String::new(), "write a user ID as a text".to_owned()),
        };
        Named::Invalid { given: given.chars().take(USER_ID_MAX_BYTES).collect(), reason }
    }
}

#[cfg(test)]
mod tests;
