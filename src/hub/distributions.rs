//! `Distributions`: the actor that owns every running distribution, so that one goes on when its host's socket closes.
//!
//! The host's ZAK first; then each participant's token is minted and routed as soon as it is there, and one failure
//! never fails the others. It awaits broker and registry, never a session.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::fut::wrap_stream;
use actix::prelude::*;
use futures_util::stream::FuturesUnordered;
use log::{info, warn};
use tokio::sync::{oneshot, watch};

use super::audit::Asked;
use super::command::Permitted;
use super::delivery::Delivery;
use super::distribution::{Distribution, Outcome, Report, RowIndex};
use super::drain::Work;
use super::events::{FrameId, ServerEvent};
use super::mint::Deadlines;
use super::presence::Presence;
use super::refusal::{Code, Refusal};
use super::registry::{Registry, Routed, To};
use super::requests::Distribute;
use crate::names::{DistributionId, UserId};
use crate::zoom::broker::{Tempo, TokenBroker};
use crate::zoom::schedule::Batch;

/// Starts a distribution. The answer comes once the host has its ZAK, or says why nothing was started.
#[derive(Debug, Message)]
#[rtype(result = "Result<Ticket, Refusal>")]
pub struct Begin {
    /// What is asked.
    pub request: Permitted<Distribute>,
    /// Who asked.
    pub asked: Asked,
    /// The frame that asked; the frames that answer it carry it.
    pub frame: Option<FrameId>,
    /// Kept until the outcome was told: a stop waits for it.
    pub work: Work,
}

/// A distribution that has begun.
#[derive(Debug)]
pub struct Ticket {
    /// Its name.
    pub id: DistributionId,
    /// The report, once no row is queued. Whoever drops it is told by event all the same.
    pub settled: oneshot::Receiver<Arc<Report>>,
}

/// Asks for the rows of a running distribution as they stand.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Option<Arc<Report>>")]
pub struct Show(pub DistributionId);

/// The stop waits no longer: the rows that are left fail and are reported.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct CutShort;

/// Between two progresses of a distribution.
const PROGRESS: Duration = Duration::from_millis(250);

struct Running {
    distribution: Distribution,
    asked: Asked,
    frame: Option<FrameId>,
    work: Work,
    settled: oneshot::Sender<Arc<Report>>,
    /// The rows' task and its beginning; none while the ZAK is being minted.
    rows: Option<(SpawnHandle, Instant)>,
}

/// The actor.
pub struct Distributions {
    delivery: Delivery,
    running: HashMap<DistributionId, Running>,
    /// Rows that wait for their outcome, of all distributions.
    queued: usize,
    max_queued: usize,
    tempo: watch::Receiver<Tempo>,
    /// Dropped with the actor, which tells the process that it ended.
    _alive: oneshot::Sender<Infallible>,
}

impl Distributions {
    /// None running. At most `max_queued` rows of all distributions wait at once.
    #[must_use]
    pub fn new(
        broker: Addr<TokenBroker>,
        registry: Addr<Registry>,
        presence: Presence,
        deadlines: Deadlines,
        max_queued: usize,
        tempo: watch::Receiver<Tempo>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        let delivery = Delivery { broker, registry, presence, deadlines };
        Self { delivery, running: HashMap::new(), queued: 0, max_queued, tempo, _alive: alive }
    }

    /// Takes a distribution in; its rows start once the host has its ZAK.
    fn admit(
        &mut self,
        begin: Begin,
    ) -> Result<(Ticket, impl Future<Output = Result<(), Refusal>> + 'static), Refusal> {
        let Begin { request, asked, frame, work } = begin;
        let distribution = Distribution::new(DistributionId::random(), request.into_inner());
        if self.queued + distribution.queued() > self.max_queued {
            return Err(Refusal::new(Code::Overloaded, "Too many tokens are waiting to be distributed"));
        }
        let (id, queued) = (distribution.id(), distribution.queued());
        info!("distribution {id} of {queued} rows begins {asked}");
        self.queued += queued;
        let zak = {
            let (delivery, asked, frame) = (self.delivery.clone(), asked.clone(), frame.clone());
            let (host, meeting) = (distribution.host().clone(), distribution.meeting());
            async move { delivery.to_host(&host, meeting, &asked, frame).await }
        };
        let (settled, receiver) = oneshot::channel();
        self.running.insert(id, Running { distribution, asked, frame, work, settled, rows: None });
        Ok((Ticket { id, settled: receiver }, zak))
    }

    /// The ZAK was refused: nothing is minted for participants.
    fn abandon(&mut self, id: DistributionId) {
        if let Some(running) = self.running.remove(&id) {
            self.queued -= running.distribution.queued();
        }
    }

    /// The host has its ZAK: every row is worked on, each by itself.
    fn start_rows(&mut self, id: DistributionId, ctx: &mut Context<Self>) {
        let Some(running) = self.running.get_mut(&id) else {
            return;
        };
        let (batch, meeting) = (Batch::patient(), running.distribution.meeting());
        let row = |(row, user): (RowIndex, &UserId)| {
            let (delivery, user, asked) = (self.delivery.clone(), user.clone(), running.asked.clone());
            async move { (row, delivery.to_participant(&user, meeting, batch, &asked).await) }
        };
        let rows: FuturesUnordered<_> = running.distribution.queued_users().map(row).collect();
        let rows = wrap_stream(rows).map(move |(row, outcome), actor: &mut Self, ctx: &mut Context<Self>| {
            actor.settle(id, row, outcome, ctx);
        });
        running.rows = Some((ctx.spawn(rows.finish()), Instant::now()));
        self.tell_progress(id, ctx);
        self.report_if_settled(id, ctx);
    }

