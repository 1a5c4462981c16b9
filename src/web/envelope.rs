//! What every answer carries, whatever is in it: the request's name, the security headers, and a line in the access
//! log without body, query or credential.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use log::{Level, log};

use super::remote::Remote;
use super::unread::Held;
use crate::names::RequestId;

/// The header that names a request.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// Sent where the request came over TLS to a trusted proxy: elsewhere it means nothing, or locks a browser out.
const HSTS: &str = "max-age=15552000; includeSubDomains";

/// Helmet's headers, as the seed's server sends them, less `upgrade-insecure-requests`, which would break plain HTTP
/// on a network.
const SECURITY_HEADERS: [(&str, &str); 11] = [
    (
        "content-security-policy",
        "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';\
         frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';\
         script-src-attr 'none';style-src 'self' https: 'unsafe-inline'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-download-options", "noopen"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-permitted-cross-domain-policies", "none"),
    ("x-xss-protection", "0"),
];

/// The middleware.
pub(super) async fn wrap(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let id = given(&request).unwrap_or_else(RequestId::random);
    request.extensions_mut().insert(id.clone());
    let over_tls = Remote::of(request.request()).over_tls;
    let body = Held::of(&mut request);
    let answered = next.call(request).await;
    if let Some(body) = body {
        body.answered();
    }
    let mut answer = answered?;
    let is_api = path == "/api" || path.starts_with("/api/");
    dress(answer.headers_mut(), &id, is_api);
    if over_tls {
        answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    let (status, took) = (answer.status().as_u16(), started.elapsed().as_secs_f64() * 1000.0);
    // Polls are a carrier's frames, not calls.
    let level = if path.starts_with("/socket.io") { Level::Debug } else { Level::Info };
    log!(target: "access", level, "{method} {path} {status} {took:.1}ms request={id}");
    Ok(answer)
}

fn given(request: &ServiceRequest) -> Option<RequestId> {
    RequestId::given(request.headers().get(REQUEST_ID)?.to_str().ok()?)
}

fn dress(headers: &mut HeaderMap, id: &RequestId, is_api: bool) {
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static(REQUEST_ID), id);
    }
    if is_api {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in SECURITY_HEADERS {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
