//! Distributions over HTTP: to begin one, to see what became of it, to cancel it. No answer holds a token.

use std::time::Duration;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, rt};

use super::body;
use super::credential::By;
use super::error::Refused;
use crate::hub::Hub;
use crate::hub::command::permit;
use crate::hub::distributions::{Begin, Cancel, List, Show};
use crate::hub::refusal::{Code, Refusal};
use crate::hub::requests::{CancelDistribution, GetDistribution};
use crate::names::DistributionId;

type Answer = Result<HttpResponse, Refused>;

/// How long `POST /api/meetings/distribute` may be asked to wait for its outcome, and waits by default.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// `POST /api/meetings/distribute`: the rows once none is queued, or as they stand when the wait is over.
pub(super) async fn distribute(
    By(asked): By,
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
) -> Answer {
    let work = hub.drain.admit()?;
    let fields = body::fields(&request, payload, &hub).await?;
    let wait = fields.wait(LONGEST_WAIT)?;
    let key = fields.idempotency_key(idempotency_key(&request)?)?;
    let caller = asked.caller.clone();
    let distribute = permit(&caller, fields.distribute(hub.limits.max_batch)?)?;
    let begin = Begin { request: distribute, key, asked, frame: None, work };
    let ticket = hub.distributions.send(begin).timeout(hub.begin_deadline()).await;
    let mut ticket = ticket.map_err(Refusal::from)??;
    // Whether it settled in time or not, the rows as they are now say it.
    rt::time::timeout(wait, ticket.settled()).await.ok();
    let show = Show { caller, id: ticket.id, follow: None };
    let shown = hub.distributions.send(show).timeout(hub.deadlines.interactive()).await;
    Ok(HttpResponse::Ok().json(shown.map_err(Refusal::from)??))
}

/// `GET /api/distributions`
pub(super) async fn list(By(asked): By, hub: Data<Hub>) -> Answer {
    permit(&asked.caller, GetDistribution { id: None, follow: false })?;
    let list = hub.distributions.send(List(asked.caller)).timeout(hub.deadlines.interactive()).await;
    Ok(HttpResponse::Ok().json(list.map_err(Refusal::from)?))
}

/// `GET /api/distributions/{id}`
pub(super) async fn show(By(asked): By, id: Path<String>, hub: Data<Hub>) -> Answer {
    let id = named(&id)?;
    permit(&asked.caller, GetDistribution { id: Some(id), follow: false })?;
    let show = Show { caller: asked.caller, id, follow: None };
    let shown = hub.distributions.send(show).timeout(hub.deadlines.interactive()).await;
    Ok(HttpResponse::Ok().json(shown.map_err(Refusal::from)??))
}

/// `POST /api/distributions/{id}/cancel`
pub(super) async fn cancel(By(asked): By, id: Path<String>, hub: Data<Hub>) -> Answer {
    let CancelDistribution(id) = permit(&asked.caller, CancelDistribution(named(&id)?))?.into_inner();
    let cancel = Cancel { caller: asked.caller, id };
    let cancelled = hub.distributions.send(cancel).timeout(hub.deadlines.interactive()).await;
    Ok(HttpResponse::Ok().json(cancelled.map_err(Refusal::from)??))
}

/// What is no name names no distribution.
fn named(text: &str) -> Result<DistributionId, Refusal> {
    text.parse().map_err(|_no_name| Refusal::distribution_not_found())
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, Refusal> {
    let header = request.headers().get("Idempotency-Key");
    header.map(|key| key.to_str()).transpose().map_err(|_not_ascii| {
        Refusal::new(Code::InvalidRequest, "Idempotency-Key has 1 to 128 visible ASCII characters")
    })
}
