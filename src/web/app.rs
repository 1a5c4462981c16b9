//! The running hub: bind, start the actors, serve, drain.
//!
//! Tests build what production builds, on port 0 and with another Zoom's address.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use actix::prelude::*;
use actix_http::HttpService;
use actix_service::{IntoServiceFactory, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::web;
use futures_util::future::{join, select_all};
use log::{error, info, warn};
use rustls::ClientConfig;
use socket2::SockRef;
use thiserror::Error;
use tokio::sync::{oneshot, watch};

use super::health::{About, Mode};
use super::listen::{self, ListenError};
use super::origin::{self, Policy};
use super::rates::Rates;
use super::socketio::{HubService, Transport};
use super::{envelope, open_files, routes, socketio, upgrade};
use crate::config::{Config, Proxies, Upstream};
use crate::hub::Hub;
use crate::hub::distributions::{CutShort, Distributions, LetGo, Limits};
use crate::hub::drain::Drain;
use crate::hub::meetings::Meetings;
use crate::hub::mint::{Deadlines, Minting};
use crate::hub::presence::Presence;
use crate::hub::refusal::Code;
use crate::hub::registry::{Bounds, EndAll, Registry};
use crate::hub::tally::Tally;
use crate::hub::watches;
use crate::identity::{Authority, KeyError, KeyWatch};
use crate::zoom::broker::{Tempo, TokenBroker};
use crate::zoom::{self, ClientError, Health};

/// Of the time for a stop this much is kept for telling everybody and closing.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long each step of the farewell may take.
const STEP: Duration = Duration::from_millis(700);

/// After the last byte, a peer has this long to close first: a WebSocket client waits for the server to do it, and
/// one whose upload was refused needs the moment to read why.
const LINGER: Duration = Duration::from_millis(500);

type SocketIo = Transport<HubService>;

/// Why the hub did not start, or stopped by itself.
#[derive(Debug, Error)]
pub enum AppError {
    /// Credentials can't be verified with what there is.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A socket could not be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// TLS to Zoom could not be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server failed.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
    /// An actor that everything needs has ended, which is a bug.
    #[error("the {0} ended unexpectedly; the log says why")]
    ActorEnded(&'static str),
}

/// A hub that listens; [`App::run`] serves.
#[derive(Debug)]
pub struct App {
    hub: Arc<Hub>,
    sockets: Vec<TcpListener>,
    config: Config,
    about: About,
    vital: Vec<Vital>,
    arbiter: Arbiter,
    key_watch: Option<KeyWatch>,
}

/// An actor without which the process is of no use, known by its end.
#[derive(Debug)]
struct Vital {
    name: &'static str,
    ended: oneshot::Receiver<Infallible>,
}

impl App {
    /// Binds the sockets and starts the actors, which log in at once.
    ///
    /// # Errors
    /// A socket that can't be had, roots that are no certificates.
    pub fn build(config: &Config, upstream: &Upstream, mode: Mode) -> Result<Self, AppError> {
        let tls = zoom::tls(upstream)?;
        let (authority, key_watch) = Authority::new(&config.auth)?;
        let sockets = listen::sockets(config.listen)?;
        let arbiter = Arbiter::new();
        let (hub, vital) = start_actors(config, authority, upstream.clone(), tls, &arbiter.handle());
        let about = About { mode, since: Instant::now(), public_url: config.public_url.clone() };
        Ok(Self { hub: Arc::new(hub), sockets, config: config.clone(), about, vital, arbiter, key_watch })
    }

    /// Where it listens; port 0 has become a real one.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// What it learns of Zoom.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.hub.health.clone()
    }

    /// Serves until `stop` ends, then drains.
    ///
    /// # Errors
    /// The server failed, or an actor ended that everything needs; the hub has drained by then.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), AppError> {
        let Self { hub, sockets, config, about, vital, arbiter, key_watch } = self;
        let socket_io = socketio::transport(Arc::clone(&hub));
        let shared = Shared::new(&hub, &socket_io, &config, &about);
        let server = serve(&shared, sockets, &config)?;
        let handle = server.handle();
        let serving = actix_web::rt::spawn(server);
        // On the actors' thread, which ends last.
        if let Some(watch) = key_watch {
            arbiter.spawn(watch.run());
        }
        let ended = select_all(vital.into_iter().map(|Vital { name, ended }| {
            Box::pin(async move {
                // Nothing is ever sent: the end of the actor ends this.
                drop(ended.await);
                name
            })
        }));
        let outcome = tokio::select! {
            () = stop => {
                info!("stopping: new work is refused, what runs has {:?}", config.times.shutdown_timeout);
                Ok(())
            }
            (name, _, _) = ended => {
                error!("the {name} ended unexpectedly: stopping");
                Err(AppError::ActorEnded(name))
            }
        };
        drain(&hub, &socket_io, config.times.shutdown_timeout, &handle).await;
        match serving.await {
            Ok(ended) => ended?,
            Err(failed) => warn!("the server's task failed: {failed}"),
        }
        arbiter.stop();
        outcome
    }
}

