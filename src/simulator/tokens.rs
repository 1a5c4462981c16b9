//! `GET /v2/users/{user}/token`: a ZAK or an OBF for one user.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::rt::time::sleep;
use actix_web::web::{Path, Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use crate::names::{MeetingId, UserId};
use crate::secret::Secret;
use crate::simulator::account::Account;
use crate::simulator::faults::{FaultSettings, TokenShape};
use crate::simulator::gateway;
use crate::simulator::minting::{Claims, random_text};
use crate::simulator::refusal::Refusal;
use crate::zoom::api::{TokenAnswer, TokenKind, TokenQuery};

/// The life of a token in seconds where the call names none.
const DEFAULT_TTL: u64 = 7_200;

/// The longest life that can be asked for, in seconds: a year.
const MAX_TTL: u64 = 31_536_000;

/// What one call asks for, once it is found valid.
struct Asked {
    kind: TokenKind,
    user: UserId,
    meeting: Option<MeetingId>,
    ttl: u64,
}

/// Answers a token call. What it is answered is decided when it arrives; the latency comes after.
pub(super) async fn token(
    request: HttpRequest,
    user: Path<String>,
    ThinData(account): ThinData<Account>,
) -> actix_web::Result<HttpResponse> {
    let query = Query::from_query(request.query_string()).map(Query::into_inner).ok();
    let kind = query.as_ref().and_then(|query: &TokenQuery| query.kind);
    let _until_answered = account.call_under_way(kind);
    gateway::connect(account.faults()).await?;
    let faults = account.faults().now();
    let answer = decide(&request, &account, &faults, query, &user).await;
    sleep(latency(&faults, &user)).await;
    answer
}

async fn decide(
    request: &HttpRequest,
    account: &Account,
    faults: &FaultSettings,
    query: Option<TokenQuery>,
    user: &str,
) -> actix_web::Result<HttpResponse> {
    gateway::pass(faults)?;
    account.authorise(bearer(request).unwrap_or_default()).await?;
    account.admit(faults).await?;
    if faults.missing_scope {
        return Err(Refusal::ScopeMissing.into());
    }
    let asked = Asked::read(query.ok_or(Refusal::Validation)?, user)?;
    refuse_user(account, &asked.user).await?;
    if asked.kind == TokenKind::Obf && faults.obf_unauthorised {
        return Err(Refusal::ObfNotAuthorised.into());
    }
    let token = issue(account, faults, asked).await?;
    Ok(HttpResponse::Ok().json(TokenAnswer { token }))
}

fn latency(faults: &FaultSettings, user: &str) -> Duration {
    let slow = if begins(user, "slow") { faults.slow_user_ms } else { 0 };
    Duration::from_millis(faults.token_latency_ms.saturating_add(slow))
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What some users' names ask for: one that is missing, one that fails every second time.
async fn refuse_user(account: &Account, user: &UserId) -> Result<(), Refusal> {
    if begins(user.as_str(), "missing") {
        return Err(Refusal::UserNotFound(user.to_string()));
    }
    if begins(user.as_str(), "flaky") && account.stumbles(user).await {
        return Err(Refusal::Internal);
    }
    Ok(())
}

fn begins(user: &str, prefix: &str) -> bool {
    user.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

async fn issue(account: &Account, faults: &FaultSettings, asked: Asked) -> Result<Option<Secret>, Refusal> {
    let ttl = faults.token_seconds.unwrap_or(asked.ttl);
    let now = Timestamp::now().as_second();
    let claims = Claims::new(asked.kind, &asked.user, asked.meeting, now, ttl);
    let token = match faults.token_shape {
        TokenShape::Null => return Ok(None),
        TokenShape::Empty => return Ok(Some(Secret::new(String::new()))),
        TokenShape::Opaque => Secret::new(random_text()),
        TokenShape::Jwt => claims.token().map_err(|_impossible| Refusal::Internal)?,
    };
    account.remember(asked.user, asked.meeting, claims).await;
    Ok(Some(token))
}

impl Asked {
    /// Zoom's validation. A call without `type` is refused: Zoom would answer with a deprecated kind, which nobody
    /// who uses the simulator can want.
    fn read(query: TokenQuery, user: &str) -> Result<Self, Refusal> {
        let user = user.parse().map_err(|_invalid| Refusal::UserNotFound(user.into()))?;
        let kind = query.kind.ok_or(Refusal::Validation)?;
        let meeting =
            query.meeting_id.map(|text| text.parse()).transpose().map_err(|_invalid| Refusal::Validation)?;
        let ttl = query.ttl.unwrap_or(DEFAULT_TTL);
        if (kind == TokenKind::Obf && meeting.is_none()) || !(1..=MAX_TTL).contains(&ttl) {
            return Err(Refusal::Validation);
        }
        Ok(Self { kind, user, meeting, ttl })
    }
}
