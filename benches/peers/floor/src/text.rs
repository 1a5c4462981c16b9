//! JSON without a library: a field is found by its key, a frame is put together from pieces.
//!
//! Texts are taken as they stand between their quotes, escapes and all, and go out again the same way.

use std::time::{SystemTime, UNIX_EPOCH};

use memchr::{memchr, memmem};

/// What stands behind a key, as text without its quotes or as the digits of a number.
pub(crate) fn field<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let value = behind(json, key)?;
    if value.first() == Some(&b'"') {
        return quoted(value);
    }
    let end = value.iter().position(|byte| b",}] \r\n\t".contains(byte))?;
    value.get(..end)
}

/// What stands behind a key, if it is a text: Zoom may answer with a token that is null.
pub(crate) fn text<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    quoted(behind(json, key)?)
}

/// Where each text of a list lies.
pub(crate) fn list(json: &[u8], key: &str) -> Vec<(u32, u32)> {
    let mut places = Vec::new();
    let Some(value) = behind(json, key) else { return places };
    let mut at = json.len() - value.len();
    let end = memchr(b']', value).map_or(json.len(), |length| at + length);
    while let Some(open) = memchr(b'"', &json[at..end]) {
        let start = at + open + 1;
        let Some(length) = memchr(b'"', &json[start..end]) else { break };
        places.push((start as u32, (start + length) as u32));
        at = start + length + 1;
    }
    places
}

/// All that comes after a key and its colon. The key alone may also be somebody's name.
fn behind<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let mut rest = json;
    loop {
        let at = memmem::find(rest, key.as_bytes())?;
        let (before, found) = rest.split_at(at);
        rest = &found[key.len()..];
        if before.last() == Some(&b'"')
            && rest.first() == Some(&b'"')
            && let Some(value) = rest[1..].trim_ascii_start().strip_prefix(b":")
        {
            return Some(value.trim_ascii_start());
        }
    }
}

fn quoted(value: &[u8]) -> Option<&[u8]> {
    let value = value.strip_prefix(b"\"")?;
    value.get(..memchr(b'"', value)?)
}

/// Puts pieces one after the other.
pub(crate) fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

/// A moment as the contract writes it, `2026-03-02T09:00:00.000Z`.
pub(crate) fn stamp(millis: u64) -> [u8; 24] {
    let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let (year, month, day) = date(days);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    digits(&mut text[0..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..10], day);
    digits(&mut text[11..13], rest / 3_600_000);
    digits(&mut text[14..16], rest / 60_000 % 60);
    digits(&mut text[17..19], rest / 1000 % 60);
    digits(&mut text[20..23], rest % 1000);
    text
}

fn digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The date of a day since 1970. Years are counted from March, so that the leap day comes last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (year, shifted) = (era * 400 + year, if month < 10 { month + 3 } else { month - 9 });
    (year + u64::from(shifted <= 2), shifted, day - (153 * month + 2) / 5 + 1)
}
