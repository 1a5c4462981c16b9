//! The access token's keeping: one login however many ask at once, and what was last learnt of Zoom's willingness.
//!
//! Owned by the broker, on its thread. The access token never leaves this layer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::clock::sleep;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use log::{info, warn};
use tokio::sync::{Notify, watch};

use super::client::ZoomClient;
use super::error::{Cause, ZoomError};
use super::lease::Lease;

/// The first and the longest wait before a failed login is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// What the broker last learnt of Zoom. A lease that ran out unused changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The first login is under way.
    Starting,
    /// The last login succeeded.
    Connected,
    /// The last login failed, for this reason.
    Disconnected(String),
}

type Login = Shared<LocalBoxFuture<'static, Result<Lease, ZoomError>>>;

/// The one lease, in flight or held.
pub(crate) struct Access {
    client: Rc<ZoomClient>,
    login: RefCell<Option<Login>>,
    refusals: Rc<Refusals>,
    health: watch::Sender<Health>,
}

/// Logins that failed in a row: the next is not tried before its time, however many ask.
#[derive(Default)]
struct Refusals {
    in_a_row: Cell<u32>,
    not_before: Cell<Option<Instant>>,
    told: Notify,
}

impl Refusals {
    fn failed(&self, error: &ZoomError) {
        let in_a_row = self.in_a_row.replace(self.in_a_row.get().saturating_add(1));
        // Credentials that are wrong stay wrong; a Zoom that is away comes back at any moment.
        let longest = if error.cause == Cause::CredentialsRejected { RETRY.1 } else { RETRY.0 };
        let wait = RETRY.0.saturating_mul(1 << in_a_row.min(10)).min(longest);
        self.not_before.set(Some(Instant::now() + wait));
        self.told.notify_one();
    }

    fn ended(&self) {
        self.in_a_row.set(0);
        self.not_before.set(None);
    }
}

impl Access {
    pub(crate) fn new(client: Rc<ZoomClient>, health: watch::Sender<Health>) -> Rc<Self> {
        Rc::new(Self { client, login: RefCell::new(None), refusals: Rc::default(), health })
    }

    /// The lease: held, or from the login that is under way, or from a new one. Where the last login has just failed, its
    /// refusal: nobody hammers at a closed door.
    pub(crate) fn lease(&self) -> Login {
        let now = Instant::now();
        let mut login = self.login.borrow_mut();
        let usable = login.as_ref().is_some_and(|login| match login.peek() {
            None => true,
            Some(Ok(lease)) => lease.is_fresh(now),
            Some(Err(_)) => self.refusals.not_before.get().is_some_and(|then| now < then),
        });
        match &*login {
            Some(login) if usable => login.clone(),
            Some(_) | None => login.insert(self.log_in()).clone(),
        }
    }

    /// Drops the lease that Zoom just refused, unless a newer one has taken its place already.
    pub(crate) fn reject(&self, refused: &Lease) {
        let mut login = self.login.borrow_mut();
        let held = login.as_ref().and_then(Shared::peek);
        if matches!(held, Some(Ok(lease)) if lease.token.is(&refused.token)) {
            *login = None;
        }
    }

    /// Drops a login that is not answered: the next one starts anew.
    pub(crate) fn give_up(&self) {
        let mut login = self.login.borrow_mut();
        if login.as_ref().is_some_and(|login| login.peek().is_none()) {
            *login = None;
        }
    }

    /// Tells what was learnt of Zoom; whether that is news.
    pub(crate) fn learn(&self, health: &Health) -> bool {
        learn(&self.health, health)
    }

    fn log_in(&self) -> Login {
        let (client, health) = (Rc::clone(&self.client), self.health.clone());
        let refusals = Rc::clone(&self.refusals);
        let login = async move {
            let answer = client.login().await;
            let now = match &answer {
                Ok(_) => Health::Connected,
                Err(error) => Health::Disconnected(error.to_string()),
            };
            // Said by name, before a host finds out.
            for (scope, tokens) in answer.iter().flat_map(|lease| lease.granted.missing_scopes()) {
                warn!("the Zoom app lacks the scope {scope}: {tokens} tokens may be refused");
            }
            if learn(&health, &now) {
                match now {
                    Health::Disconnected(error) => warn!("{error}"),
                    Health::Connected | Health::Starting => info!("authenticated with Zoom"),
                }
            }
            match &answer {
                Ok(_) => refusals.ended(),
                Err(error) => refusals.failed(error),
            }
            answer
        };
        login.boxed_local().shared()
    }

    /// Logs in at the start, and again and again while that fails, so that health heals without traffic.
    pub(crate) async fn keep(self: Rc<Self>) {
        loop {
            if self.lease().await.is_ok() {
                self.refusals.told.notified().await;
            }
            let then = self.refusals.not_before.get();
            sleep(then.map_or(RETRY.0, |then| then.saturating_duration_since(Instant::now()))).await;
        }
    }
}

fn learn(health: &watch::Sender<Health>, now: &Health) -> bool {
    health.send_replace(now.clone()) != *now
}
