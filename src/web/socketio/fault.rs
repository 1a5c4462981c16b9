//! Why a request is not served: Engine.IO's own answers, which its clients know.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use thiserror::Error;

/// A fault of a request's. Numbers and words are those of npm's server, `engine.io`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(super) enum Fault {
    /// `transport` is neither `polling` nor `websocket`.
    #[error("Transport unknown")]
    UnknownTransport,
    /// No connection has this `sid`: it ended, or another node has it.
    #[error("Session ID unknown")]
    UnknownSession,
    /// A connection is opened by GET.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// Not how the connection stands: a second poll at once, a poll after the upgrade.
    #[error("Bad request")]
    BadRequest,
    /// `EIO` is not 4.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
    /// A payload over the limit.
    #[error("Payload too large")]
    TooLarge,
}

#[derive(Serialize)]
struct Body {
    code: u8,
    message: String,
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        if *self == Self::TooLarge { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
    }

    fn error_response(&self) -> HttpResponse {
        let code = match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest | Self::TooLarge => 3,
            Self::UnsupportedVersion => 5,
        };
        HttpResponse::build(self.status_code())
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .json(Body { code, message: self.to_string() })
    }
}
