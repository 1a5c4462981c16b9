//! Why the hub doesn't start: one line that names the variable, its value (never a secret) and what would do.
//!
//! Deliberately absent: a `source`. A library's error may quote what it couldn't read, secret and all.

use std::borrow::Cow;
use std::fmt;
use std::io::ErrorKind;

use thiserror::Error;

use super::table;

/// The longest part of a value that is shown, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// What is wrong with the configuration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A value that means nothing here.
    #[error("{name}{value}: {remedy}")]
    Unusable {
        /// The variable.
        name: &'static str,
        /// Its value, where it may be shown.
        value: Shown,
        /// What would do.
        remedy: Cow<'static, str>,
    },
    /// A value of the environment that isn't text.
    #[error("{name}: the value is not UTF-8; set it again as plain text")]
    NotUtf8 {
        /// The variable.
        name: &'static str,
    },
    /// A variable names a file that can't be read.
    #[error("{name}{path}: the file can't be read ({why}); name a UTF-8 text file that this user may read")]
    File {
        /// The variable.
        name: &'static str,
        /// The file that it names.
        path: Shown,
        /// What the operating system says.
        why: ErrorKind,
    },
    /// A variable names a file with nothing in it.
    #[error("{name}: the file is empty; put the secret into it")]
    FileEmpty {
        /// The variable.
        name: &'static str,
    },
    /// A credential that can't be one.
    #[error(
        "{name}: use the value as Zoom shows it, with no space, line break or control character and, in the \
             client ID, no colon"
    )]
    OddCredential {
        /// The variable.
        name: &'static str,
    },
    /// Which of the two counts would be a guess.
    #[error("{name} and {other} are both set; keep one of them")]
    Twice {
        /// A variable.
        name: &'static str,
        /// What stands in its place: often the variable that names a file of it.
        other: &'static str,
    },
    /// A value of the example was never replaced.
    #[error("{name} still holds the example's placeholder; put your own value there, or remove it")]
    Placeholder {
        /// The variable.
        name: &'static str,
    },
    /// Some of the credentials are set and some are not.
    #[error("{} missing: set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID, or none of them",
        Missing(.missing))]
    CredentialsIncomplete {
        /// The variables that are not set.
        missing: Vec<&'static str>,
    },
    /// A stand-in for Zoom is named, and nothing to log in with.
    #[error(
        "{name} is set without credentials: set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID too"
    )]
    StandInWithoutCredentials {
        /// The variable that names it.
        name: &'static str,
    },
    /// There are no credentials where the simulator is out of the question.
    #[error("no Zoom credentials: set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID ({why})")]
    CredentialsMissing {
        /// Why the simulator doesn't step in.
        why: NoSimulator,
    },
    /// The simulator is asked for in production.
    #[error(
        "SIMULATOR=\"true\": production does not take the simulator; remove it and set the Zoom credentials, or set APP_ENV=development"
    )]
    SimulatorInProduction,
    /// Others can connect, so that the mode of trust must be chosen.
    #[error("AUTH_MODE is not set: {}", Self::mode(*.production))]
    AuthModeNotSaid {
        /// Whether there is a choice.
        production: bool,
    },
    /// Production knows its callers.
    #[error("AUTH_MODE=\"open\": production does not take it; use jwt, or set APP_ENV=development")]
    OpenInProduction,
    /// A key is there, and nothing is checked with it.
    #[error(
        "{name} is set, but credentials are not checked without AUTH_MODE=jwt; set that, or remove {name}"
    )]
    KeyInOpenMode {
        /// The variable.
        name: &'static str,
    },
    /// Credentials are to be checked with nothing.
    #[error(
        "AUTH_MODE=\"jwt\": set AUTH_JWT_SECRET, AUTH_JWT_PUBLIC_KEY_FILE or AUTH_JWKS_FILE, which credentials are \
         checked with"
    )]
    NoKey,
    /// Only a secret has one before it.
    #[error("{name} goes with AUTH_JWT_SECRET, which is not set; set that, or remove {name}")]
    PreviousWithoutSecret {
        /// The variable.
        name: &'static str,
    },
    /// A secret that can be guessed.
    #[error("{name}: use at least {least} bytes, such as `openssl rand -base64 48` makes")]
    ShortSecret {
        /// The variable.
        name: &'static str,
        /// The fewest bytes.
        least: usize,
    },
    /// `.env` is there and can't be read.
    #[error(
        ".env: the file can't be read ({why}); make it a text file that this user may read, or remove it"
    )]
    Dotenv {
        /// What the operating system says.
        why: ErrorKind,
    },
    /// A line of `.env` is no assignment.
    #[error(".env, line {line}: {fault}")]
    DotenvLine {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// Why the simulator doesn't step in for missing credentials.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NoSimulator {
    /// It's production.
    #[error("production does not take the simulator; APP_ENV=development does")]
    Production,
    /// It's ruled out.
    #[error("SIMULATOR=\"false\" rules the simulator out")]
    RuledOut,
    /// Others can connect, who must not take simulated tokens for real ones unless someone decided so.
    #[error("or SIMULATOR=true for simulated tokens, which come unasked only where HOST is loopback")]
    NotAsked,
}

