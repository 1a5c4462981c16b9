//! What the simulator saw: counters that a test can read, or wait on.
//!
//! Owned by the account, through a watch channel, so that a test waits for a number and not for a time. No token, user
//! or meeting is in here.

use serde::Serialize;
use tokio::sync::watch;

use crate::zoom::api::TokenKind;

/// Counters since the start. As JSON an object with these fields in camel case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// Logins tried, whatever became of them.
    pub login_calls: u64,
    /// Access tokens issued.
    pub logins: u64,
    /// Token calls for a ZAK, whatever became of them.
    pub zak_calls: u64,
    /// Token calls for an OBF, whatever became of them.
    pub obf_calls: u64,
    /// ZAKs issued.
    pub zaks: u64,
    /// OBFs issued.
    pub obfs: u64,
    /// API calls refused with 401.
    pub unauthorised: u64,
    /// API calls refused with 429.
    pub rate_limited: u64,
    /// Token calls that have no answer yet. One whose client gave up counts until its answer would have been due: the
    /// server doesn't notice before.
    pub under_way: u64,
    /// The most token calls that were under way at one time.
    pub max_under_way: u64,
}

impl Seen {
    /// A token call arrived; a kind that the simulator doesn't know is counted as under way only.
    pub(super) fn call(&mut self, kind: Option<TokenKind>) {
        match kind {
            Some(TokenKind::Zak) => self.zak_calls += 1,
            Some(TokenKind::Obf) => self.obf_calls += 1,
            None => {}
        }
        self.under_way += 1;
        self.max_under_way = self.max_under_way.max(self.under_way);
    }

    /// A token was issued.
    pub(super) fn minted(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Zak => self.zaks += 1,
            TokenKind::Obf => self.obfs += 1,
        }
    }
}

/// A token call under way. Dropped when it is answered, or given up.
#[derive(Debug)]
pub(super) struct UnderWay(watch::Sender<Seen>);

impl UnderWay {
    /// Counts a call from now on.
    pub(super) fn begin(seen: &watch::Sender<Seen>, kind: Option<TokenKind>) -> Self {
        seen.send_modify(|seen| seen.call(kind));
        Self(seen.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|seen| seen.under_way = seen.under_way.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_calls_at_one_time_outlast_their_answers() {
        let seen = watch::Sender::new(Seen::default());
        let first = UnderWay::begin(&seen, Some(TokenKind::Zak));
        let second = UnderWay::begin(&seen, Some(TokenKind::Obf));
        drop((first, second));
        drop(UnderWay::begin(&seen, None));
        let expected = Seen { zak_calls: 1, obf_calls: 1, max_under_way: 2, ..Seen::default() };
        assert_eq!(*seen.borrow(), expected);
    }
}
