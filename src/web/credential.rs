//! Where a request may carry its credential, and who asks by it. Never in a URL: those end up in logs and histories.

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, SEC_WEBSOCKET_PROTOCOL};
use actix_web::rt::time::sleep;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::error::Refused;
use super::rates::Rates;
use super::remote::Remote;
use crate::hub::Hub;
use crate::hub::audit::Asked;
use crate::hub::refusal::{Code, Refusal};
use crate::identity::Caller;
use crate::names::RequestId;
use crate::secret::Secret;

/// The subprotocol, for clients that offer one: they would fail if none of theirs were chosen.
pub(super) const SUBPROTOCOL: &str = "zoom-token-hub.v1";
/// What stands before a credential among the subprotocols, the one place where a browser's WebSocket can put it.
const BEARER: &str = "bearer.";

/// Who makes a REST call, and which it is. In `jwt` mode one without a credential that counts is refused before its
/// body is read.
pub(super) struct By(pub(super) Asked);

impl FromRequest for By {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { Ok(by(&request).await?) }.boxed_local()
    }
}

async fn by(request: &HttpRequest) -> Result<By, Refusal> {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random);
    let (Some(hub), Some(rates)) = (request.app_data::<Data<Hub>>(), request.app_data::<Data<Rates>>())
    else {
        return Err(Refusal::new(Code::Internal, "The hub cannot do this"));
    };
    let caller = caller(hub, request).await?;
    if caller == Caller::Unknown {
        return Err(Refusal::new(Code::NotAuthenticated, "Send a credential as Authorization: Bearer"));
    }
    rates.take(&caller, Remote::of(request))?;
    Ok(By(Asked::new(caller, None, &id)))
}

/// Who sends a request, by its `Authorization`.
///
/// # Errors
/// The credential proves nothing; late, where many such came from the same place.
pub(super) async fn caller(hub: &Hub, request: &HttpRequest) -> Result<Caller, Refusal> {
    match bearer(request.headers()) {
        Some(credential) => identify(hub, &credential, request).await,
        None => Ok(hub.authority.stranger()),
    }
}

/// Who shows this credential with a request.
///
/// # Errors
/// It proves nothing; late, where many such came from the same place.
pub(super) async fn identify(
    hub: &Hub,
    credential: &Secret,
    request: &HttpRequest,
) -> Result<Caller, Refusal> {
    match hub.authority.identify(credential, shown_in(request)) {
        Ok(caller) => Ok(caller),
        Err(unproven) => {
            sleep(hub.authority.penalty(Remote::of(request).address)).await;
            Err(unproven.into())
        }
    }
}

/// What a request is called in the log.
fn shown_in(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map_or("-", RequestId::as_str);
    format!("request {id}")
}

/// The credential of an `Authorization: Bearer`. Another scheme is none of ours: a proxy may have its own.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, credential) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(credential.trim().to_owned()))
}

/// The credential among the subprotocols that a WebSocket offers.
///
/// # Errors
/// It offers no other beside it, so that none could be chosen; or two of them.
pub(super) fn offered(headers: &HeaderMap) -> Result<Option<Secret>, Refusal> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    let offers: Vec<_> = offers.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut credentials = offers.iter().filter_map(|offer| offer.strip_prefix(BEARER));
    match (credentials.next(), credentials.next()) {
        (None, _) => Ok(None),
        (Some(credential), None) if offers.contains(&SUBPROTOCOL) => {
            Ok(Some(Secret::new(credential.to_owned())))
        }
        (Some(_), _) => {
            let message = format!("Offer the subprotocols {SUBPROTOCOL} and one {BEARER}<credential>");
            Err(Refusal::new(Code::InvalidRequest, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    fn revealed(credential: Option<Secret>) -> Option<String> {
        credential.map(|credential| credential.reveal().to_owned())
    }

    #[test]
    fn a_bearer_is_taken_in_any_case_and_another_scheme_is_not_ours() {
        for (value, found) in
            [("Bearer a.b.c", Some("a.b.c")), ("bEARER  x ", Some("x")), ("Basic eA==", None), ("x", None)]
        {
            assert_eq!(revealed(bearer(&with(&AUTHORIZATION, &[value]))).as_deref(), found, "{value}");
        }
    }

    #[test]
    fn a_credential_among_the_subprotocols_needs_ours_beside_it() {
        let offered = |values: &[&'static str]| offered(&with(&SEC_WEBSOCKET_PROTOCOL, values));
        assert_eq!(
            revealed(offered(&["zoom-token-hub.v1, bearer.a.b.c"]).unwrap()).as_deref(),
            Some("a.b.c")
        );
        assert_eq!(revealed(offered(&["bearer.a", "zoom-token-hub.v1"]).unwrap()).as_deref(), Some("a"));
        assert_eq!(revealed(offered(&["zoom-token-hub.v1"]).unwrap()), None);
        for values in [&["bearer.a"][..], &["zoom-token-hub.v1, bearer.a, bearer.b"]] {
            assert_eq!(offered(values).unwrap_err().code, Code::InvalidRequest, "{values:?}");
        }
    }
}
