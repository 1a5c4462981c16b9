//! `Distributions`: the actor that owns every distribution, running, waiting for somebody or remembered, so that one goes
//! on when its host's socket closes.
//!
//! What becomes of a row is decided by the [`Ledger`], which is pure; here is what that takes: the host's ZAK first, then
//! each participant's token minted and routed as soon as it is there, and everybody told. One failure never fails the
//! others. It awaits broker and registry, never a session.

mod asked;
mod happened;
mod messages;
mod press;

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::{Duration, Instant};

use actix::prelude::*;
use log::{info, warn};
use tokio::sync::{oneshot, watch};

use super::audit::Subject;
use super::delivery::Delivery;
use super::distribution::{Attempt, Distribution};
use super::events::{FrameId, ServerEvent};
use super::ledger::{At, Bounds, Ledger, Serial, Step, Try};
use super::mint::{self, Minting};
use super::presence::Presence;
use super::refusal::Refusal;
use super::registry::{Registry, Routed, To};
use super::repeats::Repeats;
use crate::config::{Config, Keeping};
use crate::names::DeliveryId;
use crate::under_way::UnderWay;
use crate::zoom::IssuedToken;
use crate::zoom::api::TokenKind;
use crate::zoom::broker::Tempo;
use press::{Press, Stage};

use messages::lost;
pub use messages::{
    Arrived, Begin, Cancel, Count, Counted, CutShort, Left, LetGo, List, Receipt, Released, Served, Show,
    Ticket,
};

/// Between two progresses of a distribution.
const PROGRESS: Duration = Duration::from_millis(250);
/// Distributions that a list holds.
const LISTED: usize = 100;

/// The actor.
pub struct Distributions {
    /// Shared by all attempts: a clone of an address is a place of its own in a mailbox, made anew for each.
    delivery: Rc<Delivery>,
    ledger: Ledger,
    repeats: Repeats,
    presses: foldhash::HashMap<Serial, Press>,
    attempts: UnderWay<At, (DeliveryId, Attempt)>,
    tempo: watch::Receiver<Tempo>,
    /// Dropped with the actor, which tells the process that it ended.
    _alive: oneshot::Sender<Infallible>,
}

/// How long, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of rows and distributions.
    pub ledger: Bounds,
    /// How long a request's own name counts.
    pub idempotency: Duration,
}

impl Limits {
    /// As configured.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let Keeping { hold, max_pending, receipt, remember, max_remembered, idempotency } = config.keeping;
        let ledger = Bounds {
            queued: config.zoom.max_queued,
            pending: max_pending,
            remembered: max_remembered,
            hold,
            receipt,
            remember,
        };
        Self { ledger, idempotency }
    }
}

impl Distributions {
    /// None running.
    #[must_use]
    pub fn new(
        minting: Minting,
        registry: Addr<Registry>,
        presence: Presence,
        limits: Limits,
        tempo: watch::Receiver<Tempo>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        Self {
            delivery: Rc::new(Delivery { minting, registry, presence }),
            ledger: Ledger::new(limits.ledger),
            repeats: Repeats::new(limits.idempotency, limits.ledger.remembered),
            presses: foldhash::HashMap::default(),
            attempts: UnderWay::default(),
            tempo,
            _alive: alive,
        }
    }

    /// Mints the host's ZAK.
    fn zak(&self, serial: Serial) -> impl Future<Output = Result<IssuedToken, Refusal>> + use<> {
        let minting = self.delivery.minting.clone();
        let wanted = self.pressed(serial);
        let wanted = wanted.map(|(it, press)| (it.host().clone(), it.meeting(), press.asked.clone()));
        async move {
            let (host, meeting, asked) = wanted?;
            mint::zak(&minting, &host, meeting, &asked).await
        }
    }

