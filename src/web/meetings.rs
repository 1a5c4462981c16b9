//! The REST calls: a request read, permitted, carried out, answered; what was minted is pushed to its owner too.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::Serialize;

use super::body;
use super::credential::By;
use super::error::Refused;
use crate::hub::Hub;
use crate::hub::command::permit;
use crate::hub::meetings::BatchRow;
use crate::hub::moments::{End, Life, iso_8601};
use crate::hub::refusal::{Code, Refusal};
use crate::names::{MeetingId, UserId};
use crate::secret::{self, Secret};
use crate::zoom::IssuedToken;

type Answer = Result<HttpResponse, Refused>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    success: bool,
    meeting_id: MeetingId,
    #[serde(serialize_with = "secret::revealed")]
    zak_token: Secret,
    #[serde(flatten)]
    life: Life,
    message: &'static str,
}

/// `POST /api/meetings/start`
pub(super) async fn start(By(asked): By, request: HttpRequest, payload: Payload, hub: Data<Hub>) -> Answer {
    let _work = hub.drain.admit()?;
    let start = body::fields(&request, payload, &hub).await?.start()?;
    let (meeting, host) = (start.meeting, start.host.clone());
    let zak = hub.meetings.start(permit(&asked.caller, start)?, &asked).await?;
    hub.meetings.push_zak(&host, meeting, &zak, &asked).await;
    Ok(HttpResponse::Ok().json(Started {
        success: true,
        meeting_id: meeting,
        life: Life::from(&zak),
        message: "Meeting credentials generated successfully",
        zak_token: zak.token,
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    success: bool,
    meeting_id: MeetingId,
    #[serde(serialize_with = "secret::revealed")]
    obf_token: Secret,
    #[serde(flatten)]
    life: Life,
    message: &'static str,
}

/// `POST /api/meetings/join`
pub(super) async fn join(By(asked): By, request: HttpRequest, payload: Payload, hub: Data<Hub>) -> Answer {
    let _work = hub.drain.admit()?;
    let join = body::fields(&request, payload, &hub).await?.join()?;
    let (meeting, user) = (join.meeting, join.participant.clone());
    let obf = hub.meetings.join(permit(&asked.caller, join)?, &asked, None).await?.obf;
    hub.meetings.push_obf(&user, meeting, &obf, &asked).await;
    Ok(HttpResponse::Ok().json(Joined {
        success: true,
        meeting_id: meeting,
        life: Life::from(&obf),
        message: "Join credentials generated successfully",
        obf_token: obf.token,
    }))
}

/// A participant who has no token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailedRow {
    user_id: String,
    error: String,
    success: bool,
    code: Code,
    retryable: bool,
}

/// A participant's token in the answer to a batch join.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JoinedRow {
    user_id: String,
    #[serde(serialize_with = "secret::revealed")]
    obf_token: Secret,
    success: bool,
    #[serde(flatten)]
    end: End,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchJoined {
    success: bool,
    meeting_id: MeetingId,
    results: Results,
    summary: Summary,
}

#[derive(Serialize)]
struct Results {
    successful: Vec<JoinedRow>,
    failed: Vec<FailedRow>,
}

#[derive(Serialize)]
struct Summary {
    total: usize,
    successful: usize,
    failed: usize,
}

/// `POST /api/meetings/batch-join`
pub(super) async fn batch_join(
    By(asked): By,
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
) -> Answer {
    let _work = hub.drain.admit()?;
    let batch = body::fields(&request, payload, &hub).await?.batch_join(hub.limits.max_batch)?;
    let meeting = batch.meeting;
    let rows = hub.meetings.batch_join(permit(&asked.caller, batch)?, &asked).await?;
    let (issued, failed) = split(rows);
    let row = |(user_id, token): (String, IssuedToken)| JoinedRow {
        user_id,
        end: End::from(&token),
        obf_token: token.token,
        success: true,
    };
    let successful: Vec<_> = issued.into_iter().map(row).collect();
    let summary = Summary {
        total: successful.len() + failed.len(),
        successful: successful.len(),
        failed: failed.len(),
    };
    let results = Results { successful, failed };
    Ok(HttpResponse::Ok().json(BatchJoined { success: true, meeting_id: meeting, results, summary }))
}

/// Those that have a token, and those that have none.
fn split(rows: Vec<BatchRow>) -> (Vec<(String, IssuedToken)>, Vec<FailedRow>) {
    let (mut issued, mut failed) = (Vec::new(), Vec::new());
    for BatchRow { user, outcome } in rows {
        match outcome {
            Ok(token) => issued.push((user, token)),
            Err(Refusal { code, message, .. }) => failed.push(FailedRow {
                user_id: user,
                error: message,
                success: false,
                code,
                retryable: code.retryable(),
            }),
        }
    }
    (issued, failed)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetUp {
    success: bool,
    meeting_id: MeetingId,
    host: HostRow,
    participants: Vec<ParticipantRow>,
    failed: Vec<FailedRow>,
    #[serde(serialize_with = "iso_8601")]
    timestamp: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostRow {
    user_id: UserId,
    #[serde(serialize_with = "secret::revealed")]
    zak_token: Secret,
    #[serde(flatten)]
    life: Life,
}

/// A participant's token in the answer to a set-up.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ParticipantRow {
    user_id: String,
    #[serde(serialize_with = "secret::revealed")]
    obf_token: Secret,
    #[serde(flatten)]
    life: Life,
}

/// `POST /api/meetings/setup`
pub(super) async fn set_up(By(asked): By, request: HttpRequest, payload: Payload, hub: Data<Hub>) -> Answer {
    let _work = hub.drain.admit()?;
    let set_up = body::fields(&request, payload, &hub).await?.set_up(hub.limits.max_batch)?;
    let (meeting, host) = (set_up.meeting, set_up.host.clone());
    let (zak, rows) = hub.meetings.set_up(permit(&asked.caller, set_up)?, &asked).await?;
    let (issued, failed) = split(rows);
    let participant = |(user_id, token): (String, IssuedToken)| ParticipantRow {
        user_id,
        life: Life::from(&token),
        obf_token: token.token,
    };
    let host = HostRow { user_id: host, life: Life::from(&zak), zak_token: zak.token };
    Ok(HttpResponse::Ok().json(SetUp {
        success: true,
        meeting_id: meeting,
        host,
        participants: issued.into_iter().map(participant).collect(),
        failed,
        timestamp: Timestamp::now(),
    }))
}
