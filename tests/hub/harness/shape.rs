//! An answer compared field by field: no field missing, none too many. What differs from call to call is described.

use jiff::Timestamp;
use serde_json::Value;
use zoom_token_hub::simulator::Claims;
use zoom_token_hub::zoom::api::TokenKind;

use super::MEETING;

/// The value has this shape. A text in angle brackets describes: `<moment>`, `<id>`, `<count>`, `<text>`, and a token
/// by whose it is, `<zak host@example.com>` or `<obf alice@example.com>` (for [`MEETING`]).
///
/// # Panics
/// It has another; the place is named.
#[track_caller]
pub fn expect_shape(value: &Value, shape: &Value) {
    if let Err(difference) = compare("", value, shape) {
        panic!("{difference}\n in {value:#}");
    }
}

fn compare(at: &str, value: &Value, shape: &Value) -> Result<(), String> {
    match (value, shape) {
        (Value::Object(fields), Value::Object(shapes)) => {
            if let Some(missing) = shapes.keys().find(|name| !fields.contains_key(*name)) {
                return Err(format!("{at}.{missing} is missing"));
            }
            if let Some(extra) = fields.keys().find(|name| !shapes.contains_key(*name)) {
                return Err(format!("{at}.{extra} is too much"));
            }
            fields.iter().try_for_each(|(name, field)| compare(&format!("{at}.{name}"), field, &shapes[name]))
        }
        (Value::Array(items), Value::Array(shapes)) if items.len() == shapes.len() => items
            .iter()
            .zip(shapes)
            .enumerate()
            .try_for_each(|(index, (item, shape))| compare(&format!("{at}[{index}]"), item, shape)),
        (value, Value::String(described)) if described.starts_with('<') => {
            let words = described.trim_matches(['<', '>']);
            if is(value, words) { Ok(()) } else { Err(format!("{at} is {value}, which is no {words}")) }
        }
        (value, shape) if value == shape => Ok(()),
        (value, shape) => Err(format!("{at} is {value} and not {shape}")),
    }
}

fn is(value: &Value, words: &str) -> bool {
    let text = value.as_str();
    match words.split_once(' ') {
        None if words == "count" => value.is_u64(),
        None if words == "text" => text.is_some_and(|text| !text.is_empty()),
        None if words == "id" => text.is_some_and(is_random_name),
        None if words == "moment" => text.is_some_and(is_moment),
        Some(("zak", user)) => text.is_some_and(|text| is_token(text, TokenKind::Zak, user, None)),
        Some(("obf", user)) => text.is_some_and(|text| is_token(text, TokenKind::Obf, user, Some(MEETING))),
        Some(_) | None => panic!("<{words}> describes nothing"),
    }
}

fn is_random_name(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// `2026-03-02T09:00:00.000Z`
fn is_moment(text: &str) -> bool {
    text.len() == 24 && text.ends_with('Z') && text.parse::<Timestamp>().is_ok()
}

fn is_token(text: &str, kind: TokenKind, user: &str, meeting: Option<&str>) -> bool {
    Claims::read(text).is_some_and(|it| it.kind == kind && it.sub == user && it.meeting.as_deref() == meeting)
}
