//! The honest traffic: batches to participants that are there, joins, pings.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::churn::Churn;
use super::socket_io::Talkers;
use crate::Attempt;
use crate::clients::{Crowd, Heard};
use crate::flow::{Flow, Join};
use crate::frames::Event;
use crate::pings::{Ping, Pings};
use crate::press::press;

const PARTICIPANTS: usize = 600;
/// Between two batches, to all of them: 10,000 tokens a second, at less than the events a second that one session may send.
const BATCH: Duration = Duration::from_millis(60);
const JOINERS: usize = 20;
const JOIN: Duration = Duration::from_millis(50);
const PINGERS: usize = 10;
/// By each of the two ways of Socket.IO.
const TALKERS: usize = 5;
/// A hub that loses so many honest clients has failed.
const TOO_MANY: usize = 50;

/// Everybody honest.
#[derive(Debug)]
pub(super) struct Traffic {
    participants: Crowd,
    host: Crowd,
    flow: Flow,
    pings: Pings,
    pub(super) talkers: Talkers,
    pub(super) churn: Churn,
    /// Tokens that participants had of batches.
    delivered: usize,
    /// Tokens that are another's.
    pub(super) astray: usize,
    /// Rows of batches without a token, and batches that were refused.
    pub(super) failed: Vec<String>,
    /// Why each client that was lost was.
    lost: Vec<String>,
}

impl Traffic {
    pub(super) async fn at(hub: SocketAddr) -> Attempt<Self> {
        let joiners = Crowd::connect(hub, "joiner", JOINERS).await?;
        Ok(Self {
            participants: Crowd::connect(hub, "participant", PARTICIPANTS).await?,
            host: Crowd::connect(hub, "host", 1).await?,
            flow: Flow::new(joiners, "2345678901", JOIN, usize::MAX),
            pings: Pings::new(Crowd::connect(hub, "honest", PINGERS).await?),
            talkers: Talkers::start(hub, TALKERS),
            churn: Churn::at(hub),
            delivered: 0,
            astray: 0,
            failed: Vec::new(),
            lost: Vec::new(),
        })
    }

    /// Goes on until then, and until the batch that runs then has ended.
    pub(super) async fn run(&mut self, until: Instant) -> Attempt<()> {
        let Self { participants, host, flow, pings, churn, delivered, astray, failed, lost, .. } = self;
        let mut flow_lost = Vec::new();
        let batches = batches(host, participants.users().to_vec(), until, failed);
        let receipts = receipts(participants, until, delivered, astray, lost);
        let joins = async {
            while let Err(why) = flow.run(until, |_| false).await {
                flow_lost.push(why.to_string());
                if flow_lost.len() > TOO_MANY {
                    sleep_until(until).await;
                }
            }
        };
        let pings = async {
            match timeout_at(until, pings.run()).await {
                Ok(Ok(never)) => match never {},
                Ok(Err(why)) => Err(why),
                Err(_elapsed) => Ok(()),
            }
        };
        let (batches, (), (), pings, ()) = tokio::join!(batches, receipts, joins, pings, churn.run(until));
        lost.append(&mut flow_lost);
        self.talkers.catch_up();
        batches.and(pings)?;
        if self.lost().count() > TOO_MANY {
            return Err(self.lost().cloned().collect::<Vec<_>>().join("; ").into());
        }
        Ok(())
    }

    /// Tokens so far.
    pub(super) fn tokens(&self) -> usize {
        self.delivered + self.flow.joins.iter().filter(|join| join.token_took().is_some()).count()
    }

    pub(super) fn joins(&self, from: Instant, until: Instant) -> Vec<Join> {
        self.flow.joins.iter().filter(|join| join.sent >= from && join.sent < until).cloned().collect()
    }

    pub(super) fn pings(&self, from: Instant, until: Instant) -> Vec<Ping> {
        self.pings.between(from, until)
    }

    pub(super) fn lost(&self) -> impl Iterator<Item = &String> {
        self.lost.iter().chain(&self.pings.lost).chain(&self.talkers.lost).chain(&self.churn.failed)
    }
}

/// One after the other, at their ticks or as fast as they go.
async fn batches(
    host: &mut Crowd,
    users: Vec<String>,
    until: Instant,
    failed: &mut Vec<String>,
) -> Attempt<()> {
    let mut ticks = interval(BATCH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if Instant::now() >= until {
            return Ok(());
        }
        failed.extend(press(host, &users, "1234567890").await?.failures());
    }
}

/// What the participants are sent.
async fn receipts(
    participants: &mut Crowd,
    until: Instant,
    delivered: &mut usize,
    astray: &mut usize,
    lost: &mut Vec<String>,
) {
    loop {
        match participants.hear(until).await {
            Ok(Some(Heard { client, event: Event::Token { of, .. }, .. })) => {
                *delivered += 1;
                *astray += usize::from(of != participants.user(client));
            }
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(why) => {
                lost.push(why.to_string());
                if lost.len() > TOO_MANY {
                    return;
                }
            }
        }
    }
}
