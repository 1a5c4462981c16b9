//! How Zoom's API says no: one case a row of its table of errors, with its status, its number, its words and headers.
//!
//! What comes from in front of the API (an HTML page, a cut connection) is `gateway`'s, what a login is told `oauth`'s.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use jiff::Timestamp;
use thiserror::Error;

use crate::zoom::api::{ApiRefusal, code};

/// Seconds in a day; Zoom's daily limit begins anew at midnight UTC.
const DAY: i64 = 86_400;

/// A refused API call. Its `Display` is Zoom's `message`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum Refusal {
    #[error("Invalid access token.")]
    AccessTokenUnknown,
    #[error("Access token is expired.")]
    AccessTokenExpired,
    #[error("Invalid access token, does not contain scopes:[user:read:token:admin].")]
    ScopeMissing,
    #[error("User does not exist: {0}.")]
    UserNotFound(String),
    #[error("Validation Failed.")]
    Validation,
    /// Zoom's own words for this are not known; these are the simulator's.
    #[error("The user has not authorized this app to act on their behalf.")]
    ObfNotAuthorised,
    #[error("You have reached the maximum per-second rate limit for this API. Try again later.")]
    PerSecondLimit { limit: u32, retry_after_seconds: Option<u64> },
    #[error(
        "You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."
    )]
    DailyLimit,
    #[error("Internal server error.")]
    Internal,
}

impl Refusal {
    fn code(&self) -> i64 {
        match self {
            Self::AccessTokenUnknown | Self::AccessTokenExpired => code::ACCESS_TOKEN,
            Self::ScopeMissing => 4711,
            Self::UserNotFound(_) => code::USER_NOT_FOUND,
            Self::Validation | Self::ObfNotAuthorised => 300,
            Self::PerSecondLimit { .. } | Self::DailyLimit => code::RATE_LIMIT,
            Self::Internal => 500,
        }
    }

    fn add_headers(&self, response: &mut HttpResponseBuilder) {
        match self {
            Self::PerSecondLimit { limit, retry_after_seconds } => {
                add_limit(response, "Per-second-limit", *limit);
                if let Some(seconds) = retry_after_seconds {
                    response.insert_header((RETRY_AFTER, seconds.to_string()));
                }
            }
            Self::DailyLimit => {
                add_limit(response, "Daily-limit", DAILY_CALLS);
                if let Some(midnight) = next_midnight(Timestamp::now()) {
                    response.insert_header((RETRY_AFTER, midnight.to_string()));
                }
            }
            Self::AccessTokenUnknown
            | Self::AccessTokenExpired
            | Self::ScopeMissing
            | Self::UserNotFound(_)
            | Self::Validation
            | Self::ObfNotAuthorised
            | Self::Internal => {}
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::AccessTokenUnknown | Self::AccessTokenExpired => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing | Self::Validation | Self::ObfNotAuthorised => StatusCode::BAD_REQUEST,
            Self::UserNotFound(_) => StatusCode::NOT_FOUND,
            Self::PerSecondLimit { .. } | Self::DailyLimit => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        self.add_headers(&mut response);
        response.json(ApiRefusal { code: self.code(), message: self.to_string() })
    }
}

/// The daily cap that the headers tell of; nothing counts up to it.
const DAILY_CALLS: u32 = 60_000;

fn add_limit(response: &mut HttpResponseBuilder, kind: &'static str, limit: u32) {
    response
        .insert_header(("X-RateLimit-Category", "Light"))
        .insert_header(("X-RateLimit-Type", kind))
        .insert_header(("X-RateLimit-Limit", limit.to_string()))
        .insert_header(("X-RateLimit-Remaining", "0"));
}

fn next_midnight(now: Timestamp) -> Option<Timestamp> {
    let today = now.as_second().div_euclid(DAY);
    Timestamp::from_second((today + 1) * DAY).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daily_limit_ends_at_the_next_midnight_even_when_it_is_midnight_now() {
        for now in ["2026-03-02T00:00:00Z", "2026-03-02T23:59:59.9Z"] {
            let midnight = next_midnight(now.parse().unwrap()).unwrap();
            assert_eq!(midnight.to_string(), "2026-03-03T00:00:00Z", "{now}");
        }
    }
}
