//! `POST /oauth/token`: the login of a Server-to-Server OAuth app.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::rt::time::sleep;
use actix_web::web::{Bytes, Query, ThinData};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use thiserror::Error;

use crate::simulator::account::{Account, Settings};
use crate::simulator::faults::FaultSettings;
use crate::simulator::gateway;
use crate::zoom::api::{GRANT_TYPE, LoginAnswer, LoginRefusal};

/// A refused login. Its `Display` is Zoom's `reason`.
#[derive(Clone, Copy, Debug, Error)]
enum Refused {
    #[error("Invalid client_id or client_secret")]
    Client,
    #[error("unsupported grant type")]
    GrantType,
    #[error("Bad Request")]
    Account,
}

/// What a login says, in its form body or in its query.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    grant_type: Option<String>,
    account_id: Option<String>,
}

/// Answers a login. What it is answered is decided when it arrives; the latency comes after.
pub(super) async fn login(
    request: HttpRequest,
    ThinData(account): ThinData<Account>,
    form: Bytes,
) -> actix_web::Result<HttpResponse> {
    account.note(|seen| seen.login_calls += 1);
    gateway::connect(account.faults()).await?;
    let faults = account.faults().now();
    let answer = decide(&request, &account, &faults, &form).await;
    sleep(Duration::from_millis(faults.login_latency_ms)).await;
    answer
}

async fn decide(
    request: &HttpRequest,
    account: &Account,
    faults: &FaultSettings,
    form: &[u8],
) -> actix_web::Result<HttpResponse> {
    gateway::pass(faults)?;
    if faults.bad_credentials || !presents(request, account.settings()) {
        return Err(Refused::Client.into());
    }
    check(&Asked::read(request, form), account.settings())?;
    Ok(HttpResponse::Ok().json(grant(account, faults).await))
}

/// Whether the request carries the app's ID and secret.
fn presents(request: &HttpRequest, settings: &Settings) -> bool {
    let expected = format!("{}:{}", settings.client_id, settings.client_secret.reveal());
    basic(request).is_some_and(|presented| presented == expected.as_bytes())
}

/// What `Authorization: Basic` carries.
fn basic(request: &HttpRequest) -> Option<Vec<u8>> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = header.split_once(' ')?;
    let credentials = scheme.eq_ignore_ascii_case("basic").then_some(credentials)?;
    BASE64_STANDARD.decode(credentials.trim()).ok()
}

fn check(asked: &Asked, settings: &Settings) -> Result<(), Refused> {
    if asked.grant_type.as_deref() != Some(GRANT_TYPE) {
        return Err(Refused::GrantType);
    }
    if asked.account_id.as_deref() != Some(settings.account_id.as_str()) {
        return Err(Refused::Account);
    }
    Ok(())
}

async fn grant(account: &Account, faults: &FaultSettings) -> LoginAnswer {
    let told = faults.access_token_seconds;
    let life = faults.access_token_early_seconds.map_or(told, |early| early.min(told));
    let scope = if faults.missing_scope {
        "user:read:zak:admin"
    } else {
        "user:read:token:admin user:read:zak:admin"
    };
    LoginAnswer {
        access_token: account.issue_access_token(Duration::from_secs(life)).await,
        token_type: "bearer".into(),
        expires_in: told,
        scope: scope.into(),
        api_url: None,
    }
}

impl Asked {
    /// The form first, what it lacks from the query; a form has the syntax of a query.
    fn read(request: &HttpRequest, form: &[u8]) -> Self {
        let form = std::str::from_utf8(form).map(Self::parse).unwrap_or_default();
        let query = Self::parse(request.query_string());
        Self {
            grant_type: form.grant_type.or(query.grant_type),
            account_id: form.account_id.or(query.account_id),
        }
    }

    fn parse(text: &str) -> Self {
        Query::from_query(text).map(Query::into_inner).unwrap_or_default()
    }
}

impl Refused {
    fn word(self) -> &'static str {
        match self {
            Self::Client => "invalid_client",
            Self::GrantType => "unsupported_grant_type",
            Self::Account => "invalid_request",
        }
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .json(LoginRefusal { reason: self.to_string(), error: self.word().into() })
    }
}
