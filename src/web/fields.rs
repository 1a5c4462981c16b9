//! What a caller wrote, from JSON or a form, turned into requests: checked here, trusted inside.
//!
//! Generous in form (a number for a meeting ID, spaces in it, one value for a list), strict in content. Unknown fields
//! pass, as with the seed's server; a JSON array in place of an object does not.

mod faults;
mod given;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::hub::refusal::{Code, Detail, Refusal};
use crate::hub::requests::{
    Authenticate, BatchJoin, Distribute, GetDistribution, IdempotencyKey, JoinMeeting, Revoke, Roster,
    SetUpMeeting, StartMeeting, WatchPresence,
};
use crate::identity::Matching;
use crate::names::{DeliveryId, DistributionId};
use faults::{Fault, Faults};

pub(super) use given::Given;

/// The fields of a request or event, those that the hub knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields {
    meeting_id: Given,
    host_user_id: Given,
    participant_user_id: Given,
    participant_user_ids: Given,
    user_id: Given,
    user_ids: Given,
    token: Hidden,
    issued_before: Given,
    wait: Given,
    acks: Given,
    hold: Given,
    hold_seconds: Given,
    idempotency_key: Given,
    delivery_id: Given,
    distribution_id: Given,
    follow: Given,
}

/// The field of most lists.
const PARTICIPANTS: &str = "participantUserIds";

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
            "userIds" => &mut self.user_ids,
            "token" => &mut self.token.0,
            "issuedBefore" => &mut self.issued_before,
            "wait" => &mut self.wait,
            "acks" => &mut self.acks,
            "hold" => &mut self.hold,
            "holdSeconds" => &mut self.hold_seconds,
            "idempotencyKey" => &mut self.idempotency_key,
            "deliveryId" => &mut self.delivery_id,
            "distributionId" => &mut self.distribution_id,
            "follow" => &mut self.follow,
            _ => return None,
        })
    }

    /// The fields of `authenticate`.
    pub(super) fn authenticate(self) -> Result<Authenticate, Refusal> {
        let mut faults = Faults::default();
        let user = faults.note(self.user_id.user("userId"));
        let credential = faults.note(self.token.0.credential());
        let acks = faults.note(self.acks.flag("acks", false));
        match (user, credential, acks) {
            (Some(user), Some(credential), Some(acks)) => Ok(Authenticate { user, credential, acks }),
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
        let participants = faults.note(self.participant_user_ids.roster(PARTICIPANTS).and_then(not_empty));
        match (meeting, participants) {
            (Some(meeting), Some(participants)) => {
                Ok(BatchJoin { meeting, participants: within(participants, max, PARTICIPANTS)? })
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
            faults.note(self.participant_user_ids.roster(PARTICIPANTS))
        };
        match (meeting, host, participants) {
            (Some(meeting), Some(host), Some(participants)) => {
                Ok(SetUpMeeting { meeting, host, participants: within(participants, max, PARTICIPANTS)? })
            }
            _ => Err(faults.refusal("meetingId and hostUserId")),
        }
    }

    /// The fields of a distribution to at most `max` participants.
    pub(super) fn distribute(self, max: usize) -> Result<Distribute, Refusal> {
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let host = faults.note(self.host_user_id.user("hostUserId"));
        let participants = faults.note(self.participant_user_ids.roster(PARTICIPANTS));
        let holds = faults.note(self.hold.flag("hold", true));
        let hold = faults.note(self.hold_seconds.unless_absent(Given::hold));
        match (meeting, host, participants, holds, hold) {
            (Some(meeting), Some(host), Some(participants), Some(holds), Some(hold)) => {
                let hold = holds.then(|| hold.unwrap_or(Duration::MAX));
                Ok(Distribute { meeting, host, participants: within(participants, max, PARTICIPANTS)?, hold })
            }
            _ => Err(faults.refusal("meetingId, hostUserId and participantUserIds")),
        }
    }

    /// What the caller calls the request: in the field, in the header of a request over HTTP, or in both alike.
    pub(super) fn idempotency_key(&self, header: Option<&str>) -> Result<Option<IdempotencyKey>, Refusal> {
        let fault = |message| Faults(vec![Fault::new(Code::InvalidRequest, "idempotencyKey", message)]);
        let key = |text| {
            let key = IdempotencyKey::new(text);
            key.ok_or_else(|| fault("1 to 128 visible ASCII characters").refusal(""))
        };
        let field = match &self.idempotency_key {
            Given::Absent => None,
            Given::Text(text) | Given::Number(text) => Some(key(text)?),
            Given::List(_) | Given::Flag(_) | Given::Other => Some(key("")?),
        };
        match (field, header.map(key).transpose()?) {
            (Some(field), Some(header)) if field != header => {
                Err(fault("the header Idempotency-Key has another").refusal(""))
            }
            (field, header) => Ok(field.or(header)),
        }
    }

    /// The field of a receipt.
    pub(super) fn receipt(self) -> Result<DeliveryId, Refusal> {
        required(self.delivery_id.random("deliveryId"), "deliveryId")
    }

    /// The field of a cancellation.
    pub(super) fn cancel(self) -> Result<DistributionId, Refusal> {
        required(self.distribution_id.random("distributionId"), "distributionId")
    }

    /// The fields of a look at one distribution, or at all.
    pub(super) fn get(self) -> Result<GetDistribution, Refusal> {
        let mut faults = Faults::default();
        let id = faults.note(self.distribution_id.unless_absent(|given| given.random("distributionId")));
        let follow = faults.note(self.follow.flag("follow", false));
        match (id, follow) {
            (Some(id), Some(follow)) => Ok(GetDistribution { id, follow }),
            _ => Err(faults.refusal("")),
        }
    }

    /// The fields of a watch of at most `max` users; of none it ends one.
    pub(super) fn watch(self, max: usize) -> Result<WatchPresence, Refusal> {
        const USERS: &str = "userIds";
        let mut faults = Faults::default();
        let meeting = faults.note(self.meeting_id.meeting());
        let users = faults.note(self.user_ids.roster(USERS));
        match (meeting, users) {
            (Some(meeting), Some(users)) => Ok(WatchPresence { meeting, users: within(users, max, USERS)? }),
            _ => Err(faults.refusal("meetingId and userIds")),
        }
    }

    /// How long a caller is willing to wait, in seconds from 0 to `longest`, which is also the default.
    pub(super) fn wait(&self, longest: Duration) -> Result<Duration, Refusal> {
        let seconds: Option<f64> = match &self.wait {
            Given::Absent => return Ok(longest),
            Given::Text(text) | Given::Number(text) => text.parse().ok(),
            Given::List(_) | Given::Flag(_) | Given::Other => None,
        };
        let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        wait.filter(|wait| *wait <= longest).ok_or_else(|| {
            let message = format!("a number of seconds from 0 to {}", longest.as_secs());
            Faults(vec![Fault::new(Code::InvalidRequest, "wait", message)]).refusal("")
        })
    }
}

fn required<T>(field: Result<T, Fault>, name: &str) -> Result<T, Refusal> {
    field.map_err(|fault| Faults(vec![fault]).refusal(name))
}

fn not_empty(participants: Roster) -> Result<Roster, Fault> {
    if participants.is_empty() {
        let message = "name at least one participant";
        return Err(Fault::new(Code::InvalidRequest, PARTICIPANTS, message));
    }
    Ok(participants)
}

fn within(participants: Roster, max: usize, field: &'static str) -> Result<Roster, Refusal> {
    if participants.len() <= max {
        return Ok(participants);
    }
    let message = format!("At most {max} participants fit in one call");
    let details = vec![Detail { field, message: message.clone() }];
    Err(Refusal { details, ..Refusal::new(Code::TooManyParticipants, message) })
}

#[cfg(test)]
mod tests;
