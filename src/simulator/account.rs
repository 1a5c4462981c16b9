//! The simulated Zoom account: its credentials, its faults, what it issued and what it saw.
//!
//! One account is one simulator's whole state, shared by its routes and by whoever started it. It knows no HTTP.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use crate::names::{MeetingId, UserId};
use crate::secret::Secret;
use crate::simulator::access_tokens::AccessTokens;
use crate::simulator::faults::{FaultSettings, Faults};
use crate::simulator::minting::Claims;
use crate::simulator::refusal::Refusal;
use crate::simulator::seen::{Seen, UnderWay};
use crate::simulator::window::SlidingWindow;
use crate::zoom::api::TokenKind;

/// The most issued tokens that are remembered; beyond it the oldest is forgotten.
pub const MAX_MINTED: usize = 10_000;

/// The most `flaky` users that are remembered; beyond it all of them begin anew.
const MAX_FLAKY: usize = 10_000;

/// What a simulator is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0, the default, is any free one.
    pub port: u16,
    /// The app's client ID; `simulator-client` by default.
    pub client_id: String,
    /// The app's client secret; `simulator-secret` by default.
    pub client_secret: Secret,
    /// The account that the app belongs to; `simulator-account` by default.
    pub account_id: String,
    /// Whether people can see and switch faults under `/simulator`; they can by default.
    pub control: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            client_id: "simulator-client".into(),
            client_secret: Secret::new("simulator-secret".into()),
            account_id: "simulator-account".into(),
            control: true,
        }
    }
}

/// A token that was issued, without the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// Which kind.
    pub kind: TokenKind,
    /// Whom it was issued for.
    pub user: UserId,
    /// The meeting that the call named.
    pub meeting: Option<MeetingId>,
    /// The token's own name, its claim `jti`.
    pub jti: String,
}

/// A handle on one simulated account. Clones are the same account.
#[derive(Clone, Debug)]
pub struct Account(Arc<State>);

#[derive(Debug)]
struct State {
    settings: Settings,
    faults: Faults,
    seen: watch::Sender<Seen>,
    ledger: Mutex<Ledger>,
}

/// What changes with the calls. Locked for a few steps at a time, never while anything is awaited.
#[derive(Debug, Default)]
struct Ledger {
    access_tokens: AccessTokens,
    window: SlidingWindow,
    stumble_next: HashSet<UserId>,
    minted: VecDeque<Minted>,
}

impl Account {
    /// A new account, without a fault and with nothing issued.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(State {
            settings,
            faults: Faults::default(),
            seen: watch::Sender::default(),
            ledger: Mutex::default(),
        }))
    }

    /// What it was started with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The switches of its faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The counters as they stand.
    #[must_use]
    pub fn seen(&self) -> Seen {
        *self.0.seen.borrow()
    }

    /// The counters, for waiting until they show something (`wait_for`, with a deadline).
    #[must_use]
    pub fn watch_seen(&self) -> watch::Receiver<Seen> {
        self.0.seen.subscribe()
    }

    /// The issued tokens, oldest first, at most the last [`MAX_MINTED`].
    pub async fn minted(&self) -> Vec<Minted> {
        self.0.ledger.lock().await.minted.iter().cloned().collect()
    }

    /// No access token issued so far is good any more: calls with one get 401, code 124.
    pub async fn revoke_access_tokens(&self) {
        self.0.ledger.lock().await.access_tokens.revoke();
    }

    /// Counts something seen.
    pub(super) fn note(&self, change: impl FnOnce(&mut Seen)) {
        self.0.seen.send_modify(change);
    }

    /// Counts a token call until what is returned is dropped.
    pub(super) fn call_under_way(&self, kind: Option<TokenKind>) -> UnderWay {
        UnderWay::begin(&self.0.seen, kind)
    }

    /// Issues an access token that is good for so long.
    pub(super) async fn issue_access_token(&self, life: Duration) -> Secret {
        let mut ledger = self.0.ledger.lock().await;
        let token = ledger.access_tokens.issue(Instant::now(), life);
        self.note(|seen| seen.logins += 1);
        token
    }

    /// Whether a text is a good access token.
    pub(super) async fn authorise(&self, token: &str) -> Result<(), Refusal> {
        let ledger = self.0.ledger.lock().await;
        let judged = ledger.access_tokens.judge(Instant::now(), token);
        if judged.is_err() {
            self.note(|seen| seen.unauthorised += 1);
        }
        judged
    }

    /// Whether an API call is within the limits in force.
    pub(super) async fn admit(&self, faults: &FaultSettings) -> Result<(), Refusal> {
        let admitted = self.within_limits(faults).await;
        if admitted.is_err() {
            self.note(|seen| seen.rate_limited += 1);
        }
        admitted
    }

    async fn within_limits(&self, faults: &FaultSettings) -> Result<(), Refusal> {
        let limit = faults.requests_per_second;
        if faults.daily_limit {
            return Err(Refusal::DailyLimit);
        }
        let mut ledger = self.0.ledger.lock().await;
        if limit == 0 || ledger.window.admits(Instant::now(), limit) {
            return Ok(());
        }
        Err(Refusal::PerSecondLimit { limit, retry_after_seconds: faults.retry_after_seconds })
    }

    /// Whether this call of a `flaky` user fails: every second one does.
    pub(super) async fn stumbles(&self, user: &UserId) -> bool {
        let stumble_next = &mut self.0.ledger.lock().await.stumble_next;
        if stumble_next.remove(user) {
            return true;
        }
        if stumble_next.len() >= MAX_FLAKY {
            stumble_next.clear();
        }
        stumble_next.insert(user.clone());
        false
    }

    /// Remembers a token that was issued.
    pub(super) async fn remember(&self, user: UserId, meeting: Option<MeetingId>, claims: Claims) {
        let minted = &mut self.0.ledger.lock().await.minted;
        if minted.len() >= MAX_MINTED {
            minted.pop_front();
        }
        self.note(|seen| seen.minted(claims.kind));
        minted.push_back(Minted { kind: claims.kind, user, meeting, jti: claims.jti });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn what_is_remembered_of_issued_tokens_and_flaky_users_is_bounded() {
        let account = Account::new(Settings::default());
        let user = |number: usize| format!("flaky{number}").parse::<UserId>().unwrap();
        for number in 0..=MAX_MINTED.max(MAX_FLAKY) {
            let claims = Claims::new(TokenKind::Zak, &user(number), None, 0, 1);
            account.remember(user(number), None, claims).await;
            assert!(!account.stumbles(&user(number)).await);
        }
        let minted = account.minted().await;
        assert_eq!(minted.len(), MAX_MINTED);
        assert_eq!(minted[0].user, user(1));
        assert_eq!(account.0.ledger.lock().await.stumble_next.len(), 1);
    }
}
