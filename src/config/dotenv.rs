//! The text of `.env`, checked before dotenvy takes it apart, because dotenvy changes values in silence.
//!
//! It replaces `$NAME`, drops a backslash at the end, reads on over the lines behind a stray quotation mark, and quotes
//! the failing line, secret and all, in its error. So every line is handed to it alone, once it is known to have none of
//! that. Deliberately absent: values over several lines, and substitution.

use std::collections::BTreeMap;

use super::error::{ConfigError, LineFault, Name};
use crate::secret::Secret;

/// The variables that the text sets, none twice.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Secret>, ConfigError> {
    let mut values = BTreeMap::new();
    for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let fault = |fault| ConfigError::DotenvLine { line, fault };
        if let Some((name, value)) = assignment(text).map_err(fault)? {
            let again = LineFault::Again(Name::new(&name));
            if values.insert(name, value).is_some() {
                return Err(fault(again));
            }
        }
    }
    Ok(values)
}

/// The bytes of the file as text.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Secret, ConfigError> {
    String::from_utf8(bytes).map(Secret::new).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(before).filter(|byte| **byte == b'\n').count();
        ConfigError::DotenvLine { line, fault: LineFault::NotUtf8 }
    })
}

/// What one line sets; nothing if it is empty or a comment.
fn assignment(line: &str) -> Result<Option<(String, Secret)>, LineFault> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (head, value) = line.split_once('=').ok_or(LineFault::Unreadable)?;
    let (name, _) = read_by_dotenvy(head, "")?;
    let value = without_comment(value.trim_start()).map_err(|fault| match fault {
        ValueFault::Dollar => LineFault::Dollar(Name::new(&name)),
        ValueFault::Unreadable => LineFault::Unreadable,
    })?;
    read_by_dotenvy(head, value).map(Some)
}

/// One assignment as dotenvy reads it. Its error is dropped here, for the line is in it.
fn read_by_dotenvy(head: &str, value: &str) -> Result<(String, Secret), LineFault> {
    let line = Secret::new(format!("{head}={value}\n"));
    match dotenvy::from_read_iter(line.reveal().as_bytes()).next() {
        Some(Ok((name, value))) => Ok((name, Secret::new(value))),
        Some(Err(_)) | None => Err(LineFault::Unreadable),
    }
}

#[derive(Clone, Copy)]
enum ValueFault {
    Dollar,
    Unreadable,
}

/// Where in a value a character stands, by dotenvy's rules, which are the shell's.
#[derive(Clone, Copy)]
enum Place {
    Bare,
    InSingleQuotes,
    InDoubleQuotes,
    /// Behind the unquoted space that ended the value.
    Behind,
}

/// The value less the comment behind it, if dotenvy would take it as it stands.
fn without_comment(value: &str) -> Result<&str, ValueFault> {
    let (mut place, mut escaped, mut end) = (Place::Bare, false, value.len());
    if value.starts_with('#') {
        return Ok("");
    }
    for (at, c) in value.char_indices() {
        place = match (place, c) {
            _ if escaped => {
                escaped = false;
                continue;
            }
            (Place::InSingleQuotes, '\'') | (Place::InDoubleQuotes, '"') => Place::Bare,
            (Place::InSingleQuotes, _) | (Place::Behind, ' ' | '\t') => place,
            (Place::Behind, '#') => break,
            (_, '$') => return Err(ValueFault::Dollar),
            (Place::Behind, _) => return Err(ValueFault::Unreadable),
            (Place::Bare, '\'') => Place::InSingleQuotes,
            (Place::Bare, '"') => Place::InDoubleQuotes,
            (Place::Bare, ' ' | '\t') => {
                end = at;
                Place::Behind
            }
            (Place::Bare | Place::InDoubleQuotes, c) => {
                escaped = c == '\\';
                place
            }
        };
    }
    let kept = value.get(..end).unwrap_or(value);
    // A space that is escaped at the very end would be trimmed by dotenvy, and its backslash dropped.
    if escaped || kept.ends_with(char::is_whitespace) { Err(ValueFault::Unreadable) } else { Ok(kept) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> String {
        let values = parse(text).unwrap();
        values.get("A").unwrap().reveal().to_owned()
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn values_are_read_as_the_shell_reads_them() {
        for (text, expected) in [
            ("A=b", "b"),
            ("\u{feff}A=b", "b"),
            ("export A = b ", "b"),
            ("A=b # it's $not a value", "b"),
            ("A=b  # it's", "b"),
            ("A=b#c", "b#c"),
            ("A='b $c # d'", "b $c # d"),
            ("A=\"b # c\" # d", "b # c"),
            ("A=b\\$c", "b$c"),
            ("A=\"b\\$c\\n\"", "b$c\n"),
            ("A=b\\ c", "b c"),
            ("A=", ""),
            ("A= # $c", ""),
            ("# $c\n\n  # it's\r\nA=b\r\n", "b"),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn a_dollar_outside_single_quotes_is_refused_by_variable_and_line() {
        for text in
            ["A=b$c", "A=$", "export A=\"$c\"", "A = ${c}", "A=\\\\$c", "A='b'$c", "A=b $c", "A=\"'$c'\""]
        {
            let expected =
                ".env, line 2: A has a $ that would be substituted; write the value between single quotes";
            assert_eq!(error(&format!("B=c\n{text}")), expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_does_not_parse_is_refused_by_number_and_never_quoted() {
        for line in [
            "hush",
            "hu sh=x",
            "$hush=x",
            "=hush",
            "A=hush hush",
            "A='hush",
            "A=\"hush",
            "A=hush\\",
            "A=hush\\ ",
            "A=hush\\  # c",
            "A=hush\\x",
            "A=it's hush",
        ] {
            let error = error(&format!("# one\n\n{line}\nB='"));
            assert!(error.starts_with(".env, line 3: use NAME=value"), "{line}: {error}");
            assert!(!error.contains("hush"), "{line}: {error}");
        }
    }

    #[test]
    fn a_variable_that_is_set_twice_is_refused() {
        assert_eq!(error("A=b\nA=b"), ".env, line 2: A is set a second time; keep one of them");
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused_by_line() {
        let error = decode(b"A=b\nB=\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), ".env, line 2: the text is not UTF-8; save the file as UTF-8");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_error_is_one_line(text in any::<String>(), odd in "[A=$'\"\\\\ #\n\r\texport{}\u{a0}]{0,40}") {
            for text in [text, odd] {
                if let Err(error) = parse(&text) {
                    prop_assert!(!error.to_string().contains(char::is_control), "{error}");
                }
            }
        }

        #[test]
        fn no_dollar_is_lost_from_a_value_that_is_taken(text in "[$'\"\\\\ HOME{}]{0,12}") {
            if let Ok(values) = parse(&format!("A={text}")) {
                let dollars = |text: &str| text.matches('$').count();
                prop_assert_eq!(values.get("A").map(|value| dollars(value.reveal())), Some(dollars(&text)));
            }
        }

        #[test]
        fn what_stands_between_single_quotes_is_taken_as_it_stands(text in "[^'\\\\\\p{Cc}]{0,40}") {
            prop_assert_eq!(value(&format!("A='{text}'")), text);
        }
    }
}