/// What is wrong with a line of `.env`, without any of its text but the name of the variable.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LineFault {
    /// It doesn't parse.
    #[error(
        "use NAME=value, with quotation marks closed on the same line around a value with spaces, or # first"
    )]
    Unreadable,
    /// It isn't text.
    #[error("the text is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// A `$` that would be replaced.
    #[error("{0} has a $ that would be substituted; write the value between single quotes")]
    Dollar(Name),
    /// Which of the two holds would be a guess.
    #[error("{0} is set a second time; keep one of them")]
    Again(Name),
}

/// A variable's name as `.env` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub(super) fn new(name: &str) -> Self {
        Self(cut(name))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

/// A value as an error may show it: `="abc"`, escaped and cut, or nothing at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(Option<String>);

impl Shown {
    /// This value, which is no secret.
    pub(super) fn value(text: &str) -> Self {
        Self(Some(cut(text)))
    }

    /// The value of this variable, unless it is one to hide.
    pub(super) fn of(name: &str, text: &str) -> Self {
        if table::is_secret(name) { Self(None) } else { Self::value(text) }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |text| write!(f, "={text:?}"))
    }
}

struct Missing<'a>(&'a [&'static str]);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.0.len() == 1 { "is" } else { "are" };
        write!(f, "{} {verb}", self.0.join(" and "))
    }
}

impl ConfigError {
    pub(super) fn unusable(name: &'static str, value: &str, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self::Unusable { name, value: Shown::of(name, value), remedy: remedy.into() }
    }

    fn mode(production: bool) -> &'static str {
        if production {
            "production needs AUTH_MODE=jwt and a key to check credentials with"
        } else {
            "outside development on loopback it must be; use jwt, or open, which lets whoever reaches the hub get \
             anyone's tokens"
        }
    }

    /// For an address, which may have a password or a key inside; then it isn't shown.
    pub(super) fn unusable_url(name: &'static str, value: &str, remedy: &'static str) -> Self {
        let value = if value.contains(['@', '?', '#']) { Shown(None) } else { Shown::of(name, value) };
        Self::Unusable { name, value, remedy: remedy.into() }
    }
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_variable_the_value_and_what_would_do() {
        let error = ConfigError::unusable("PORT", "abc", "use a whole number from 0 to 65535");
        assert_eq!(error.to_string(), "PORT=\"abc\": use a whole number from 0 to 65535");
    }

    #[test]
    fn a_value_is_escaped_and_cut() {
        let error = ConfigError::unusable("PORT", "1\n\u{1b}[2J\u{202e}\"", "no").to_string();
        assert_eq!(error, r#"PORT="1\n\u{1b}[2J\u{202e}\"": no"#);
        let error = ConfigError::unusable("PORT", &"é".repeat(81), "no").to_string();
        assert_eq!(error, format!("PORT=\"{}…\": no", "é".repeat(80)));
    }

    #[test]
    fn a_secret_is_not_shown_and_neither_is_an_address_with_a_password() {
        assert_eq!(
            ConfigError::unusable("ZOOM_CLIENT_SECRET", "x", "no").to_string(),
            "ZOOM_CLIENT_SECRET: no"
        );
        assert_eq!(ConfigError::unusable("NOT_IN_THE_TABLE", "x", "no").to_string(), "NOT_IN_THE_TABLE: no");
        let error = ConfigError::unusable_url("ZOOM_API_URL", "https://me:pw@zoom.us", "no");
        assert_eq!(error.to_string(), "ZOOM_API_URL: no");
    }
}
