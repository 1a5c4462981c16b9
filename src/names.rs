//! The identifiers of the hub: parsed at the edge, trusted inside.
//!
//! Whoever holds a [`UserId`] or a [`MeetingId`] holds a valid one, so nothing behind the edge checks again.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// The longest user ID, in bytes (an e-mail address has at most 254).
pub const USER_ID_MAX_BYTES: usize = 254;

/// A Zoom user ID or an e-mail address, 1 to 254 bytes without control characters.
///
/// Compared without *ASCII* case and never by Unicode case: lower-casing by Unicode turns U+212A (the Kelvin sign)
/// into `k`, and a look-alike address would get another's token. Shows the caller's spelling.
#[derive(Clone, Debug)]
pub struct UserId(Arc<str>);

/// Why a text is no user ID.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidUserId {
    /// Nothing is left after trimming.
    #[error("a user ID must not be empty")]
    Empty,
    /// Over [`USER_ID_MAX_BYTES`].
    #[error("a user ID has at most 254 bytes")]
    TooLong,
    /// A control character is in it.
    #[error("a user ID has no control characters")]
    ControlCharacter,
    /// `me` would mean the account's owner to Zoom; `.` and `..` would change the path of the call.
    #[error("name the user: \"me\", \".\" and \"..\" are not accepted")]
    Reserved,
}

impl UserId {
    /// As the caller spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = InvalidUserId;

    fn from_str(text: &str) -> Result<Self, InvalidUserId> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Err(InvalidUserId::Empty);
        }
        if text.len() > USER_ID_MAX_BYTES {
            return Err(InvalidUserId::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidUserId::ControlCharacter);
        }
        if text.eq_ignore_ascii_case("me") || text == "." || text == ".." {
            return Err(InvalidUserId::Reserved);
        }
        Ok(Self(text.into()))
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        // Nearly always written alike, and that is compared many bytes at a time.
        self.0 == other.0 || self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for UserId {}

/// Bytes of a user ID that are hashed at once.
const HASHED_AT_ONCE: usize = 16;

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // By pieces: each costs a call of the hasher, and an ID is hashed several times a token.
        for piece in self.0.as_bytes().chunks(HASHED_AT_ONCE) {
            let mut lower = [0; HASHED_AT_ONCE];
            for (lower, byte) in lower.iter_mut().zip(piece) {
                *lower = byte.to_ascii_lowercase();
            }
            state.write(&lower);
        }
        state.write_usize(self.0.len());
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A meeting's number: 9 to 11 digits, shown without the spaces and dashes that people paste.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeetingId {
    number: u64,
    digits: u8,
}

/// The text is not 9 to 11 digits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a meeting ID is 9 to 11 digits; spaces and dashes between them are fine")]
pub struct InvalidMeetingId;

impl FromStr for MeetingId {
    type Err = InvalidMeetingId;

    fn from_str(text: &str) -> Result<Self, InvalidMeetingId> {
        let text = text.trim_matches(' ');
        let ends_in_digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if !ends_in_digits(text.chars().next()) || !ends_in_digits(text.chars().next_back()) {
            return Err(InvalidMeetingId);
        }
        let (mut number, mut digits) = (0_u64, 0_u8);
        for c in text.chars() {
            match c.to_digit(10) {
                Some(_) if digits == 11 => return Err(InvalidMeetingId),
                Some(digit) => {
                    number = number * 10 + u64::from(digit);
                    digits += 1;
                }
                None if c == ' ' || c == '-' => {}
                None => return Err(InvalidMeetingId),
            }
        }
        if digits < 9 { Err(InvalidMeetingId) } else { Ok(Self { number, digits }) }
    }
}

impl fmt::Display for MeetingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.number, width = usize::from(self.digits))
    }
}

