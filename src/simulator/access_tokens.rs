//! The access tokens that logins were given: which still open the API, which have run out, which were never issued.
//!
//! Pure: the caller says what time it is. Owned by the account. A token that has run out is remembered for as long as
//! there is room, so that Zoom's two sentences for the two cases can be told apart.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::secret::Secret;
use crate::simulator::minting::random_text;
use crate::simulator::refusal::Refusal;

/// The most that are remembered; beyond it those that have run out go first, then the oldest.
const MAX_REMEMBERED: usize = 1_000;

/// The access tokens issued and not revoked, oldest first.
#[derive(Debug, Default)]
pub(super) struct AccessTokens {
    issued: VecDeque<Issued>,
}

#[derive(Debug)]
struct Issued {
    token: Secret,
    at: Instant,
    life: Duration,
}

impl Issued {
    fn has_run_out(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) >= self.life
    }
}

impl AccessTokens {
    /// A new one that ends after `life`. Older ones stay good, as Zoom's do.
    pub(super) fn issue(&mut self, now: Instant, life: Duration) -> Secret {
        self.make_room(now);
        let token = Secret::new(random_text());
        self.issued.push_back(Issued { token: token.clone(), at: now, life });
        token
    }

    /// Whether a token opens the API.
    ///
    /// # Errors
    /// Zoom's refusal: one sentence for a token that has run out, another for one that it doesn't know.
    pub(super) fn judge(&self, now: Instant, token: &str) -> Result<(), Refusal> {
        // From the newest: that is the one a client normally holds.
        match self.issued.iter().rev().find(|it| it.token.reveal() == token) {
            None => Err(Refusal::AccessTokenUnknown),
            Some(issued) if issued.has_run_out(now) => Err(Refusal::AccessTokenExpired),
            Some(_) => Ok(()),
        }
    }

    /// None of them is good any more.
    pub(super) fn revoke(&mut self) {
        self.issued.clear();
    }

    fn make_room(&mut self, now: Instant) {
        if self.issued.len() >= MAX_REMEMBERED {
            self.issued.retain(|it| !it.has_run_out(now));
        }
        if self.issued.len() >= MAX_REMEMBERED {
            self.issued.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn a_token_is_good_until_the_moment_its_life_ends() {
        let (mut tokens, start) = (AccessTokens::default(), Instant::now());
        let token = tokens.issue(start, HOUR);
        let last_good = start + Duration::from_secs(3599);
        assert!(tokens.judge(last_good, token.reveal()).is_ok());
        assert_eq!(tokens.judge(start + HOUR, token.reveal()), Err(Refusal::AccessTokenExpired));
    }

    #[test]
    fn a_new_token_leaves_the_older_one_good_and_a_revocation_leaves_none() {
        let (mut tokens, now) = (AccessTokens::default(), Instant::now());
        let (first, second) = (tokens.issue(now, HOUR), tokens.issue(now, HOUR));
        assert_ne!(first, second);
        assert!(tokens.judge(now, first.reveal()).is_ok());
        tokens.revoke();
        for token in [first, second] {
            assert_eq!(tokens.judge(now, token.reveal()), Err(Refusal::AccessTokenUnknown));
        }
    }

    #[test]
    fn when_there_is_no_room_those_that_have_run_out_go_first_then_the_oldest() {
        let (mut tokens, now) = (AccessTokens::default(), Instant::now());
        let oldest = tokens.issue(now, HOUR);
        let run_out = tokens.issue(now, Duration::ZERO);
        while tokens.issued.len() < MAX_REMEMBERED {
            tokens.issue(now, HOUR);
        }
        tokens.issue(now, HOUR);
        assert_eq!(tokens.judge(now, run_out.reveal()), Err(Refusal::AccessTokenUnknown));
        assert!(tokens.judge(now, oldest.reveal()).is_ok());
        tokens.issue(now, HOUR);
        assert_eq!(tokens.judge(now, oldest.reveal()), Err(Refusal::AccessTokenUnknown));
        assert_eq!(tokens.issued.len(), MAX_REMEMBERED);
    }
}
