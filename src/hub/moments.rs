//! Moments, and a token's life, as they are written on the wire.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Serialize, Serializer};

use crate::zoom::IssuedToken;

/// What goes beside a token wherever it is answered or pushed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    expires_in: String,
    #[serde(flatten)]
    end: End,
}

/// When a token ends, and whether it is worth anything.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    #[serde(serialize_with = "iso_8601")]
    expires_at: Timestamp,
    /// Only said where it is true: the simulator made the token, and it opens no meeting.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

impl Life {
    /// When the token ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.end.expires_at
    }
}

impl From<&IssuedToken> for Life {
    fn from(token: &IssuedToken) -> Self {
        Self { expires_in: in_words(token.life()), end: token.into() }
    }
}

impl From<&IssuedToken> for End {
    fn from(token: &IssuedToken) -> Self {
        Self { expires_at: token.expires_at, simulated: token.simulated }
    }
}

/// Writes a moment as `2026-03-02T09:00:00.000Z`.
///
/// # Errors
/// Only the serializer's own.
pub fn iso_8601<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    serializer.serialize_str(&PRINTER.timestamp_to_string(moment))
}

/// A token's life as the seed words it, `2 hours` or `30 minutes`, to the nearest minute where there is one.
#[must_use]
pub fn in_words(life: Duration) -> String {
    let unit = |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let minutes = (life.as_secs() + 30) / 60;
    match life.as_secs() {
        seconds @ ..90 => unit(seconds, "second"),
        _ if minutes.is_multiple_of(60) => unit(minutes / 60, "hour"),
        _ => unit(minutes, "minute"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_reads_as_in_the_seed() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(
            [words(7200), words(1800), words(7199), words(1801)],
            ["2 hours", "30 minutes", "2 hours", "30 minutes"]
        );
        assert_eq!(
            [words(3600), words(60), words(1), words(5400)],
            ["1 hour", "60 seconds", "1 second", "90 minutes"]
        );
    }
}
