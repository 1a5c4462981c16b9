//! The access token's keeping: one login however many ask at once, and what was last learnt of Zoom's willingness.
//!
//! Owned by the broker, on its thread. The access token never leaves this layer.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::clock::sleep;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use log::{info, warn};
use tokio::sync::watch;

use super::client::ZoomClient;
use super::error::ZoomError;
use super::lease::Lease;

/// The first and the longest wait before a failed login is tried again without anybody asking.
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
    health: watch::Sender<Health>,
}

impl Access {
    pub(crate) fn new(client: Rc<ZoomClient>, health: watch::Sender<Health>) -> Rc<Self> {
        Rc::new(Self { client, login: RefCell::new(None), health })
    }

    /// The lease: held, or from the login that is under way, or from a new one.
    pub(crate) fn lease(&self) -> Login {
        let mut login = self.login.borrow_mut();
        let usable = login.as_ref().is_some_and(|login| match login.peek() {
            None => true,
            Some(Ok(lease)) => lease.is_fresh(Instant::now()),
            Some(Err(_)) => false,
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

    fn log_in(&self) -> Login {
        let (client, health) = (Rc::clone(&self.client), self.health.clone());
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
            if health.send_replace(now.clone()) != now {
                match now {
                    Health::Disconnected(error) => warn!("{error}"),
                    Health::Connected | Health::Starting => info!("authenticated with Zoom"),
                }
            }
            answer
        };
        login.boxed_local().shared()
    }

    /// Logs in at the start, and again and again while that fails, so that health heals without traffic.
    pub(crate) async fn keep(self: Rc<Self>) {
        let mut learns = self.health.subscribe();
        let mut wait = RETRY.0;
        loop {
            if self.lease().await.is_err() {
                sleep(wait).await;
                wait = (wait * 2).min(RETRY.1);
                continue;
            }
            wait = RETRY.0;
            let failed = learns.wait_for(|health| matches!(health, Health::Disconnected(_))).await;
            if failed.is_err() {
                return;
            }
        }
    }
}