    /// Hands the host's ZAK to whoever has asked by now.
    fn hand_zak(
        &self,
        serial: Serial,
        zak: Result<IssuedToken, Refusal>,
    ) -> impl Future<Output = Result<(), Refusal>> + use<> {
        let delivery = Rc::clone(&self.delivery);
        let wanted = self.pressed(serial).map(|(it, press)| {
            (press.everybody(it.host()), it.host().clone(), it.meeting(), press.asked.clone())
        });
        async move {
            let (zak, (to, host, meeting, asked)) = (zak?, wanted?);
            let subject = Subject { kind: TokenKind::Zak, user: &host, meeting };
            delivery.to_host(to, &zak, subject, &asked).await
        }
    }

    fn pressed(&self, serial: Serial) -> Result<(&Distribution, &Press), Refusal> {
        self.ledger.distribution(serial).zip(self.presses.get(&serial)).ok_or_else(lost)
    }

    /// The ZAK was refused: nothing is minted for participants, and nothing is remembered.
    fn abandon(&mut self, serial: Serial, refusal: Refusal, ctx: &mut Context<Self>) {
        if let Some(press) = self.presses.get(&serial) {
            if let Some(named) = &press.named {
                self.repeats.forget(named);
            }
            press.stage.send_replace(Stage::Refused(refusal));
        }
        self.ledger.abandon(serial);
        self.go_on(ctx);
    }

    /// The host has its ZAK: every row is worked on, each by itself.
    fn start(&mut self, serial: Serial, ctx: &mut Context<Self>) {
        let presence = self.delivery.presence.clone();
        if let Some(press) = self.presses.get_mut(&serial) {
            press.since = Some(Instant::now());
            press.stage.send_replace(Stage::Running);
        }
        self.tell_progress(serial, ctx);
        self.ledger.start(serial, Instant::now(), |user| presence.is_online(user));
        self.go_on(ctx);
    }

