//! A body in chunks that is not read to its end: the connection is closed after the answer.
//!
//! Once nobody holds such a body actix reads it over, without a bound and without a deadline; where it is still held when
//! the answer goes out, the connection ends.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, rt};
use futures_util::Stream;

/// Until an answer that is there has gone out.
const MOMENT: Duration = Duration::from_secs(1);

/// The body, whoever reads it; none once it was read to its end.
#[derive(Clone)]
pub(super) struct Held(Rc<RefCell<Option<Payload>>>);

impl Held {
    /// Holds the request's body, if it comes in chunks; one with a length is no trouble.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Self> {
        request.headers().contains_key(TRANSFER_ENCODING).then(|| {
            let held = Self(Rc::new(RefCell::new(Some(request.take_payload()))));
            request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
            held
        })
    }

    /// The answer is there.
    pub(super) fn answered(self) {
        if self.0.borrow().is_some() {
            drop(rt::spawn(async move {
                rt::time::sleep(MOMENT).await;
                drop(self);
            }));
        }
    }
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        let next = body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_next(cx));
        if matches!(next, Poll::Ready(None)) {
            *body = None;
        }
        next
    }
}
