//! Who may do what: one pure function, asked by sessions, by REST and by the registry alike.
//!
//! Only [`permit`] makes a [`Permitted`], and only a `Permitted` request is carried out: a way around the decision
//! does not compile. Whether a credential still counts is not decided here: whoever asks has seen to that.

use super::refusal::{Code, Refusal};
use super::requests::{
    Authenticate, BatchJoin, CancelDistribution, Distribute, GetDistribution, JoinMeeting, Revoke,
    SetUpMeeting, StartMeeting, Stats, WatchPresence,
};
use crate::identity::{Caller, Identity, Role};
use crate::names::{MeetingId, UserId};

/// What is asked, as far as the decision looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// To be sent what is the user's.
    Authenticate(&'a UserId),
    /// A user's ZAK, which *is* the user.
    Zak(&'a UserId),
    /// A user's OBF for one meeting.
    Obf(&'a UserId, MeetingId),
    /// To distribute in a meeting as its host.
    Distribute(&'a UserId, MeetingId),
    /// To ask for distributions; each that is answered is one that its caller could have made.
    Distributions,
    /// An answer that holds other people's tokens.
    OthersTokens(MeetingId),
    /// To know who is there for a meeting.
    Presence(MeetingId),
    /// To end other people's credentials.
    Revoke,
    /// To see how much the hub does.
    Stats,
}

/// A request that says what it would do.
pub trait Request {
    /// The action that must be permitted.
    fn action(&self) -> Action<'_>;
}

impl Request for Authenticate {
    fn action(&self) -> Action<'_> {
        Action::Authenticate(&self.user)
    }
}

impl Request for StartMeeting {
    fn action(&self) -> Action<'_> {
        Action::Zak(&self.host)
    }
}

impl Request for JoinMeeting {
    fn action(&self) -> Action<'_> {
        Action::Obf(&self.participant, self.meeting)
    }
}

impl Request for BatchJoin {
    fn action(&self) -> Action<'_> {
        Action::OthersTokens(self.meeting)
    }
}

impl Request for SetUpMeeting {
    fn action(&self) -> Action<'_> {
        Action::OthersTokens(self.meeting)
    }
}

impl Request for Distribute {
    fn action(&self) -> Action<'_> {
        Action::Distribute(&self.host, self.meeting)
    }
}

impl Request for GetDistribution {
    fn action(&self) -> Action<'_> {
        Action::Distributions
    }
}

impl Request for CancelDistribution {
    fn action(&self) -> Action<'_> {
        Action::Distributions
    }
}

impl Request for WatchPresence {
    fn action(&self) -> Action<'_> {
        Action::Presence(self.meeting)
    }
}

impl Request for Revoke {
    fn action(&self) -> Action<'_> {
        Action::Revoke
    }
}

impl Request for Stats {
    fn action(&self) -> Action<'_> {
        Action::Stats
    }
}

/// A request that its caller may make.
#[derive(Clone, Debug)]
pub struct Permitted<R>(R);

impl<R> Permitted<R> {
    /// The request, to be looked at.
    #[must_use]
    pub fn as_inner(&self) -> &R {
        &self.0
    }

    /// The request, to be carried out.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.0
    }
}

/// Decides whether a caller may make a request.
///
/// # Errors
/// The refusal to answer with.
pub fn permit<R: Request>(caller: &Caller, request: R) -> Result<Permitted<R>, Refusal> {
    decide(caller, request.action())?;
    Ok(Permitted(request))
}

/// The decision. In `open` mode every cell of the table is a yes.
pub(super) fn decide(caller: &Caller, action: Action<'_>) -> Result<(), Refusal> {
    match caller {
        Caller::Anyone => Ok(()),
        Caller::Unknown => Err(Refusal::new(Code::NotAuthenticated, "Show a credential first")),
        Caller::Known(identity) if may(identity, action) => Ok(()),
        Caller::Known(_) => Err(Refusal::new(Code::Forbidden, forbidden(action))),
    }
}

/// The table itself.
fn may(identity: &Identity, action: Action<'_>) -> bool {
    let serves = identity.role == Role::Service;
    let is = |user: &UserId| identity.user == *user;
    let hosts_as = |user| identity.role == Role::Host && is(user);
    match action {
        Action::Authenticate(user) => serves || is(user),
        Action::Zak(user) => serves || hosts_as(user),
        Action::Obf(user, meeting) => (serves || is(user)) && identity.allows(meeting),
        Action::Distribute(host, meeting) => (serves || hosts_as(host)) && identity.allows(meeting),
        Action::Distributions => identity.role != Role::Participant,
        Action::OthersTokens(meeting) => serves && identity.allows(meeting),
        Action::Presence(meeting) => identity.role != Role::Participant && identity.allows(meeting),
        Action::Revoke | Action::Stats => serves,
    }
}

/// What it would take, which tells nothing of anybody else.
fn forbidden(action: Action<'_>) -> &'static str {
    match action {
        Action::Authenticate(_) => "The credential is another user's",
        Action::Zak(_) => "A ZAK is for the credential's own user, whose role is host",
        Action::Obf(..) => "An OBF is for the credential's own user and meetings",
        Action::Distribute(..) => "The credential's own user distributes as host, in its own meetings",
        Action::Distributions => "Distributions are their hosts'",
        Action::OthersTokens(_) => {
            "Other people's tokens are answered to role service alone, for its own meetings"
        }
        Action::Presence(_) => "Who is there is for hosts to know, in the credential's own meetings",
        Action::Revoke => "Role service alone revokes",
        Action::Stats => "The hub's figures are for role service alone",
    }
}

#[cfg(test)]
mod tests;