/// Broker, registry and distributions on one thread; awc's client is not `Send`, so the broker is made there.
fn start_actors(
    config: &Config,
    authority: Authority,
    upstream: Upstream,
    tls: ClientConfig,
    arbiter: &ArbiterHandle,
) -> (Hub, Vec<Vital>) {
    let max_sessions = config.limits.max_sessions.unwrap_or_else(open_files::room);
    let (presence, drain, deadlines) = (Presence::default(), Drain::default(), Deadlines::new(&config.zoom));
    let (learns, health) = watch::channel(Health::Starting);
    let (tells, tempo) = watch::channel(Tempo::default());
    let mut vital = Vec::new();
    let mut alive = |name| {
        let (alive, ended) = oneshot::channel();
        vital.push(Vital { name, ended });
        alive
    };
    let broker = {
        let (settings, alive) = (config.zoom.clone(), alive("token broker"));
        TokenBroker::start_in_arbiter(arbiter, move |_| {
            TokenBroker::new(upstream, &settings, tls, learns, tells, alive)
        })
    };
    let minting = Minting { broker: broker.clone(), deadlines, tally: Tally::default() };
    let registry = {
        let registry = Registry::new(
            presence.clone(),
            drain.clone(),
            Bounds {
                sessions: max_sessions,
                per_user: config.limits.max_sessions_per_user,
                min_life: config.zoom.min_life,
                watches: watches::Bounds {
                    per_session: config.limits.max_batch,
                    in_all: watches::IN_ALL,
                    grace: config.times.presence_grace,
                },
            },
            authority.revocations().cloned(),
            alive("registry"),
        );
        Registry::start_in_arbiter(arbiter, move |_| registry)
    };
    let distributions = {
        let (minting, registry, presence) = (minting.clone(), registry.clone(), presence.clone());
        let (limits, alive) = (Limits::new(config), alive("distributions"));
        Distributions::start_in_arbiter(arbiter, move |_| {
            Distributions::new(minting, registry, presence, limits, tempo, alive)
        })
    };
    let hub = Hub {
        tally: minting.tally.clone(),
        meetings: Meetings::new(minting, registry.clone(), distributions.clone()),
        broker,
        registry,
        distributions,
        authority,
        presence,
        drain,
        health,
        times: config.times,
        limits: config.limits,
        max_sessions,
        deadlines,
    };
    (hub, vital)
}

/// What every worker's application has at hand.
#[derive(Clone)]
struct Shared {
    hub: web::Data<Hub>,
    about: web::Data<About>,
    policy: web::Data<Policy>,
    rates: web::Data<Rates>,
    proxies: web::Data<Proxies>,
    socket_io: web::Data<SocketIo>,
}

impl Shared {
    fn new(hub: &Arc<Hub>, socket_io: &SocketIo, config: &Config, about: &About) -> Self {
        Self {
            hub: web::Data::from(Arc::clone(hub)),
            about: web::Data::new(about.clone()),
            policy: web::Data::new(Policy::new(config)),
            rates: web::Data::new(Rates::new(config.limits.rest_rate)),
            proxies: web::Data::new(config.proxies.clone()),
            socket_io: web::Data::new(socket_io.clone()),
        }
    }

    /// What each worker serves: the routes, what they work with, and what goes around every one.
    fn application(
        &self,
    ) -> actix_web::App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
    > {
        let Self { hub, about, policy, rates, proxies, socket_io } = self.clone();
        let cors = origin::cors(policy.get_ref().clone());
        actix_web::App::new()
            .app_data(hub)
            .app_data(about)
            .app_data(policy)
            .app_data(rates)
            .app_data(proxies)
            .app_data(socket_io)
            .wrap(cors)
            .wrap(from_fn(origin::check))
            .wrap(from_fn(envelope::wrap))
            .configure(routes)
    }
}

