//! What a caller wrote, from JSON or a form, turned into requests: checked here, trusted inside.
//!
//! Generous in form (a number for a meeting ID, spaces in it, one value for a list), strict in content. Unknown fields
//! pass, as with the seed's server; a JSON array in place of an object does not.

use std::fmt;
use std::time::Duration;

use crate::hub::refusal::{Code, Detail, Refusal};
use crate::hub::requests::{
    Authenticate, BatchJoin, Distribute, JoinMeeting, Named, Roster, SetUpMeeting, StartMeeting,
};
use crate::names::{MeetingId, USER_ID_MAX_BYTES, UserId};

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
    wait: Given,
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
            "wait" => &mut self.wait,
            _ => return None,
        })
    }

    /// The fields of `authenticate`.
    pub(super) fn authenticate(self) -> Result<Authenticate, Refusal> {
        let mut faults = Faults::default();
        match faults.note(self.user_id.user("userId")) {
            Some(user) => Ok(Authenticate { user }),
            None => Err(faults.refusal("userId")),
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

impl Given {
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
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        serde_json::from_str(json).unwrap()
    }

    fn names(details: &[Detail]) -> Vec<&str> {
        details.iter().map(|detail| detail.field).collect()
    }

    #[test]
    fn a_missing_field_reads_as_in_the_seed_and_details_name_each() {
        for json in ["{}", r#"{"meetingId":null,"hostUserId":""}"#, r#"{"HOSTUSERID":"x"}"#] {
            let refusal = fields(json).start().unwrap_err();
            assert_eq!(refusal.message, "Missing required fields: meetingId and hostUserId");
            assert_eq!(
                (refusal.code, names(&refusal.details)),
                (Code::InvalidRequest, vec!["meetingId", "hostUserId"])
            );
        }
    }

    #[test]
    fn an_invalid_field_is_named_with_its_own_code() {
        let refusal = fields(r#"{"meetingId":"123","hostUserId":"h"}"#).start().unwrap_err();
        assert_eq!((refusal.code, names(&refusal.details)), (Code::InvalidMeetingId, vec!["meetingId"]));
        let refusal = fields(r#"{"meetingId":123456789,"participantUserId":"ME"}"#).join().unwrap_err();
        assert_eq!((refusal.code, names(&refusal.details)), (Code::InvalidUserId, vec!["participantUserId"]));
        for json in [r#"{"userId":7}"#, r#"{"userId":["a"]}"#, r#"{"userId":{}}"#, r#"{"userId":true}"#] {
            assert_eq!(fields(json).authenticate().unwrap_err().code, Code::InvalidUserId, "{json}");
        }
    }

    #[test]
    fn an_invalid_participant_is_a_row_and_a_duplicate_is_none() {
        let json = r#"{"meetingId":123456789,"participantUserIds":["a","A","me",7,null,{},"b"]}"#;
        let roster = fields(json).batch_join(9).unwrap().participants;
        let valid = roster.iter().filter(|named| matches!(named, Named::User(_))).count();
        assert_eq!((valid, roster.len()), (2, 5));
    }

    #[test]
    fn too_many_participants_are_refused_by_number() {
        let json = r#"{"meetingId":123456789,"hostUserId":"h","participantUserIds":["a","b","c"]}"#;
        assert_eq!(fields(json).distribute(2).unwrap_err().code, Code::TooManyParticipants);
        assert!(fields(json).distribute(3).is_ok());
    }

    #[test]
    fn a_batch_join_names_somebody_and_a_set_up_need_not() {
        let json = r#"{"meetingId":123456789,"hostUserId":"h","participantUserIds":[]}"#;
        assert_eq!(fields(json).batch_join(2).unwrap_err().code, Code::InvalidRequest);
        assert!(fields(json).set_up(2).is_ok());
        assert!(fields(r#"{"meetingId":123456789,"hostUserId":"h"}"#).set_up(2).is_ok());
    }

    #[test]
    fn a_wait_has_its_bounds() {
        let wait = |json| fields(json).wait(Duration::from_secs(30));
        assert_eq!(wait("{}").unwrap(), Duration::from_secs(30));
        assert_eq!(wait(r#"{"wait":0.5}"#).unwrap(), Duration::from_millis(500));
        assert_eq!(wait(r#"{"wait":"2"}"#).unwrap(), Duration::from_secs(2));
        for json in [r#"{"wait":31}"#, r#"{"wait":-1}"#, r#"{"wait":"NaN"}"#, r#"{"wait":[]}"#] {
            assert_eq!(wait(json).unwrap_err().code, Code::InvalidRequest, "{json}");
        }
    }
}
