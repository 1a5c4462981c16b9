//! Who may do what: one pure function, asked by sessions and by REST alike.
//!
//! Only [`permit`] makes a [`Permitted`], and only a `Permitted` request is carried out: a way around the decision
//! does not compile. There is `open` mode alone as yet, the seed's trust: any caller may name any user.

use super::refusal::Refusal;
use super::requests::{Authenticate, BatchJoin, Distribute, JoinMeeting, SetUpMeeting, StartMeeting};
use crate::names::{MeetingId, UserId};

/// Who asks, as far as it proved itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody, in `AUTH_MODE=open`.
    Anyone,
}

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
    /// An answer that holds other people's tokens.
    OthersTokens(MeetingId),
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

/// A request that its caller may make.
#[derive(Clone, Debug)]
pub struct Permitted<R>(R);

impl<R> Permitted<R> {
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
pub fn permit<R: Request>(caller: Caller, request: R) -> Result<Permitted<R>, Refusal> {
    decide(caller, request.action())?;
    Ok(Permitted(request))
}

/// The table itself. In `open` mode every cell of it is a yes.
#[expect(clippy::unnecessary_wraps, reason = "a mode that refuses comes with credentials")]
fn decide(caller: Caller, action: Action<'_>) -> Result<(), Refusal> {
    match (caller, action) {
        (
            Caller::Anyone,
            Action::Authenticate(_)
            | Action::Zak(_)
            | Action::Obf(..)
            | Action::Distribute(..)
            | Action::OthersTokens(_),
        ) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_open_mode_any_caller_may_name_any_user() {
        let meeting = "123456789".parse().unwrap();
        let host: UserId = "ceo@example.com".parse().unwrap();
        assert!(permit(Caller::Anyone, StartMeeting { meeting, host: host.clone() }).is_ok());
        assert!(permit(Caller::Anyone, JoinMeeting { meeting, participant: host }).is_ok());
    }
}
