//! `/simulator`: what people see and switch by hand. JSON; no token, secret or user is ever in it.
//!
//! A page that a developer happens to visit can reach loopback too, so a request with a foreign `Host` or `Origin`
//! is refused.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderName, ORIGIN};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ThinData};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;
use thiserror::Error;

use crate::simulator::access_log::access_log;
use crate::simulator::account::Account;
use crate::simulator::faults::InvalidFault;

/// Why a request is refused, as the `error` of its answer.
#[derive(Debug, Error)]
enum Refused {
    #[error("only pages and tools on this machine may use the simulator's controls")]
    Foreign,
    #[error("the body must be a JSON object of faults: {0}")]
    NotAnObject(#[from] serde_json::Error),
    #[error(transparent)]
    Fault(#[from] InvalidFault),
}

/// Mounts the controls.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/simulator")
            .wrap(from_fn(from_this_machine))
            .wrap(from_fn(access_log))
            .route("", web::get().to(show))
            .route("/revoke", web::post().to(revoke))
            .service(web::resource("/faults").route(web::patch().to(change)).route(web::delete().to(reset))),
    );
}

async fn show(ThinData(account): ThinData<Account>) -> HttpResponse {
    state(&account)
}

async fn change(ThinData(account): ThinData<Account>, body: web::Bytes) -> Result<HttpResponse, Refused> {
    account.faults().merge(&serde_json::from_slice(&body)?)?;
    Ok(state(&account))
}

async fn reset(ThinData(account): ThinData<Account>) -> HttpResponse {
    account.faults().reset();
    state(&account)
}

async fn revoke(ThinData(account): ThinData<Account>) -> HttpResponse {
    account.revoke_access_tokens().await;
    state(&account)
}

fn state(account: &Account) -> HttpResponse {
    HttpResponse::Ok().json(json!({"faults": account.faults().now(), "seen": account.seen()}))
}

async fn from_this_machine(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let host = header(&request, HOST).is_some_and(is_loopback);
    let origin =
        !request.headers().contains_key(ORIGIN) || header(&request, ORIGIN).is_some_and(is_loopback_origin);
    if host && origin { next.call(request).await } else { Err(Refused::Foreign.into()) }
}

/// A header that must be there once: of two, nobody knows which the browser meant.
fn header(request: &ServiceRequest, name: HeaderName) -> Option<&str> {
    let mut values = request.headers().get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn is_loopback_origin(origin: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(is_loopback)
}

/// Whether a host, with or without a port, names this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| host.eq_ignore_ascii_case(loopback))
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::NotAnObject(_) | Self::Fault(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_with_and_without_a_port() {
        for host in ["127.0.0.1", "localhost", "LocalHost:3001", "127.0.0.1:80", "[::1]", "[::1]:9"] {
            assert!(is_loopback(host), "{host}");
            assert!(is_loopback_origin(&format!("http://{host}")), "{host}");
        }
    }

    #[test]
    fn a_name_that_only_looks_like_loopback_is_foreign() {
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.nip.io:80",
            "localhost:80@example.com",
            "localhost@example.com:80",
            "example.com:localhost",
            "::1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
        for origin in ["null", "localhost", "file://localhost", "http://example.com", "http://localhost/"] {
            assert!(!is_loopback_origin(origin), "{origin}");
        }
    }
}
