//! What the hub keeps of distributions, and for how long. Never a token.

use std::time::Duration;

use super::error::ConfigError;
use super::read;
use super::variables::Variables;

/// How long, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// `HOLD_SECONDS`, by default 7200: the longest that an absent participant is waited for.
    pub hold: Duration,
    /// `MAX_PENDING`, by default 100000: absent participants who are waited for.
    pub max_pending: usize,
    /// `RECEIPT_TIMEOUT_SECONDS`, by default 10: until a token counts as lost that a client was to confirm.
    pub receipt: Duration,
    /// `REMEMBER_SECONDS`, by default 3600: how long an ended distribution is remembered.
    pub remember: Duration,
    /// `MAX_REMEMBERED`, by default 10000: ended distributions that are remembered.
    pub max_remembered: usize,
    /// `IDEMPOTENCY_SECONDS`, by default 600: how long a request's own name counts.
    pub idempotency: Duration,
}

impl Keeping {
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let seconds = |name, default| read::seconds(variables, name, default);
        let most = |name, default| read::whole(variables, name, default, 1..=10_000_000);
        Ok(Self {
            hold: seconds("HOLD_SECONDS", 7200)?,
            max_pending: most("MAX_PENDING", 100_000)?,
            receipt: seconds("RECEIPT_TIMEOUT_SECONDS", 10)?,
            remember: seconds("REMEMBER_SECONDS", 3600)?,
            max_remembered: most("MAX_REMEMBERED", 10_000)?,
            idempotency: seconds("IDEMPOTENCY_SECONDS", 600)?,
        })
    }
}
