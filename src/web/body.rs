//! A request's body read and understood: JSON or a form, of bounded size, within a bounded time.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{BytesMut, Payload};
use actix_web::{HttpRequest, rt};
use futures_util::StreamExt;
use url::form_urlencoded;

use super::fields::{Fields, Given};
use super::json::not_an_object;
use crate::hub::Hub;
use crate::hub::refusal::{Code, Refusal};

/// The fields of a request's body.
///
/// # Errors
/// `unsupported_media_type`, `payload_too_large`, `malformed_frame`, and `deadline_exceeded` where the body does not
/// arrive within `REQUEST_TIMEOUT_SECONDS`.
pub(super) async fn fields(request: &HttpRequest, payload: Payload, hub: &Hub) -> Result<Fields, Refusal> {
    let body = within(hub.times.request_timeout, payload, hub.limits.max_message_bytes).await?;
    match media_type(request).as_deref() {
        Some("application/json") => json(&body),
        Some("application/x-www-form-urlencoded") => form(&body),
        None if body.is_empty() => Ok(Fields::default()),
        Some(_) | None => Err(Refusal::new(
            Code::UnsupportedMediaType,
            "Send application/json or application/x-www-form-urlencoded",
        )),
    }
}

/// A body of at most `max` bytes, which has so long to arrive.
///
/// # Errors
/// `payload_too_large`, `malformed_frame` where it broke off, `deadline_exceeded`.
pub(super) async fn within(limit: Duration, payload: Payload, max: usize) -> Result<BytesMut, Refusal> {
    rt::time::timeout(limit, read(payload, max)).await.unwrap_or_else(|_elapsed| {
        let seconds = limit.as_secs_f32();
        Err(Refusal::new(Code::DeadlineExceeded, format!("The body did not arrive within {seconds} s")))
    })
}

async fn read(mut payload: Payload, max: usize) -> Result<BytesMut, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|error| Refusal::new(Code::MalformedFrame, format!("The body broke off: {error}")))?;
        if body.len() + chunk.len() > max {
            return Err(Refusal::new(Code::PayloadTooLarge, format!("A body has at most {max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn media_type(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

pub(super) fn json(body: &[u8]) -> Result<Fields, Refusal> {
    if body.is_empty() {
        return Ok(Fields::default());
    }
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(Code::MalformedFrame, not_an_object("The body", &error)))
}

/// A list comes as `k=a&k=b`, `k[]=a` or `k[0]=a`.
pub(super) fn form(body: &[u8]) -> Result<Fields, Refusal> {
    let mut fields = Fields::default();
    for (key, value) in form_urlencoded::parse(body) {
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Refusal::new(Code::MalformedFrame, "The body is not UTF-8"));
        }
        let given = if value.is_empty() { Given::Absent } else { Given::Text(value.into_owned()) };
        let (name, in_list) = match key.split_once('[') {
            Some((name, index)) if index.ends_with(']') => (name, true),
            Some(_) | None => (&*key, false),
        };
        if let Some(field) = fields.field(name) {
            *field = joined(std::mem::take(field), given, in_list);
        }
    }
    Ok(fields)
}

fn joined(before: Given, given: Given, in_list: bool) -> Given {
    match before {
        Given::List(mut list) => {
            list.push(given);
            Given::List(list)
        }
        Given::Absent if in_list => Given::List(vec![given]),
        Given::Absent => given,
        one @ (Given::Text(_) | Given::Number(_) | Given::Flag(_) | Given::Other) => {
            Given::List(vec![one, given])
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_in_a_form_comes_in_any_of_three_ways() {
        let wanted = json(br#"{"meetingId":"123456789","participantUserIds":["a","b"]}"#).unwrap();
        let ways = [("", ""), ("[]", "[]"), ("[0]", "[1]")];
        for (first, second) in ways {
            let body = format!(
                "meetingId=123456789&participantUserIds{first}=a&participantUserIds{second}=b&unknown=1"
            );
            assert_eq!(form(body.as_bytes()).unwrap(), wanted, "{body}");
        }
        let one = form(b"meetingId=123456789&participantUserIds=a").unwrap().batch_join(9).unwrap();
        assert_eq!(one.participants.len(), 1);
    }

    #[test]
    fn what_is_no_object_is_refused_and_not_quoted() {
        for body in ["[]", "\"hush\"", "1", "{", "{\"userId\":\"hush", "\u{feff}{}"] {
            let refusal = json(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, Code::MalformedFrame, "{body}");
            assert!(!refusal.message.contains("hush"), "{}", refusal.message);
        }
    }

    #[test]
    fn a_form_that_is_not_utf_8_is_refused() {
        assert_eq!(form(b"userId=%ff").unwrap_err().code, Code::MalformedFrame);
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reading_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for refusal in [json(&body).err(), form(&body).err()].into_iter().flatten() {
                prop_assert_eq!(refusal.code, Code::MalformedFrame);
            }
        }
    }
}
