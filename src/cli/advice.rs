//! What to do about each way in which Zoom, or the way there, says no.
//!
//! Pure. It knows Zoom's answers as `docs/protocol.md` has them; where Zoom doesn't tell the causes apart, all are named.

use crate::hub::refusal::{Code, Refusal};
use crate::zoom::error::{Said, SaidCode};

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// The login of the app.
    Login,
    /// A host's ZAK.
    Zak,
    /// A participant's OBF.
    Obf,
}

const APP: &str = "the app's page in the Zoom App Marketplace (Manage)";

/// What to do.
#[allow(clippy::wildcard_enum_match_arm, reason = "the other codes, and those to come, are not about Zoom")]
pub(super) fn advice(tried: Tried, refusal: &Refusal) -> String {
    let said = refusal.zoom.as_deref();
    match refusal.code {
        Code::ZoomCredentialsRejected => credentials(refusal, said),
        Code::ZoomScopeMissing => scope(tried, &refusal.message),
        Code::ZoomUserNotFound => {
            let name = if tried == Tried::Obf { "TEST_PARTICIPANT_USER_ID" } else { "TEST_HOST_USER_ID" };
            format!(
                "The account of ZOOM_ACCOUNT_ID has no such user. Set {name} to the e-mail address or the user ID \
                 of an active user in it."
            )
        }
        Code::ZoomRefused if said.is_some_and(|said| said.status == 401) => {
            "Zoom's API does not take the access token that Zoom's login just gave. ZOOM_OAUTH_URL and ZOOM_API_URL \
             must belong to the same Zoom cloud."
                .to_owned()
        }
        Code::ZoomRefused if tried == Tried::Obf => {
            "Zoom refused an OBF token. Zoom ties OBF tokens to users who authorised the app by OAuth: an app that \
             logs in by itself (Server-to-Server) may not be allowed to ask for any, or not for this user. If ZAK \
             tokens work, the credentials are fine. See also that TEST_MEETING_ID is a meeting that exists."
                .to_owned()
        }
        Code::ZoomRefused => {
            "Zoom refused this call for this user; its words above say why. See that the user is active and may host \
             meetings."
                .to_owned()
        }
        Code::ZoomBadAnswer => {
            "What answered is not Zoom as the hub knows it, or it gave an empty token. See that ZOOM_OAUTH_URL and \
             ZOOM_API_URL are Zoom's, and that no proxy answers in its place."
                .to_owned()
        }
        Code::ZoomRateLimited => {
            "The account makes too many calls a second; every app of the account shares the limit. Wait a moment \
             and check again."
                .to_owned()
        }
        Code::ZoomDailyLimit => {
            "The account has used up its calls of the day, which every app of the account shares. They begin anew \
             at midnight UTC."
                .to_owned()
        }
        Code::ZoomUnavailable => unavailable(refusal, said),
        Code::DeadlineExceeded => {
            "No answer came in time. A firewall that swallows what it does not like looks like this; if Zoom is \
             only slow, raise ZOOM_TIMEOUT_SECONDS."
                .to_owned()
        }
        _ => "This is no answer of Zoom's. Try again with RUST_LOG=debug, and see the log.".to_owned(),
    }
}

fn credentials(refusal: &Refusal, said: Option<&Said>) -> String {
    let word = match said.and_then(|said| said.code.as_ref()) {
        Some(SaidCode::Word(word)) => word.as_str(),
        Some(SaidCode::Number(_)) | None => "",
    };
    let reason = refusal.message.to_ascii_lowercase();
    if ["activat", "disabled"].iter().any(|part| reason.contains(part)) {
        return format!("The app is not activated: activate it on {APP}, under Activation.");
    }
    let first = match word {
        "invalid_client" => {
            "ZOOM_CLIENT_ID or ZOOM_CLIENT_SECRET is wrong: copy both anew from the app's credentials; a secret that \
             was regenerated there ends the old one."
        }
        "invalid_request" => {
            "Most likely ZOOM_ACCOUNT_ID is wrong, or is not the account that the app belongs to: copy it anew from \
             the app's credentials."
        }
        "unsupported_grant_type" => {
            return "The app is not of the kind Server-to-Server OAuth: create one of that kind in the Zoom App \
                    Marketplace, and set its credentials."
                .to_owned();
        }
        _ => {
            "See that ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID are those of one Server-to-Server OAuth \
             app, and that ZOOM_OAUTH_URL is Zoom's."
        }
    };
    format!("{first} Then see that the app is activated: {APP}, under Activation.")
}

