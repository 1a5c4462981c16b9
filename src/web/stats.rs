//! `GET /api/stats`: what the hub does just now and has done since it started, in numbers; nobody's name is in them.

use actix_web::HttpResponse;
use actix_web::web::Data;
use jiff::Timestamp;
use serde::Serialize;

use super::credential::By;
use super::error::Refused;
use super::health::About;
use crate::hub::Hub;
use crate::hub::command::permit;
use crate::hub::distributions::{Count, Counted};
use crate::hub::moments::iso_8601;
use crate::hub::refusal::{Code, Refusal};
use crate::hub::requests::Stats;
use crate::hub::tally::{Failed, Tally};
use crate::zoom::Health;
use crate::zoom::api::TokenKind;
use crate::zoom::broker::{HowBusy, Load};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    success: bool,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
    uptime_seconds: u64,
    sessions: usize,
    users: usize,
    distributions: Distributions,
    zoom: Zoom,
    tokens: Tokens,
    errors: Vec<Failures>,
}

#[derive(Serialize)]
struct Distributions {
    running: usize,
    remembered: usize,
    queued: usize,
    pending: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Zoom {
    status: &'static str,
    breaker: &'static str,
    rate_per_second: Option<f64>,
    waiting: usize,
    under_way: usize,
}

#[derive(Serialize)]
struct Tokens {
    zak: u64,
    obf: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failures {
    code: Code,
    count: u64,
    #[serde(serialize_with = "iso_8601")]
    last_at: Timestamp,
}

/// The call.
pub(super) async fn stats(
    By(asked): By,
    hub: Data<Hub>,
    about: Data<About>,
) -> Result<HttpResponse, Refused> {
    permit(&asked.caller, Stats)?;
    let deadline = hub.deadlines.interactive();
    let load = hub.broker.send(HowBusy).timeout(deadline).await.map_err(Refusal::from)?;
    let counted = hub.distributions.send(Count).timeout(deadline).await.map_err(Refusal::from)?;
    let status = match &*hub.health.borrow() {
        Health::Starting => "starting",
        Health::Connected => "connected",
        Health::Disconnected(_) => "disconnected",
    };
    Ok(HttpResponse::Ok().json(Figures {
        success: true,
        timestamp: Timestamp::now(),
        uptime_seconds: about.since.elapsed().as_secs(),
        sessions: hub.presence.sessions(),
        users: hub.presence.users(),
        distributions: counted.into(),
        zoom: Zoom::new(status, load),
        tokens: Tokens::new(&hub.tally),
        errors: hub.tally.failed().into_iter().map(Failures::from).collect(),
    }))
}

impl Zoom {
    fn new(status: &'static str, load: Load) -> Self {
        let Load { away, per_second, waiting, under_way } = load;
        let breaker = if away { "open" } else { "closed" };
        // To a tenth: more of it means nothing.
        let rate_per_second = per_second.map(|rate| (rate * 10.0).round() / 10.0);
        Self { status, breaker, rate_per_second, waiting, under_way }
    }
}

impl Tokens {
    fn new(tally: &Tally) -> Self {
        Self { zak: tally.minted(TokenKind::Zak), obf: tally.minted(TokenKind::Obf) }
    }
}

impl From<Counted> for Distributions {
    fn from(counted: Counted) -> Self {
        let Counted { running, remembered, queued, pending } = counted;
        Self { running, remembered, queued, pending }
    }
}

impl From<Failed> for Failures {
    fn from(Failed { code, count, last }: Failed) -> Self {
        Self { code, count, last_at: last }
    }
}
