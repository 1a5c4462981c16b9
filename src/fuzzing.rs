//! What reads the bytes of strangers, each reader a function of bytes that fails by panicking where something doesn't hold:
//! for `cargo fuzz` (`fuzz/README.md`), and with a few hundred inputs each for `cargo test`.
//!
//! Compiled for the tests and with the feature `fuzzing`, which no build of the hub has. The readers are their layers' own
//! business, so each layer has them in a module `fuzzing`, and this one gathers them.

pub use crate::config::fuzzing::{dotenv, settings};
pub use crate::identity::fuzzing::{credentials, key_set};
pub use crate::web::fuzzing::{form_body, json_body, plain_frame, websocket};
pub use crate::web::socketio::fuzzing::{engine, engine_packets, socket_packets};
pub use crate::zoom::fuzzing::{zoom_answer, zoom_limits};

use crate::names::{MeetingId, RequestId, UserId};
use crate::zoom::api::{TokenKind, token_path};

/// A reader, by the name of its target.
pub type Target = (&'static str, fn(&[u8]));

/// Every reader.
pub const TARGETS: [Target; 14] = [
    ("credentials", credentials),
    ("dotenv", dotenv),
    ("engine", engine),
    ("engine_packets", engine_packets),
    ("form_body", form_body),
    ("identifiers", identifiers),
    ("json_body", json_body),
    ("key_set", key_set),
    ("plain_frame", plain_frame),
    ("settings", settings),
    ("socket_packets", socket_packets),
    ("websocket", websocket),
    ("zoom_answer", zoom_answer),
    ("zoom_limits", zoom_limits),
];

/// A text as the name of a user, of a meeting and of a request: what is taken survives its own text, and no user gets out
/// of its segment of a URL's path.
///
/// # Panics
/// It doesn't.
pub fn identifiers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(user) = text.parse::<UserId>() {
        assert_eq!(user.as_str().parse().as_ref(), Ok(&user));
        assert_eq!(user.as_str().to_ascii_uppercase().parse().as_ref(), Ok(&user), "whatever the case");
        assert!(!user.as_str().eq_ignore_ascii_case("me"), "that would be the account's owner to Zoom");
        let path = token_path(TokenKind::Zak, user.as_str(), None, 60).to_string();
        assert_eq!(path.matches(['/', '?']).count(), 4, "{path}");
        assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{path}");
    }
    if let Ok(meeting) = text.parse::<MeetingId>() {
        let shown = meeting.to_string();
        assert!(
            (9..=11).contains(&shown.len()) && shown.bytes().all(|byte| byte.is_ascii_digit()),
            "{shown}"
        );
        assert_eq!(shown.parse(), Ok(meeting));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(shown, digits);
    }
    if let Some(request) = RequestId::given(text) {
        assert_eq!(request.as_str(), text);
        assert!(text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

#[cfg(test)]
mod tests;
