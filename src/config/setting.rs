//! Each variable as it stands, for people to see: its value unless it is a secret, and where that came from.
//!
//! Deliberately absent: what follows from it, which is the [`Config`](super::Config).

use std::fmt;

use super::table::{self, Variable};
use super::variables::Variables;

/// A variable as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Which.
    pub variable: &'static Variable,
    /// Its value on one line, `set` for a secret; the table's default where it isn't set, and nothing for none.
    pub value: Option<String>,
    /// Where that came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The process environment.
    Environment,
    /// `.env` in the current directory.
    Dotenv,
    /// The file that this variable names.
    File(&'static str),
    /// It is not set.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::Dotenv => f.write_str(".env"),
            Self::File(name) => write!(f, "file of {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Variables {
    /// Every variable as it stands, in the order of the table.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        table::VARIABLES.iter().map(|variable| self.setting(variable)).collect()
    }

    fn setting(&self, variable: &'static Variable) -> Setting {
        let (value, origin) = match (self.found(variable.name), self.file_of(variable.name)) {
            (Some(_), _) if variable.secret => (Some("set".to_owned()), self.origin(variable.name)),
            (Some(value), _) => (Some(value.escape_debug().to_string()), self.origin(variable.name)),
            (None, Some(file)) => (Some("set".to_owned()), Origin::File(file)),
            (None, None) => {
                let default = Some(variable.default).filter(|default| *default != "–");
                (default.map(str::to_owned), Origin::Default)
            }
        };
        Setting { variable, value, origin }
    }

    fn origin(&self, name: &str) -> Origin {
        if self.is_from_dotenv(name) { Origin::Dotenv } else { Origin::Environment }
    }

    /// The variable that names a file of this one's value, if it is set.
    fn file_of(&self, name: &str) -> Option<&'static str> {
        let names = table::VARIABLES.iter().map(|variable| variable.name);
        let file = names.into_iter().find(|other| other.strip_suffix("_FILE") == Some(name))?;
        self.found(file).map(|_path| file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(variables: &Variables, name: &str) -> (Option<String>, Origin) {
        let setting = variables.settings().into_iter().find(|setting| setting.variable.name == name).unwrap();
        (setting.value, setting.origin)
    }

    #[test]
    fn every_variable_is_shown_and_no_secret_is() {
        let variables = Variables::from_pairs([("ZOOM_CLIENT_SECRET", "hush"), ("PORT", "1\n\u{1b}[2J")]);
        assert_eq!(variables.settings().len(), table::VARIABLES.len());
        assert_eq!(setting(&variables, "ZOOM_CLIENT_SECRET"), (Some("set".into()), Origin::Environment));
        assert_eq!(setting(&variables, "PORT").0.as_deref(), Some(r"1\n\u{1b}[2J"));
        assert!(!format!("{:?}", variables.settings()).contains("hush"));
    }

    #[test]
    fn what_is_not_set_is_the_default_or_nothing() {
        let variables = Variables::from_pairs([("PORT", "")]);
        assert_eq!(setting(&variables, "PORT"), (Some("3000".into()), Origin::Default));
        assert_eq!(setting(&variables, "ZOOM_CLIENT_SECRET"), (None, Origin::Default));
    }

    #[test]
    fn a_secret_of_a_file_says_which_variable_names_it() {
        let variables = Variables::from_pairs([("ZOOM_CLIENT_SECRET_FILE", "/f")]).with_file("/f", "hush");
        let origin = Origin::File("ZOOM_CLIENT_SECRET_FILE");
        assert_eq!(setting(&variables, "ZOOM_CLIENT_SECRET"), (Some("set".into()), origin));
        assert_eq!(setting(&variables, "ZOOM_CLIENT_SECRET_FILE"), (Some("/f".into()), Origin::Environment));
    }
}
