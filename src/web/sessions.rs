//! `POST /api/sessions/revoke`: credentials count no more, and the sessions that they opened end.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::body;
use super::credential::By;
use super::error::Refused;
use crate::hub::Hub;
use crate::hub::command::permit;
use crate::hub::distributions::Released;
use crate::hub::refusal::Refusal;
use crate::hub::registry::Revoke;

#[derive(Serialize)]
struct Revoked {
    success: bool,
    /// Sessions that this ended.
    ended: usize,
}

/// The call.
pub(super) async fn revoke(
    By(asked): By,
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
) -> Result<HttpResponse, Refused> {
    let revoke = body::fields(&request, payload, &hub).await?.revoke()?;
    let matching = revoke.0.clone();
    let revoke = Revoke(permit(&asked.caller, revoke)?);
    let ended = hub.registry.send(revoke).timeout(hub.deadlines.interactive()).await;
    let ended = ended.map_err(Refusal::from)??;
    let released = hub.distributions.send(Released(matching)).timeout(hub.deadlines.interactive()).await;
    released.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(Revoked { success: true, ended }))
}
