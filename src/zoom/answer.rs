//! Zoom's answers read, pure: status, headers and body in, a token or an error out.

use std::time::Instant;

use awc::http::header::HeaderValue;

use super::api::{ApiRefusal, LoginAnswer, LoginRefusal, TokenAnswer, TokenKind, code};
use super::error::{Call, Cause, Said, SaidCode, ZoomError};
use super::limits::Limits;
use crate::secret::Secret;

/// As much of a sentence of Zoom's as is passed on, in characters.
const LONGEST_SENTENCE: usize = 300;

/// One answer, as far as the hub looks at it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What its headers say about limits.
    pub(crate) limits: Limits,
    /// When it was written, by Zoom's clock.
    pub(crate) date: Option<HeaderValue>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// When it had arrived.
    pub(crate) at: Instant,
}

/// What a login gave; `secrets` went with it.
pub(crate) fn login(answer: &Answer, secrets: &[&Secret]) -> Result<LoginAnswer, ZoomError> {
    if (200..300).contains(&answer.status) {
        return match serde_json::from_slice::<LoginAnswer>(&answer.body) {
            Ok(login) if !login.access_token.reveal().is_empty() => Ok(login),
            Ok(_) | Err(_) => Err(bad_answer(Call::Login, answer, "the answer holds no access token")),
        };
    }
    let refusal: Option<LoginRefusal> = serde_json::from_slice(&answer.body).ok();
    let refusal = refusal.filter(|refusal| !refusal.error.is_empty() || !refusal.reason.is_empty());
    let (code, message) = match refusal {
        Some(LoginRefusal { reason, error }) => {
            (Some(SaidCode::Word(sentence(&error, secrets))), Some(reason))
        }
        None => (None, None),
    };
    Err(refused(Call::Login, answer, code, message, secrets))
}

/// What a token call gave.
pub(crate) fn token(kind: TokenKind, answer: &Answer, access_token: &Secret) -> Result<Secret, ZoomError> {
    let call = Call::Token(kind);
    if (200..300).contains(&answer.status) {
        return match serde_json::from_slice::<TokenAnswer>(&answer.body) {
            Ok(TokenAnswer { token: Some(token) }) if !token.reveal().trim().is_empty() => Ok(token),
            Ok(_) => Err(bad_answer(call, answer, "Zoom answered with an empty token")),
            Err(_) => Err(ZoomError {
                cause: Cause::Garbled,
                ..bad_answer(call, answer, "Zoom's answer could not be read")
            }),
        };
    }
    let refusal: Option<ApiRefusal> = serde_json::from_slice(&answer.body).ok();
    let (code, message) = match refusal {
        Some(ApiRefusal { code, message }) => (Some(SaidCode::Number(code)), Some(message)),
        None => (None, None),
    };
    Err(refused(call, answer, code, message, &[access_token]))
}

fn bad_answer(call: Call, answer: &Answer, detail: &str) -> ZoomError {
    let said = Said { status: answer.status, code: None, message: None };
    ZoomError { said: Some(said), ..ZoomError::silent(call, Cause::BadAnswer, detail) }
}

fn refused(
    call: Call,
    answer: &Answer,
    code: Option<SaidCode>,
    message: Option<String>,
    secrets: &[&Secret],
) -> ZoomError {
    let cause = cause(call, answer, code.as_ref());
    let message = message.map(|text| sentence(&text, secrets)).filter(|text| !text.is_empty());
    let detail = message.clone().unwrap_or_else(|| format!("Zoom answered with status {}", answer.status));
    let said = Said { status: answer.status, code, message };
    ZoomError { call, cause, detail, said: Some(said), retry_after: answer.limits.retry_after }
}

fn cause(call: Call, answer: &Answer, code: Option<&SaidCode>) -> Cause {
    let number = match code {
        Some(SaidCode::Number(number)) => Some(*number),
        Some(SaidCode::Word(_)) | None => None,
    };
    match (answer.status, call) {
        (429, _) if answer.limits.daily => Cause::DailyLimit,
        (429, _) => Cause::RateLimited,
        (500.., _) => Cause::Unavailable,
        (_, Call::Login) => Cause::CredentialsRejected,
        (401, _) => Cause::AccessTokenRejected,
        _ if number == Some(code::ACCESS_TOKEN) => Cause::AccessTokenRejected,
        _ if number == Some(code::USER_NOT_FOUND) => Cause::UserNotFound,
        _ if number.is_some_and(|n| code::SCOPE_MISSING.contains(&n)) => Cause::ScopeMissing,
        _ => Cause::Refused,
    }
}

