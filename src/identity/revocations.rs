//! Which credentials no longer count, though their time is not over.
//!
//! Only the registry adds to them, so that no session slips in between; who verifies a credential reads. They are held
//! in memory, for as long as a credential that they concern could live, and forgotten when the process ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::sync::watch;

use super::{Identity, LEEWAY, SERVICE_MAX_TTL};
use crate::names::{MeetingId, UserId};

/// How many are held at most.
const MAX: usize = 100_000;

/// No more are held.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{MAX} revocations are held, and no more fit")]
pub struct TooMany;

/// The credentials that a revocation concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// Those of this user.
    pub user: Option<UserId>,
    /// Those that name this meeting among theirs. One that is good for any meeting names none.
    pub meeting: Option<MeetingId>,
    /// Those signed before this moment; one that doesn't say when counts as signed before.
    pub issued_before: Timestamp,
}

impl Matching {
    /// Whether this is one of them.
    #[must_use]
    pub fn concerns(&self, identity: &Identity) -> bool {
        let names = |meeting| identity.meetings.as_ref().is_some_and(|meetings| meetings.contains(meeting));
        self.user.as_ref().is_none_or(|user| *user == identity.user)
            && self.meeting.as_ref().is_none_or(names)
            && identity.issued_at.is_none_or(|issued_at| issued_at < self.issued_before)
    }

    /// Whether what waits for this user in this meeting since then is concerned, too.
    #[must_use]
    pub fn concerns_intent(&self, user: &UserId, meeting: MeetingId, since: Timestamp) -> bool {
        self.user.as_ref().is_none_or(|revoked| revoked == user)
            && self.meeting.is_none_or(|revoked| revoked == meeting)
            && since < self.issued_before
    }
}

/// The revocations. Clones look at the same ones.
#[derive(Clone, Debug)]
pub struct Revocations {
    held: Arc<watch::Sender<Held>>,
    /// For how long one is held.
    memory: SignedDuration,
}

/// By their user, so that one credential is not compared with all of them.
#[derive(Debug, Default)]
struct Held {
    by_user: HashMap<Option<UserId>, Vec<Matching>>,
    count: usize,
}

impl Revocations {
    /// None, of credentials that live so long at most.
    #[must_use]
    pub fn new(max_ttl: Duration) -> Self {
        let memory = SignedDuration::try_from(max_ttl.max(SERVICE_MAX_TTL)).unwrap_or(SignedDuration::MAX);
        Self { held: Arc::default(), memory: memory.saturating_add(LEEWAY).saturating_add(LEEWAY) }
    }

    /// Adds one.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&self, matching: Matching, now: Timestamp) -> Result<(), TooMany> {
        let mut added = Ok(());
        self.held.send_modify(|held| {
            if held.count >= MAX {
                held.forget(|old| now.duration_since(old.issued_before) > self.memory);
            }
            added = held.add(matching);
        });
        added
    }

    /// Whether this credential counts no more.
    #[must_use]
    pub fn concern(&self, identity: &Identity) -> bool {
        let held = self.held.borrow();
        let of = |user| held.by_user.get(&user).into_iter().flatten();
        of(Some(identity.user.clone())).chain(of(None)).any(|matching| matching.concerns(identity))
    }
}

impl Held {
    fn add(&mut self, matching: Matching) -> Result<(), TooMany> {
        let of_user = self.by_user.entry(matching.user.clone()).or_default();
        if let Some(old) = of_user.iter_mut().find(|old| old.meeting == matching.meeting) {
            old.issued_before = old.issued_before.max(matching.issued_before);
            return Ok(());
        }
        if self.count >= MAX {
            return Err(TooMany);
        }
        of_user.push(matching);
        self.count += 1;
        Ok(())
    }

    fn forget(&mut self, over: impl Fn(&Matching) -> bool) {
        self.by_user.retain(|_, of_user| {
            of_user.retain(|old| !over(old));
            !of_user.is_empty()
        });
        self.count = self.by_user.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: usize, issued_before: Timestamp) -> Matching {
        Matching { user: format!("user{user}").parse().ok(), meeting: None, issued_before }
    }

    fn identity(user: usize, issued_at: Timestamp) -> Identity {
        let user = format!("user{user}").parse().unwrap();
        let (issued_at, expires_at) = (Some(issued_at), Timestamp::MAX);
        Identity { user, role: crate::identity::Role::Host, meetings: None, issued_at, expires_at }
    }

    #[test]
    fn a_later_revocation_of_the_same_takes_the_place_of_an_earlier_one_and_no_earlier_one_of_a_later() {
        let (revocations, now) = (Revocations::new(Duration::ZERO), Timestamp::now());
        let hour = SignedDuration::from_hours(1);
        for moment in [now - hour, now, now - hour] {
            revocations.add(of(1, moment), now).unwrap();
        }
        assert!(revocations.concern(&identity(1, now - hour / 2)));
        assert_eq!(revocations.held.borrow().count, 1);
    }

    #[test]
    fn so_many_are_held_until_no_credential_that_they_concern_can_be_alive() {
        let (revocations, now) = (Revocations::new(Duration::ZERO), Timestamp::now());
        for user in 0..MAX {
            revocations.add(of(user, now), now).unwrap();
        }
        assert_eq!(revocations.add(of(MAX, now), now), Err(TooMany));
        assert_eq!(revocations.add(of(0, now), now), Ok(()), "it is held already");
        let over = now + revocations.memory + SignedDuration::from_secs(1);
        revocations.add(of(MAX, over), over).unwrap();
        assert_eq!(revocations.held.borrow().count, 1);
        assert!(!revocations.concern(&identity(0, now - SignedDuration::from_hours(1))));
    }
}
