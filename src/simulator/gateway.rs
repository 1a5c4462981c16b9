//! What stands in front of Zoom: connections that are held or cut, proxies that answer with a page.
//!
//! Logins and token calls pass here alike. Faults of the API itself are `refusal`'s.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, ResponseError};
use thiserror::Error;
use tokio::time::timeout;

use crate::simulator::faults::{ErrorKind, FaultSettings, Faults};
use crate::simulator::refusal::Refusal;

/// The longest that a call is held in silence. The server doesn't notice that a client has gone, so without an end
/// its calls would pile up for good.
const MAX_SILENCE: Duration = Duration::from_mins(10);

/// The page of a proxy whose upstream is down.
const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// Why a call never reached the API.
#[derive(Debug, Error)]
pub(super) enum Unreached {
    /// The connection is closed without an answer.
    #[error("the connection is cut")]
    Cut,
    /// A proxy answers in the API's place.
    #[error("the gateway fails")]
    BadGateway,
}

/// Takes a call in, or holds or cuts its connection.
///
/// # Errors
/// [`Unreached::Cut`], after the silence if there is one.
pub(super) async fn connect(faults: &Faults) -> Result<(), Unreached> {
    let now = faults.now();
    if now.silent {
        keep_silent(faults).await;
        return Err(Unreached::Cut);
    }
    if happens(now.drop_rate) {
        return Err(Unreached::Cut);
    }
    Ok(())
}

/// Lets a call through, or fails it.
///
/// # Errors
/// The failure that the faults ask for, as an answer.
pub(super) fn pass(faults: &FaultSettings) -> actix_web::Result<()> {
    match faults.error_kind {
        _ if !happens(faults.error_rate) => Ok(()),
        ErrorKind::Json => Err(Refusal::Internal.into()),
        ErrorKind::Html => Err(Unreached::BadGateway.into()),
    }
}

/// Waits until the silence is switched off, or has lasted long enough.
async fn keep_silent(faults: &Faults) {
    let mut watch = faults.watch();
    drop(timeout(MAX_SILENCE, watch.wait_for(|faults| !faults.silent)).await);
}

/// Whether something that happens at this rate happens now: never at 0, always at 1.
fn happens(rate: f64) -> bool {
    rand::random::<f64>() < rate
}

impl ResponseError for Unreached {
    fn status_code(&self) -> StatusCode {
        match self {
            // Never on the wire: what access logs show for a call without an answer.
            Self::Cut => StatusCode::from_u16(444).unwrap_or(StatusCode::BAD_GATEWAY),
            Self::BadGateway => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Cut => response.body(NoAnswer),
            Self::BadGateway => response.content_type(ContentType::html()).body(BAD_GATEWAY_PAGE),
        }
    }
}

/// A body that breaks before its first byte: the server then closes the connection, the head unsent.
struct NoAnswer;

impl MessageBody for NoAnswer {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        // The server logs this as an error of its own, so it says that it is none.
        Poll::Ready(Some(Err(io::Error::other("cut on purpose by the simulator's faults"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_nothing_never_happens_and_a_rate_of_one_always_does() {
        assert!((0..1_000).all(|_| !happens(0.0) && happens(1.0)));
    }
}