impl Serialize for MeetingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Makes a name of 128 random bits, shown as 32 hexadecimal digits: nobody can guess one.
macro_rules! random_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// A new one, from the operating system's randomness.
            #[must_use]
            pub fn random() -> Self {
                Self(rand::random())
            }
        }

        impl FromStr for $name {
            type Err = InvalidRandomName;

            fn from_str(text: &str) -> Result<Self, InvalidRandomName> {
                let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let number = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten();
                number.map(Self).ok_or(InvalidRandomName)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

random_name! {
    /// One connection's session, from birth to its end; `socketId` on the wire.
    SessionId
}
random_name! {
    /// One distribution; `distributionId` on the wire.
    DistributionId
}
random_name! {
    /// One token handed to one user; `deliveryId` on the wire.
    DeliveryId
}

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("it has 32 hexadecimal digits")]
pub struct InvalidRandomName;

/// What one request or event is called in the logs, so that its lines are found together.
///
/// The caller's `X-Request-Id` if it is 1 to 64 of the characters `A–Z a–z 0–9 . _ -`, else a random one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()).into())
    }

    /// The caller's own, if it is well formed.
    #[must_use]
    pub fn given(text: &str) -> Option<Self> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        ((1..=64).contains(&text.len()) && text.bytes().all(fine)).then(|| Self(text.into()))
    }

    /// The text of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn user(text: &str) -> UserId {
        text.parse().unwrap()
    }

    #[test]
    fn a_user_is_the_same_whatever_the_ascii_case_and_keeps_its_spelling() {
        assert_eq!(user("Alice@Example.com"), user("alice@example.COM"));
        assert_eq!(user(" Alice@Example.com ").to_string(), "Alice@Example.com");
    }

    #[test]
    fn a_look_alike_letter_is_another_user() {
        assert_ne!(user("\u{212a}elvin@example.com"), user("kelvin@example.com"));
    }

    #[test]
    fn user_ids_that_would_mean_something_else_to_zoom_are_refused() {
        for text in ["me", "ME", "Me", ".", ".."] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidUserId::Reserved), "{text}");
        }
        assert_eq!("".parse::<UserId>(), Err(InvalidUserId::Empty));
        assert_eq!("a\u{0}b".parse::<UserId>(), Err(InvalidUserId::ControlCharacter));
        assert_eq!("a".repeat(255).parse::<UserId>(), Err(InvalidUserId::TooLong));
        assert!("a".repeat(254).parse::<UserId>().is_ok());
    }

    #[test]
    fn a_pasted_meeting_id_is_normalised() {
        for text in ["1234567890", "123 456 7890", "123-456-7890", " 123 4567890 "] {
            assert_eq!(text.parse::<MeetingId>().unwrap().to_string(), "1234567890", "{text}");
        }
        assert_eq!("012345678".parse::<MeetingId>().unwrap().to_string(), "012345678");
    }

    #[test]
    fn what_is_no_meeting_id_is_refused() {
        for text in
            ["", "12345678", "123456789012", "12345678x", "-123456789", "123456789-", "１２３４５６７８９"]
        {
            assert_eq!(text.parse::<MeetingId>(), Err(InvalidMeetingId), "{text}");
        }
    }

    #[test]
    fn a_request_id_that_could_forge_a_log_line_is_not_taken() {
        assert!(RequestId::given("ab-1._Z").is_some());
        for text in ["", "a b", "a\nb", "é", &"a".repeat(65)] {
            assert!(RequestId::given(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn users_that_are_equal_hash_equally(text in "[ -~]{1,40}") {
            if let (Ok(a), Ok(b)) = (text.parse::<UserId>(), text.to_ascii_uppercase().parse::<UserId>()) {
                prop_assert_eq!(HashSet::from([a, b]).len(), 1);
            }
        }

        #[test]
        fn a_meeting_id_survives_its_own_text(text in "[0-9]{9,11}") {
            prop_assert_eq!(text.parse::<MeetingId>().unwrap().to_string(), text);
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in any::<String>()) {
            drop((text.parse::<UserId>(), text.parse::<MeetingId>(), RequestId::given(&text)));
        }
    }
}
