//! Who is connected, readable from every thread without asking. Only the registry writes it.
//!
//! A view, not the truth: a route is decided by the registry alone. It saves minting a token for somebody who isn't
//! there, gives health its numbers, and tells the stop when everybody has left.

use std::sync::Arc;

use dashmap::{DashMap, Entry};
use tokio::sync::watch;

use crate::names::UserId;

/// The view. Clones look at the same one.
#[derive(Clone, Debug, Default)]
pub struct Presence(Arc<View>);

#[derive(Debug, Default)]
struct View {
    sessions: watch::Sender<usize>,
    users: DashMap<UserId, usize>,
}

impl Presence {
    /// Whether a user has a session.
    #[must_use]
    pub fn is_online(&self, user: &UserId) -> bool {
        self.0.users.contains_key(user)
    }

    /// How many sessions there are, identified or not.
    #[must_use]
    pub fn sessions(&self) -> usize {
        *self.0.sessions.borrow()
    }

    /// How many users have a session.
    #[must_use]
    pub fn users(&self) -> usize {
        self.0.users.len()
    }

    /// Waits until there is no session. Give it a deadline.
    pub async fn everybody_left(&self) {
        let mut sessions = self.0.sessions.subscribe();
        // The sender lives as long as `self`, so this ends by the count alone.
        drop(sessions.wait_for(|count| *count == 0).await);
    }

    /// A session was born.
    pub(super) fn opened(&self) {
        self.0.sessions.send_modify(|count| *count += 1);
    }

    /// A session ended.
    pub(super) fn closed(&self) {
        self.0.sessions.send_modify(|count| *count = count.saturating_sub(1));
    }

    /// A user has one more session.
    pub(super) fn arrived(&self, user: &UserId) {
        *self.0.users.entry(user.clone()).or_default() += 1;
    }

    /// A user has one session less.
    pub(super) fn left(&self, user: &UserId) {
        if let Entry::Occupied(mut sessions) = self.0.users.entry(user.clone()) {
            *sessions.get_mut() -= 1;
            if *sessions.get() == 0 {
                sessions.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_online_until_the_last_session_left() {
        let (presence, user) = (Presence::default(), "Ann".parse().unwrap());
        presence.arrived(&user);
        presence.arrived(&"ann".parse().unwrap());
        presence.left(&user);
        assert!(presence.is_online(&user) && presence.users() == 1);
        presence.left(&user);
        presence.left(&user);
        assert!(!presence.is_online(&user) && presence.users() == 0);
    }
}