    fn settle(&mut self, id: DistributionId, row: RowIndex, outcome: Outcome, ctx: &mut Context<Self>) {
        let Some(running) = self.running.get_mut(&id) else {
            return;
        };
        let before = running.distribution.queued();
        running.distribution.settle(row, outcome);
        self.queued -= before - running.distribution.queued();
        self.report_if_settled(id, ctx);
    }

    /// Tells how far it is to whoever asked, or to all the host's sessions once that one is gone.
    fn tell_progress(&mut self, id: DistributionId, ctx: &mut Context<Self>) {
        let eta = self.eta(id);
        let Some(running) = self.running.get_mut(&id) else {
            return;
        };
        let progress = ServerEvent::Progress(Arc::new(running.distribution.progress(eta)));
        let (to, frame) = (audience(&running.distribution, &running.asked), running.frame.clone());
        let delivery = self.delivery.clone();
        // Whoever isn't there misses nothing that the report doesn't say.
        let told = async move { drop(delivery.route(to, progress, frame).await) };
        ctx.spawn(told.into_actor(self));
    }

    /// About how many seconds are left: at the broker's pace, which distributions share, or at the distribution's own.
    fn eta(&self, id: DistributionId) -> u64 {
        let Some(running) = self.running.get(&id) else { return 0 };
        let left = running.distribution.queued();
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let seconds = match (self.tempo.borrow().per_second, running.distribution.ended(), &running.rows) {
            (Some(rate), _, _) => number(self.queued.min(left.saturating_mul(self.running.len()))) / rate,
            (None, 1.., Some((_, since))) => {
                since.elapsed().as_secs_f64() / number(running.distribution.ended()) * number(left)
            }
            (None, _, _) => 0.0,
        };
        Duration::try_from_secs_f64(seconds.ceil()).map_or(0, |eta| eta.as_secs())
    }

    /// Tells the outcome to whoever asked, or to all the host's sessions once that one is gone.
    fn report_if_settled(&mut self, id: DistributionId, ctx: &mut Context<Self>) {
        if self.running.get(&id).is_none_or(|running| running.distribution.queued() > 0) {
            return;
        }
        let Some(Running { distribution, asked, frame, work, settled, .. }) = self.running.remove(&id) else {
            return;
        };
        let report = Arc::new(distribution.report());
        info!("distribution {id} ends: {}", report.summary());
        // Nobody may be waiting: a session is told by the event.
        drop(settled.send(Arc::clone(&report)));
        let to = audience(&distribution, &asked);
        let delivery = self.delivery.clone();
        let told = async move { delivery.route(to, ServerEvent::Distributed(report), frame).await };
        ctx.spawn(told.into_actor(self).map(move |told, _, _| {
            if !matches!(told, Ok(Routed { taken: 1.., .. })) {
                info!("nobody is connected to be told how distribution {id} ended");
            }
            drop(work);
        }));
    }
}

/// Who is told about a distribution.
fn audience(distribution: &Distribution, asked: &Asked) -> To {
    let host = distribution.host().clone();
    match asked.session {
        Some(session) => To::SessionElseUser(session, host),
        None => To::User(host),
    }
}

impl fmt::Debug for Distributions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (running, queued) = (self.running.len(), self.queued);
        let mut shown = f.debug_struct("Distributions");
        shown.field("running", &running).field("queued", &queued).finish_non_exhaustive()
    }
}

impl Actor for Distributions {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(PROGRESS, |actor, ctx| {
            let changed = |running: &&Running| running.rows.is_some() && running.distribution.has_changed();
            let ids: Vec<_> = actor.running.values().filter(changed).map(|it| it.distribution.id()).collect();
            for id in ids {
                actor.tell_progress(id, ctx);
            }
        });
    }
}

impl Handler<Begin> for Distributions {
    type Result = ResponseActFuture<Self, Result<Ticket, Refusal>>;

    fn handle(&mut self, begin: Begin, _ctx: &mut Self::Context) -> Self::Result {
        let (ticket, zak) = match self.admit(begin) {
            Ok(admitted) => admitted,
            Err(refusal) => return Box::pin(fut::err(refusal)),
        };
        Box::pin(zak.into_actor(self).map(move |zak, actor, ctx| match zak {
            Ok(()) => {
                actor.start_rows(ticket.id, ctx);
                Ok(ticket)
            }
            Err(refusal) => {
                actor.abandon(ticket.id);
                Err(refusal)
            }
        }))
    }
}

impl Handler<Show> for Distributions {
    type Result = Option<Arc<Report>>;

    fn handle(&mut self, show: Show, _ctx: &mut Self::Context) -> Self::Result {
        self.running.get(&show.0).map(|running| Arc::new(running.distribution.report()))
    }
}

impl Handler<CutShort> for Distributions {
    type Result = ();

    fn handle(&mut self, _cut: CutShort, ctx: &mut Self::Context) {
        let left: Vec<_> = self.running.keys().copied().collect();
        for id in left {
            let Some(running) = self.running.get_mut(&id) else {
                continue;
            };
            if let Some((rows, _)) = running.rows.take() {
                ctx.cancel_future(rows);
            }
            let distribution = &mut running.distribution;
            warn!("distribution {id} is cut short with {} rows left", distribution.queued());
            self.queued -= distribution.queued();
            distribution.fail_queued(Code::ShuttingDown, "The hub was stopped before this token was there");
            self.report_if_settled(id, ctx);
        }
    }
}
