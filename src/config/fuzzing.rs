//! Settings and `.env` of any bytes: what is said of them is one short line without a secret in it.

use std::borrow::Cow;

use super::{Auth, Config, Environment, VARIABLES, Variables, dotenv as reader};
use crate::secret::Secret;

/// Stands in every secret that is read here, and so in nothing that is shown. Long enough to sign with.
const SECRET: &str = "hush-hush-hush-hush-hush-hush-hush";
/// Between two variables; no text has it.
const SEPARATOR: u8 = 0xff;
/// As long as an error may be: a value is shown by 80 characters, of up to 10 bytes each as they are escaped.
const LONGEST: usize = 1500;

/// Values of variables: of each the first byte says whose it is. A secret is the mark and what follows.
///
/// # Panics
/// Something that must hold of them doesn't.
pub fn settings(bytes: &[u8]) {
    if contains(bytes, SECRET) {
        return;
    }
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    for line in bytes.split(|byte| *byte == SEPARATOR) {
        let Some((which, value)) = line.split_first() else { continue };
        let Some(variable) = VARIABLES.get(usize::from(*which) % VARIABLES.len()) else { continue };
        let value = String::from_utf8_lossy(value);
        let is_secret =
            |name: &str| VARIABLES.iter().any(|variable| variable.secret && variable.name == name);
        let hidden = |value: Cow<'_, str>| format!("{SECRET}{value}");
        let value = match variable.name.strip_suffix("_FILE") {
            Some(name) => {
                let path = format!("/{}", files.len());
                files.push((path.clone(), if is_secret(name) { hidden(value) } else { value.into_owned() }));
                path
            }
            None if variable.secret => hidden(value),
            None => value.into_owned(),
        };
        pairs.push((variable.name, value));
    }
    let mut variables = Variables::from_pairs(pairs);
    for (path, text) in files {
        variables = variables.with_file(&path, &text);
    }
    for setting in variables.settings() {
        let shown = setting.value.unwrap_or_default();
        assert!(!shown.contains(SECRET) && !shown.contains(char::is_control), "{shown}");
    }
    let config = Config::from_variables(&variables);
    assert!(!format!("{config:?}").contains(SECRET), "{config:?}");
    match config {
        Ok(config) => {
            let production = config.environment == Environment::Production;
            assert!(!production || config.auth != Auth::Open, "production knows its callers");
            assert!(config.notices.iter().all(|notice| !notice.contains(char::is_control)));
        }
        Err(error) => is_one_line(&error.to_string()),
    }
}

/// A `.env`. Then the same again with the mark in every value, and with each value that was read.
///
/// # Panics
/// Something that must hold of it doesn't.
pub fn dotenv(bytes: &[u8]) {
    let read = |bytes: &[u8]| reader::decode(bytes.to_vec()).and_then(|text| reader::parse(text.reveal()));
    match read(bytes) {
        Ok(values) => {
            for (name, value) in values {
                assert!(!name.is_empty() && name.len() + value.reveal().len() <= bytes.len());
                let value = value.reveal();
                // A backslash before the last quotation mark is refused: dotenvy takes that for a part of the value.
                if !value.contains('\'') && !value.contains(char::is_control) && !value.ends_with('\\') {
                    let again = read(format!("A='{value}'").as_bytes()).unwrap_or_default();
                    assert_eq!(again.get("A").map(Secret::reveal), Some(value));
                }
            }
        }
        Err(error) => is_one_line(&error.to_string()),
    }
    if !contains(bytes, SECRET)
        && let Ok(text) = std::str::from_utf8(bytes)
        && let Err(error) = read(text.replace('=', &format!("={SECRET}")).as_bytes())
    {
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
}

fn is_one_line(error: &str) {
    assert!(!error.contains(char::is_control) && error.len() <= LONGEST, "{error}");
    assert!(!error.contains(SECRET), "{error}");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}