fn serve(shared: &Shared, sockets: Vec<TcpListener>, config: &Config) -> io::Result<Server> {
    let (write_timeout, request_timeout) = (config.times.write_timeout, config.times.request_timeout);
    // One processor is the actors': with a thread for each beside theirs a token costs some 6 % more, by the waking of
    // threads and by their changing places.
    let workers = available_parallelism().map_or(1, NonZeroUsize::get).saturating_sub(1).max(1);
    let room = shared.hub.max_sessions + open_files::SPARE;
    let mut server = Server::build()
        // A worker's share of all. Who connects without a word has its time, and keeps no files from calls to Zoom.
        .max_concurrent_connections(room.div_ceil(workers))
        .workers(workers)
        // The binary decides what a signal means.
        .disable_signals()
        .shutdown_timeout(FAREWELL.as_secs());
    let stopping = server.graceful_shutdown_signal();
    for socket in sockets {
        let (shared, stopping, address) = (shared.clone(), stopping.clone(), socket.local_addr()?);
        // What HttpServer does, but for upgrades and HTTP/2, which has no place without TLS and takes 1.3 KiB of every
        // connection.
        server = server.listen(format!("http-{address}"), socket, move || {
            let stopping = stopping.clone();
            let application = || map_config(shared.application().into_factory(), |()| AppConfig::default());
            HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .client_request_timeout(request_timeout)
                .client_disconnect_timeout(LINGER)
                // Who hangs up is gone: what a request waits for is given up, and a poll ends its connection.
                .h1_allow_half_closed(false)
                .local_addr(address)
                .on_connect_ext(move |io: &TcpStream, _| set_up(io, write_timeout))
                .upgrade(upgrade::service(application(), LINGER))
                .h1(application())
                .tcp()
        })?;
    }
    Ok(server.run())
}

/// Has the kernel send what is written at once, and end a connection whose peer takes nothing of it for so long: no timer
/// of ours runs in a transport that can't write.
///
/// Here, for the builder's own setting concerns the services for HTTP/2 alone. Without it a token waits for the client's
/// word that it has what was sent before, which takes up to 40 ms.
fn set_up(io: &TcpStream, after: Duration) {
    if let Err(error) = io.set_nodelay(true) {
        warn!("TCP_NODELAY could not be set: {error}");
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = SockRef::from(io).set_tcp_user_timeout(Some(after)) {
        warn!("TCP_USER_TIMEOUT could not be set: {error}");
    }
}

/// New work is refused, what runs goes on until shortly before the end, what is left is reported, then every session
/// is closed and the server stops.
async fn drain(hub: &Hub, socket_io: &SocketIo, patience: Duration, server: &ServerHandle) {
    hub.drain.begin();
    if timeout(patience.saturating_sub(FAREWELL), hub.drain.idle()).await.is_err() {
        warn!("time is up: what still runs is cut short");
        if let Err(error) = hub.distributions.send(CutShort).timeout(STEP).await {
            warn!("the distributions did not answer: {error}");
        }
        if timeout(STEP, hub.drain.idle()).await.is_err() {
            warn!("not all work ended in time");
        }
    }
    if let Err(error) = hub.distributions.send(LetGo).timeout(STEP).await {
        warn!("the distributions did not answer: {error}");
    }
    match hub.registry.send(EndAll(Code::ShuttingDown)).timeout(STEP).await {
        Ok(sessions) => info!("{sessions} sessions are closed"),
        Err(error) => warn!("the registry did not answer: {error}"),
    }
    // A client that polls fetches its goodbye.
    let everybody_left = join(hub.presence.everybody_left(), socket_io.everybody_left());
    if timeout(STEP, everybody_left).await.is_err() {
        warn!(
            "{} sessions did not end in time, or a client that polls did not come",
            hub.presence.sessions()
        );
    }
    if timeout(FAREWELL + STEP, server.stop(true)).await.is_err() {
        warn!("the server did not stop in time");
    }
}

#[cfg(test)]
mod panics;

#[cfg(test)]
mod tests;
