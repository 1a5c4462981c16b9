//! A Zoom inside the process, for development and tests: logins, ZAK and OBF tokens, and every way that Zoom fails.
//!
//! It answers as Zoom's documentation and observed responses say, on 127.0.0.1 only. It shares nothing with the hub's
//! client but the wire types, and its tokens open nothing. Several can run in one process; each has an [`Account`] of
//! its own, which owns all of its state. Absent on purpose: every other call of Zoom's API, TLS (mount [`routes`] on
//! a server that has it) and anything kept across a restart.
//!
//! Some users behave by name, whatever its ASCII case: `missing…` does not exist, `slow…` takes two seconds longer,
//! `flaky…` fails every second time.

mod access_log;
mod access_tokens;
mod account;
mod control;
mod faults;
mod gateway;
mod minting;
mod oauth;
mod refusal;
mod seen;
mod tokens;
mod window;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, web};
use thiserror::Error;

use self::access_log::access_log;
pub use self::account::{Account, MAX_MINTED, Minted, Settings};
pub use self::faults::{ErrorKind, FaultSettings, Faults, InvalidFault, TokenShape};
pub use self::minting::Claims;
pub use self::seen::Seen;

/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Longer than clients keep an idle connection, so that one isn't cut just as it is used again.
const KEEP_ALIVE: Duration = Duration::from_mins(2);

/// Why a simulator did not start.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// Its port can't be had.
    #[error("the simulator can't listen on 127.0.0.1:{port}: {source}")]
    Bind {
        /// The port that was asked for.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A simulator that runs. It goes on until it is stopped, or its actix system ends.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    account: Account,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

/// Starts a simulator on 127.0.0.1, with one worker thread. Call it inside a running actix system.
///
/// # Errors
/// [`SimulatorError::Bind`] if the port is taken or not allowed.
#[allow(
    clippy::unused_async,
    reason = "it needs a running actix system, and only async code is sure to be in one"
)]
pub async fn start(settings: Settings) -> Result<Simulator, SimulatorError> {
    let port = settings.port;
    let bind_error = |source| SimulatorError::Bind { port, source };
    let account = Account::new(settings);
    let routes = routes(account.clone());
    let server = HttpServer::new(move || App::new().configure(routes.clone()))
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .bind((Ipv4Addr::LOCALHOST, port))
        .map_err(bind_error)?;
    let address = server.addrs().first().copied();
    let address = address.ok_or_else(|| bind_error(io::ErrorKind::AddrNotAvailable.into()))?;
    let server = server.run();
    Ok(Simulator { address, account, handle: server.handle(), server: actix_web::rt::spawn(server) })
}

/// The simulator's routes, to be mounted on any server: `/oauth/token`, `/v2`, and `/simulator` if the account's
/// settings have the controls on.
pub fn routes(account: Account) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(web::ThinData(account.clone()))
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .service(
                web::resource("/oauth/token").wrap(from_fn(access_log)).route(web::post().to(oauth::login)),
            )
            .service(
                web::resource("/v2/users/{user}/token")
                    .wrap(from_fn(access_log))
                    .route(web::get().to(tokens::token)),
            );
        if account.settings().control {
            control::routes(config);
        }
    }
}

impl Simulator {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT/oauth/token`.
    #[must_use]
    pub fn oauth_url(&self) -> String {
        format!("http://{}/oauth/token", self.address)
    }

    /// `http://127.0.0.1:PORT/v2`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}/v2", self.address)
    }

    /// Its whole state.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The credentials that it takes, among what it was started with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.account.settings()
    }

    /// The switches of its faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.account.faults()
    }

    /// The counters as they stand.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.account.seen()
    }

    /// As [`Account::revoke_access_tokens`].
    pub async fn revoke_access_tokens(&self) {
        self.account.revoke_access_tokens().await;
    }

    /// Closes the port and every connection at once, calls under way too.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!("the simulator ended badly: {error}"),
            Err(error) => log::warn!("the simulator was cut off: {error}"),
        }
    }
}