fn scope(tried: Tried, message: &str) -> String {
    let named = message.split_once("scopes:[").and_then(|(_, rest)| rest.split_once(']'));
    let scopes = match (named, tried) {
        (Some((scopes, _)), _) if !scopes.is_empty() => scopes,
        (_, Tried::Zak) => "user:read:zak:admin",
        (_, Tried::Login | Tried::Obf) => "user:read:token:admin",
    };
    format!(
        "The app lacks the scope {scopes}: add it on {APP}, under Scopes, and activate the app again. A hub that \
         runs has it with its next login, within the hour."
    )
}

fn unavailable(refusal: &Refusal, said: Option<&Said>) -> String {
    if let Some(said) = said {
        return format!(
            "Zoom itself, or a proxy on the way, fails (status {}). See https://status.zoom.us, and try again later.",
            said.status
        );
    }
    let message = refusal.message.to_ascii_lowercase();
    if ["certificate", "tls", "handshake"].iter().any(|part| message.contains(part)) {
        return "TLS to Zoom fails. Where a proxy opens TLS, name a PEM file of its root in ZOOM_CA_FILE; where this \
                machine's clock is far off, set it: certificates are only good for a time."
            .to_owned();
    }
    "This machine does not reach it. See that ZOOM_OAUTH_URL and ZOOM_API_URL are right, that their names resolve \
     here, and that a firewall lets HTTPS out; the hub uses no HTTP proxy."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Code, message: &str, said: Option<Said>) -> Refusal {
        Refusal { zoom: said.map(Box::new), ..Refusal::new(code, message) }
    }

    fn login(word: &str, reason: &str) -> String {
        let code = Some(SaidCode::Word(word.to_owned()));
        let said = Said { status: 400, code, message: Some(reason.to_owned()) };
        let message = format!("OAuth authentication failed: {reason}");
        advice(Tried::Login, &refused(Code::ZoomCredentialsRejected, &message, Some(said)))
    }

    #[test]
    fn a_refused_login_names_the_variable_that_is_wrong_and_the_activation() {
        for (word, reason, names) in [
            (
                "invalid_client",
                "Invalid client_id or client_secret",
                "ZOOM_CLIENT_ID or ZOOM_CLIENT_SECRET is wrong",
            ),
            ("invalid_request", "Bad Request", "ZOOM_ACCOUNT_ID is wrong"),
            ("", "", "are those of one Server-to-Server OAuth app"),
        ] {
            let advice = login(word, reason);
            assert!(advice.contains(names) && advice.contains("under Activation"), "{advice}");
        }
        assert!(login("unsupported_grant_type", "unsupported grant type").contains("not of the kind"));
        assert!(login("invalid_request", "The app is disabled").starts_with("The app is not activated"));
    }

    #[test]
    fn a_missing_scope_is_the_one_that_zoom_names() {
        let message = "ZAK token retrieval failed: Invalid access token, does not contain scopes:[a:b, c:d].";
        let advised = |message| advice(Tried::Zak, &refused(Code::ZoomScopeMissing, message, None));
        assert!(advised(message).contains("lacks the scope a:b, c:d: add it"));
        assert!(advised("no").contains("lacks the scope user:read:zak:admin: add it"));
    }

    #[test]
    fn an_obf_that_is_refused_is_told_apart_from_a_zak() {
        let said = || Some(Said { status: 400, code: Some(SaidCode::Number(300)), message: None });
        let obf = advice(Tried::Obf, &refused(Code::ZoomRefused, "no", said()));
        assert!(obf.contains("Server-to-Server) may not be allowed"), "{obf}");
        assert!(!advice(Tried::Zak, &refused(Code::ZoomRefused, "no", said())).contains("OAuth"));
        let said = Said { status: 401, ..said().unwrap() };
        let token = advice(Tried::Obf, &refused(Code::ZoomRefused, "no", Some(said)));
        assert!(token.contains("the same Zoom cloud"), "{token}");
    }

    #[test]
    fn out_of_reach_tls_and_a_failing_zoom_are_three_things() {
        let advised = |message, said| advice(Tried::Login, &refused(Code::ZoomUnavailable, message, said));
        assert!(advised("Connection refused", None).contains("does not reach it"));
        assert!(advised("invalid peer certificate: UnknownIssuer", None).contains("ZOOM_CA_FILE"));
        let said = Said { status: 502, code: None, message: None };
        assert!(advised("Zoom answered with status 502", Some(said)).contains("status 502"));
    }
}