    /// Does what the ledger wants done.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        while let Some(step) = self.ledger.next_step() {
            match step {
                Step::Try(it) => self.attempt(it),
                Step::Stop(at) => self.attempts.stop(&at),
                Step::Settled(serial) => self.report(serial, ctx),
                Step::Forgotten(serial) => drop(self.presses.remove(&serial)),
            }
        }
    }

    fn attempt(&mut self, it: Try) {
        let Some(press) = self.presses.get(&it.at.0) else { return };
        let (delivery, asked, batch) = (Rc::clone(&self.delivery), press.asked.clone(), press.batch);
        self.attempts.begin(it.at, async move {
            let outcome = delivery.to_participant(&it, batch, &asked).await;
            (it.delivery, outcome)
        });
    }

    /// Tells how far it is to whoever asked, or to all the host's sessions once that one is gone.
    fn tell_progress(&mut self, serial: Serial, ctx: &mut Context<Self>) {
        let told = self.progress(serial);
        ctx.spawn(told.into_actor(self));
    }

    fn progress(&mut self, serial: Serial) -> impl Future<Output = ()> + use<> {
        let eta = self.eta(serial);
        let route = self.presses.get(&serial).and_then(|press| {
            let distribution = self.ledger.distribution_mut(serial)?;
            let progress = ServerEvent::Progress(Arc::new(distribution.progress(eta)));
            Some((press.audience(distribution.host()), progress))
        });
        let delivery = Rc::clone(&self.delivery);
        async move {
            if let Some((to, progress)) = route {
                // Whoever isn't there misses nothing that the rows don't say when asked for.
                drop(delivery.route(to, progress, None).await);
            }
        }
    }

    /// About how many seconds are left: at the broker's pace, which distributions share, or at the distribution's own.
    fn eta(&self, serial: Serial) -> u64 {
        let Some(distribution) = self.ledger.distribution(serial) else { return 0 };
        let Some(press) = self.presses.get(&serial) else { return 0 };
        let left = distribution.counts().queued;
        let done = distribution.len() - left;
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let running = self.presses.values().filter(|press| press.is_running()).count();
        let seconds = match (self.tempo.borrow().per_second, done, press.since) {
            (Some(rate), _, _) => number(self.ledger.queued().min(left.saturating_mul(running))) / rate,
            (None, 1.., Some(since)) => since.elapsed().as_secs_f64() / number(done) * number(left),
            (None, _, _) => 0.0,
        };
        Duration::try_from_secs_f64(seconds.ceil()).map_or(0, |eta| eta.as_secs())
    }

    /// Tells the outcome to whoever asked, or to all the host's sessions once that one is gone.
    fn report(&mut self, serial: Serial, ctx: &mut Context<Self>) {
        let Some(distribution) = self.ledger.distribution_mut(serial) else { return };
        let Some(press) = self.presses.get_mut(&serial) else { return };
        // What the report tells no progress tells again.
        drop(distribution.progress(0));
        let (id, report) = (distribution.id(), Arc::new(distribution.report()));
        info!("distribution {id} has nothing queued: {}", report.in_short());
        let (to, work) = (press.audience(distribution.host()), press.work.take());
        press.stage.send_replace(Stage::Settled);
        let delivery = Rc::clone(&self.delivery);
        let told = async move { delivery.route(to, ServerEvent::Distributed(report), None).await };
        ctx.spawn(told.into_actor(self).map(move |told, _, _| {
            if !matches!(told, Ok(Routed { taken: 1.., .. })) {
                info!("nobody is connected to be told how distribution {id} stands");
            }
            drop(work);
        }));
    }

    fn tell(&self, to: To, event: ServerEvent, frame: Option<FrameId>, ctx: &mut Context<Self>) {
        let delivery = Rc::clone(&self.delivery);
        let told = async move { drop(delivery.route(to, event, frame).await) };
        ctx.spawn(told.into_actor(self));
    }

    /// Sees to what is due, and tells what has changed.
    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.ledger.due(Instant::now());
        self.go_on(ctx);
        for serial in self.ledger.changed() {
            let started = self.presses.get(&serial).is_some_and(|press| press.since.is_some());
            if started && self.ledger.distribution(serial).is_some_and(Distribution::has_changed) {
                self.tell_progress(serial, ctx);
            }
        }
    }
}

impl fmt::Debug for Distributions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kept, queued) = (self.presses.len(), self.ledger.queued());
        let pending = self.ledger.pending();
        let mut shown = f.debug_struct("Distributions");
        shown.field("kept", &kept).field("queued", &queued).field("pending", &pending).finish_non_exhaustive()
    }
}

/// Takes what comes of the attempts, for as long as the actor lives.
struct Outcomes;

impl ActorFuture<Distributions> for Outcomes {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut Distributions,
        ctx: &mut Context<Distributions>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        while let Poll::Ready((at, (delivery, outcome))) = actor.attempts.poll(task) {
            actor.ledger.tried(at, delivery, outcome, Instant::now());
            actor.go_on(ctx);
        }
        Poll::Pending
    }
}

impl Actor for Distributions {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Outcomes);
        ctx.run_interval(PROGRESS, Self::tick);
    }
}

impl Handler<CutShort> for Distributions {
    type Result = ();

    fn handle(&mut self, _cut: CutShort, ctx: &mut Self::Context) {
        warn!("{} rows of distributions are cut short", self.ledger.queued());
        self.ledger.stop(false, Instant::now());
        self.go_on(ctx);
    }
}

impl Handler<LetGo> for Distributions {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _let_go: LetGo, ctx: &mut Self::Context) -> Self::Result {
        if self.ledger.pending() > 0 {
            warn!("{} absent participants are waited for no longer", self.ledger.pending());
        }
        self.ledger.stop(true, Instant::now());
        self.go_on(ctx);
        let told: Vec<_> = self.ledger.changed().into_iter().map(|serial| self.progress(serial)).collect();
        Box::pin(futures_util::future::join_all(told).into_actor(self).map(|_, _, _| ()))
    }
}
