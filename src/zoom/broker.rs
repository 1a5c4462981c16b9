//! `TokenBroker`: the actor that owns the access token and every call to Zoom.
//!
//! Its schedule says which call starts when, which is made again and which is hopeless; the broker makes the calls and
//! answers. Callers who want the same ZAK while it is under way get the same one; an OBF is never shared. A caller that
//! stopped waiting gives its place back. The broker awaits no other actor.

mod flight;
mod load;
mod parking;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use actix::dev::OneshotSender;
use actix::prelude::*;
use log::{info, warn};
use rustls::ClientConfig;
use tokio::sync::{oneshot, watch};

use super::access::{Access, Health};
use super::client::ZoomClient;
use super::error::{Cause, ZoomError};
use super::granted::Granted;
use super::lease::IssuedToken;
use super::schedule::{After, Bounds, Call, Hopeless, Lane, News, Schedule, Turn};
use crate::config::{Upstream, Zoom};
use crate::names::{MeetingId, UserId};
use crate::under_way::UnderWay;
use flight::{Job, Landed, end, fly, probe};

use parking::{Parking, Turns};

pub use load::{HowBusy, Load};
pub use parking::Parked;

/// How often calls are looked for whose time is over while they wait.
const SWEEP: Duration = Duration::from_secs(1);

/// What a call to the broker ends with.
pub type Issued = Result<IssuedToken, ZoomError>;

/// Asks the broker for one token. Every one is answered by its lane's deadline; send it with one of your own all the same.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Issued")]
pub struct Issue {
    /// Which token.
    pub mint: Mint,
    /// Whose turn it takes.
    pub lane: Lane,
}

/// A token to be minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mint {
    /// A host's ZAK.
    Zak {
        /// The host.
        user: UserId,
    },
    /// A participant's OBF for one meeting.
    Obf {
        /// The participant.
        user: UserId,
        /// The meeting that it is bound to.
        meeting: MeetingId,
    },
}

impl Mint {
    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> &UserId {
        match self {
            Self::Zak { user } | Self::Obf { user, .. } => user,
        }
    }

    /// For somebody who waits for it.
    #[must_use]
    pub fn interactive(self) -> Issue {
        let lane = Lane::Interactive(self.user().clone());
        Issue { mint: self, lane }
    }
}

impl fmt::Display for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zak { user } => write!(f, "kind=ZAK user={:?}", user.as_str()),
            Self::Obf { user, meeting } => write!(f, "kind=OBF user={:?} meeting={meeting}", user.as_str()),
        }
    }
}

/// Asks the broker whether Zoom lets it in: what the login gave that it holds, or makes for this.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Result<Granted, ZoomError>")]
pub struct LogIn;

/// What others may know of the broker's pace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tempo {
    /// Calls a second that start at most; none: no limit is known.
    pub per_second: Option<f64>,
}

/// The actor. Make it on the thread that it runs on: `TokenBroker::start_in_arbiter`.
pub struct TokenBroker {
    access: Rc<Access>,
    client: Rc<ZoomClient>,
    schedule: Schedule<Rc<Job>>,
    /// The calls that have just come.
    parking: Parking,
    /// The calls under way, and what they bring.
    flights: foldhash::HashMap<u64, Flight>,
    landings: UnderWay<u64, Landed>,
    flown: u64,
    /// The ZAKs that wait or are under way.
    zaks: HashMap<UserId, Weak<Job>>,
    wake: Option<(Instant, SpawnHandle)>,
    tempo: watch::Sender<Tempo>,
    /// Dropped with the actor, which tells the process that the broker ended.
    _alive: oneshot::Sender<Infallible>,
}

struct Flight {
    call: Call<Rc<Job>>,
    started: Instant,
}

impl TokenBroker {
    /// A broker for one account. `health` and `tempo` tell what it learns; `alive` is dropped when it ends.
    #[must_use]
    pub fn new(
        upstream: Upstream,
        settings: &Zoom,
        tls: ClientConfig,
        health: watch::Sender<Health>,
        tempo: watch::Sender<Tempo>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        let client = Rc::new(ZoomClient::new(upstream, settings, tls));
        let bounds = Bounds {
            per_second: settings.rate_per_second.into(),
            under_way: settings.max_concurrency,
            waiting: settings.max_queued,
            patience: settings.timeout,
        };
        Self {
            access: Access::new(Rc::clone(&client), health),
            client,
            schedule: Schedule::new(bounds),
            parking: Parking::default(),
            flights: foldhash::HashMap::default(),
            landings: UnderWay::default(),
            flown: 0,
            zaks: HashMap::new(),
            wake: None,
            tempo,
            _alive: alive,
        }
    }

