//! A refusal as an HTTP answer: status, body and the headers that go with it.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use thiserror::Error;

use crate::hub::refusal::{Code, Detail, Refusal};
use crate::zoom::error::Said;

/// Seconds after which to look again, where a status asks for a time and the code's advice is to stay away.
const UNADVISED: u64 = 5;

/// A refusal on its way out.
#[derive(Debug, Error)]
#[error("{}: {}", .0.code, .0.message)]
pub(super) struct Refused(Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    success: bool,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    code: Code,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [Detail],
    #[serde(skip_serializing_if = "Option::is_none")]
    zoom: Option<&'a Said>,
}

impl Refused {
    /// The answer; a 404 names the path that was asked for.
    fn answer(&self, path: Option<&str>) -> HttpResponse {
        let Self(refusal) = self;
        let (status, retry_after) = (self.status_code(), refusal.retry_after_seconds());
        let mut answer = HttpResponse::build(status);
        if matches!(status.as_u16(), 429 | 503) {
            let seconds = retry_after.unwrap_or(UNADVISED);
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if status == StatusCode::UNAUTHORIZED {
            let shown = refusal.code != Code::NotAuthenticated;
            let challenge = if shown { r#"Bearer error="invalid_token""# } else { "Bearer" };
            answer.insert_header((WWW_AUTHENTICATE, challenge));
        }
        answer.json(Body {
            success: false,
            error: &refusal.message,
            path,
            code: refusal.code,
            retryable: refusal.code.retryable(),
            retry_after_seconds: retry_after,
            details: &refusal.details,
            zoom: refusal.zoom.as_deref(),
        })
    }
}

impl ResponseError for Refused {
    /// A code without a status answers events alone and never comes here.
    fn status_code(&self) -> StatusCode {
        let status = self.0.code.http().and_then(|status| StatusCode::from_u16(status).ok());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(None)
    }
}

/// An unknown path.
pub(super) fn not_found(request: &HttpRequest) -> HttpResponse {
    let refused = Refused(Refusal::new(Code::EndpointNotFound, "Endpoint not found"));
    refused.answer(Some(request.path()))
}

/// A known path with a method that it doesn't have.
pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let message = format!("Method not allowed; use {allowed}");
    let mut answer = Refused(Refusal::new(Code::MethodNotAllowed, message)).answer(None);
    answer.headers_mut().insert(ALLOW, actix_web::http::header::HeaderValue::from_static(allowed));
    answer
}
