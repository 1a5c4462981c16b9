//! One debug line a request: method, path, status. Never a query, a header or a body, so never a token.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

/// Passes a request on and logs what became of it.
pub(super) async fn access_log(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let answer = next.call(request).await;
    let status = match &answer {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    log::debug!("simulator: {method} {path} {}", status.as_u16());
    answer
}