    fn admit(&mut self, issue: Issue, answer: OneshotSender<Issued>, ctx: &mut Context<Self>) {
        let Issue { mint, lane } = issue;
        if let Mint::Zak { user } = &mint
            && let Some(job) = self.zaks.get(user).and_then(Weak::upgrade)
        {
            return job.also_for(answer);
        }
        let job = Rc::new(Job::new(mint, answer));
        if let Mint::Zak { user } = &job.mint {
            self.zaks.insert(user.clone(), Rc::downgrade(&job));
        }
        match self.schedule.admit(Instant::now(), lane, job) {
            Ok(()) => self.drive(ctx),
            Err((job, hopeless)) => self.end(&job, &Err(self.refusal(&job, hopeless))),
        }
    }

    fn refusal(&self, job: &Job, hopeless: Hopeless) -> ZoomError {
        match hopeless {
            Hopeless::Full => job.error(Cause::QueueFull, "too many calls to Zoom are waiting"),
            Hopeless::TooLong(wait) => {
                let rate = self.schedule.rate(Instant::now()).unwrap_or_default();
                let seconds = wait.as_secs_f64().ceil();
                let detail =
                    format!("at {rate:.1} calls a second to Zoom its turn would come in {seconds} s");
                ZoomError { retry_after: Some(wait), ..job.error(Cause::QueueFull, detail) }
            }
            Hopeless::Away => job.error(Cause::Unavailable, "Zoom does not answer"),
            Hopeless::DayOver(wait) => {
                let error = job.error(Cause::DailyLimit, "Zoom allows the account no more calls today");
                ZoomError { retry_after: Some(wait), ..error }
            }
        }
    }

    /// A job is over: everybody who waits gets the answer.
    fn end(&mut self, job: &Job, issued: &Issued) {
        if let Mint::Zak { user } = &job.mint {
            self.zaks.remove(user);
        }
        job.answer(issued);
    }

    /// Starts what may start, and sees to being woken for what may not yet.
    fn drive(&mut self, ctx: &mut Context<Self>) {
        loop {
            let now = Instant::now();
            match self.schedule.turn(now) {
                Turn::Start(call) => self.start(now, call),
                Turn::Expired(call) => self.expire(&call),
                Turn::At(at) => return self.wake_at(now, at, ctx),
                Turn::Nothing => return,
            }
        }
    }

    fn wake_at(&mut self, now: Instant, at: Instant, ctx: &mut Context<Self>) {
        if let Some((then, wake)) = self.wake.take() {
            if then <= at {
                self.wake = Some((then, wake));
                return;
            }
            ctx.cancel_future(wake);
        }
        let wake = ctx.run_later(at.saturating_duration_since(now), |broker, ctx| {
            broker.wake = None;
            broker.drive(ctx);
        });
        self.wake = Some((at, wake));
    }

    fn start(&mut self, started: Instant, call: Call<Rc<Job>>) {
        self.flown += 1;
        let flight = fly(Rc::clone(&self.access), Rc::clone(&self.client), call.job.mint.clone());
        self.landings.begin(self.flown, flight);
        self.flights.insert(self.flown, Flight { call, started });
    }

    fn landed(&mut self, id: u64, landed: Landed, ctx: &mut Context<Self>) {
        let Some(Flight { call, started, .. }) = self.flights.remove(&id) else {
            return;
        };
        let (Landed { issued, limits }, now) = (landed, Instant::now());
        let (after, news) = self.schedule.ended(now, started, call, end(&issued), rand::random());
        if let Some(limit) = limits.per_second.filter(|limit| self.schedule.told(*limit)) {
            warn!(
                "Zoom says that it allows {limit} calls a second: the hub makes no more (ZOOM_RATE_PER_SECOND)"
            );
        }
        if limits.full {
            self.schedule.full(now);
        }
        if let After::Over(call) = after {
            self.end(&call.job, &issued);
        }
        self.tell(news, issued.err(), ctx);
        self.drive(ctx);
    }