/// A sentence of Zoom's fit to be passed on: one line, not endless, and without the secrets that went with the call,
/// should Zoom echo them.
fn sentence(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.reveal().is_empty()) {
        text = text.replace(secret.reveal(), "[secret]");
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SENTENCE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let at = Instant::now();
        Answer { status, limits: Limits::default(), date: None, body: body.into(), at }
    }

    fn secret() -> Secret {
        Secret::new("hush".into())
    }

    fn obf(status: u16, body: &str) -> ZoomError {
        token(TokenKind::Obf, &answer(status, body), &secret()).unwrap_err()
    }

    #[test]
    fn each_of_zooms_refusals_has_its_cause() {
        let cases = [
            (404, r#"{"code":1001,"message":"User does not exist: x."}"#, Cause::UserNotFound),
            (400, r#"{"code":4711,"message":"does not contain scopes:[a]."}"#, Cause::ScopeMissing),
            (400, r#"{"code":4700,"message":"scope"}"#, Cause::ScopeMissing),
            (401, r#"{"code":124,"message":"Invalid access token."}"#, Cause::AccessTokenRejected),
            (400, r#"{"code":124,"message":"Invalid access token."}"#, Cause::AccessTokenRejected),
            (400, r#"{"code":300,"message":"Validation Failed."}"#, Cause::Refused),
            (403, "<html>", Cause::Refused),
            (404, "<html>", Cause::Refused),
            (429, r#"{"code":429,"message":"rate"}"#, Cause::RateLimited),
            (429, "<html>", Cause::RateLimited),
            (502, "<html>", Cause::Unavailable),
            (200, "<html>", Cause::Garbled),
            (200, r#"{"token":null}"#, Cause::BadAnswer),
            (200, r#"{"token":""}"#, Cause::BadAnswer),
            (204, "", Cause::Garbled),
        ];
        for (status, body, cause) in cases {
            assert_eq!(obf(status, body).cause, cause, "{status} {body}");
        }
    }

    #[test]
    fn zooms_words_are_kept_and_read_as_people_search_for_them() {
        let error = obf(404, r#"{"code":1001,"message":"User does not exist: x."}"#);
        assert_eq!(error.to_string(), "OBF token retrieval failed: User does not exist: x.");
        let message = Some("User does not exist: x.".into());
        assert_eq!(error.said, Some(Said { status: 404, code: Some(SaidCode::Number(1001)), message }));
    }

    #[test]
    fn a_refused_login_is_a_refused_grant_whatever_its_body() {
        let body = r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#;
        let error = login(&answer(400, body), &[&secret()]).unwrap_err();
        assert_eq!(error.cause, Cause::CredentialsRejected);
        assert_eq!(error.to_string(), "OAuth authentication failed: Invalid client_id or client_secret");
        let html = login(&answer(403, "<html>"), &[&secret()]).unwrap_err();
        assert_eq!((html.cause, html.said.unwrap().code), (Cause::CredentialsRejected, None));
        assert_eq!(login(&answer(503, ""), &[&secret()]).unwrap_err().cause, Cause::Unavailable);
    }

    #[test]
    fn a_daily_limit_is_told_apart() {
        let limits = Limits { daily: true, ..Limits::default() };
        let daily = Answer { limits, ..answer(429, "{}") };
        assert_eq!(token(TokenKind::Zak, &daily, &secret()).unwrap_err().cause, Cause::DailyLimit);
    }

    #[test]
    fn what_zoom_echoes_of_a_secret_goes_no_further() {
        let error = obf(400, r#"{"code":300,"message":"token hush\nis bad"}"#);
        assert_eq!(error.detail, "token [secret] is bad");
        assert!(!format!("{error:?}").contains("hush"));
        let body = r#"{"reason":"hush in Basic aWQ6aHVzaA==","error":"aWQ6aHVzaA=="}"#;
        let basic = Secret::new("aWQ6aHVzaA==".into());
        let error = login(&answer(400, body), &[&secret(), &basic]).unwrap_err();
        assert_eq!(error.detail, "[secret] in Basic [secret]");
        assert!(!format!("{error:?}").contains("aHVzaA"));
    }
}