    fn expire(&mut self, call: &Call<Rc<Job>>) {
        let error = call.job.error(Cause::TimedOut, "its turn did not come in time");
        self.end(&call.job, &Err(error));
    }

    fn tell(&mut self, news: News, error: Option<ZoomError>, ctx: &mut Context<Self>) {
        if let Some(accepted) = news.too_fast {
            warn!(
                "Zoom refuses calls for their rate, having taken {accepted} in the last second: \
                 ZOOM_RATE_PER_SECOND={} would fit. The rate is this process's; other hubs and programs of the \
                 account have their share",
                accepted.max(1)
            );
        }
        if let Some(wait) = news.day_over {
            warn!("Zoom allows the account no more calls today: calls are refused until that is over");
            for call in self.schedule.everything() {
                self.end(&call.job, &Err(self.refusal(&call.job, Hopeless::DayOver(wait))));
            }
        }
        if news.back {
            self.is_back();
        }
        if let (true, Some(error)) = (news.away, error) {
            self.is_away(&error, ctx);
        }
        let tempo = Tempo { per_second: self.schedule.rate(Instant::now()) };
        self.tempo.send_if_modified(|told| {
            let is_news = *told != tempo;
            *told = tempo;
            is_news
        });
    }

    /// Zoom doesn't answer: nobody waits in vain for it any longer but those who have the time, and a probe finds out
    /// when it is back.
    fn is_away(&mut self, error: &ZoomError, ctx: &mut Context<Self>) {
        warn!("Zoom does not answer, calls are refused until it does: {error}");
        self.access.learn(&Health::Disconnected(error.to_string()));
        let now = Instant::now();
        let mut over = self.schedule.impatient();
        for (id, Flight { call, .. }) in self.flights.drain() {
            self.landings.stop(&id);
            if let After::Over(call) = self.schedule.gave_up(now, call) {
                over.push(call);
            }
        }
        for call in over {
            self.end(&call.job, &Err(self.refusal(&call.job, Hopeless::Away)));
        }
        let probing = probe(Rc::clone(&self.access), Rc::clone(&self.client));
        ctx.spawn(probing.into_actor(self).map(|(), broker, ctx| {
            if broker.schedule.is_back() {
                broker.is_back();
            }
            broker.drive(ctx);
        }));
    }

    fn is_back(&self) {
        info!("Zoom answers again");
        self.access.learn(&Health::Connected);
    }

    /// Ends the calls whose time is over while they wait, forgets those that nobody waits for, and closes connections
    /// that no call uses any more.
    fn sweep(&mut self) {
        self.client.rest(Instant::now());
        self.zaks.retain(|_, job| job.strong_count() > 0);
        for call in self.schedule.sweep(Instant::now()) {
            self.expire(&call);
        }
    }
}

impl fmt::Debug for TokenBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBroker")
            .field("under_way", &self.flights.len())
            .field("waiting", &self.schedule.waiting())
            .finish_non_exhaustive()
    }
}

impl Actor for TokenBroker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Turns);
        self.tempo.send_replace(Tempo { per_second: self.schedule.rate(Instant::now()) });
        ctx.spawn(Rc::clone(&self.access).keep().into_actor(self));
        ctx.run_interval(SWEEP, |broker, _| broker.sweep());
    }

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        let waiting = self.schedule.waiting();
        if waiting > 0 {
            warn!("{waiting} calls to Zoom were still waiting");
        }
    }
}

impl Handler<Issue> for TokenBroker {
    type Result = Parked;

    fn handle(&mut self, issue: Issue, _ctx: &mut Self::Context) -> Parked {
        self.parking.place(issue)
    }
}

impl Handler<LogIn> for TokenBroker {
    type Result = ResponseFuture<Result<Granted, ZoomError>>;

    fn handle(&mut self, LogIn: LogIn, _ctx: &mut Self::Context) -> Self::Result {
        let login = self.access.lease();
        Box::pin(async move { Ok(Granted::clone(&login.await?.granted)) })
    }
}
