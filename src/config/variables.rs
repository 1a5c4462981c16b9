//! Where the values come from: the process environment, `.env` for what that lacks, and the files that they name.
//!
//! Every value is kept as a secret until it is known to be none, so that no debug text shows one. Deliberately absent:
//! what the values mean.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::error::{ConfigError, Shown};
use super::{dotenv, table};
use crate::secret::Secret;

/// The largest file that a variable may name, in bytes.
const FILE_MAX_BYTES: u64 = 1 << 20;

/// The variables as they were found. An empty one counts as not set.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: BTreeMap<String, Secret>,
    /// Those among them that `.env` gave.
    from_dotenv: BTreeSet<String>,
    /// What the files hold that the `_FILE` variables name, by path.
    files: BTreeMap<String, Result<Secret, ErrorKind>>,
}

impl Variables {
    /// These and no others.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let secret = |(name, value): (N, V)| (name.into(), Secret::new(value.into()));
        Self { values: pairs.into_iter().map(secret).collect(), ..Self::default() }
    }

    /// The same, with a file of this text at this path.
    #[must_use]
    pub fn with_file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), Ok(Secret::new(text.to_owned())));
        self
    }

    /// The process environment, filled up from the `.env` of the current directory.
    ///
    /// # Errors
    /// A value that is no text, a `.env` that can't be read.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_the_process() -> Result<Self, ConfigError> {
        Self::gather(|name| std::env::var_os(name), Path::new(".env"))
    }

    fn gather(environment: impl Fn(&str) -> Option<OsString>, dotenv: &Path) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        for &table::Variable { name, .. } in table::VARIABLES {
            let Some(value) = environment(name).filter(|value| !value.is_empty()) else {
                continue;
            };
            let Ok(value) = value.into_string() else {
                return Err(ConfigError::NotUtf8 { name });
            };
            values.insert(name.to_owned(), Secret::new(value));
        }
        let from_dotenv = fill(&mut values, read_dotenv(dotenv)?);
        let files = table::VARIABLES
            .iter()
            .filter(|variable| variable.name.ends_with("_FILE"))
            .filter_map(|variable| values.get(variable.name))
            .map(|path| (path.reveal().to_owned(), read_file(path.reveal()).map_err(|error| error.kind())))
            .collect();
        Ok(Self { values, from_dotenv, files })
    }

    /// The value of a variable, if it is set.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        match self.found(name) {
            Some(value) if value.contains(char::is_control) => Err(ConfigError::unusable(
                name,
                value,
                "use a value without line breaks and other control characters",
            )),
            value => Ok(value),
        }
    }

    /// The value of a variable as it was found.
    pub(super) fn found(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(Secret::reveal).filter(|value| !value.is_empty())
    }

    pub(super) fn is_from_dotenv(&self, name: &str) -> bool {
        self.from_dotenv.contains(name)
    }

    /// What the file holds that a variable names, if it is set.
    pub(super) fn file(&self, name: &'static str) -> Result<Option<&Secret>, ConfigError> {
        let Some(path) = self.text(name)? else {
            return Ok(None);
        };
        match self.files.get(path).unwrap_or(&Err(ErrorKind::NotFound)) {
            Ok(text) => Ok(Some(text)),
            Err(why) => Err(ConfigError::File { name, path: Shown::of(name, path), why: *why }),
        }
    }
}

/// Adds what the environment lacks, and says what that was. Of two names of one setting it lacks neither if it has one.
fn fill(values: &mut BTreeMap<String, Secret>, from: BTreeMap<String, Secret>) -> BTreeSet<String> {
    let settled = |name: &str| {
        let pair = table::PAIRS.iter().find(|(one, other)| *one == name || *other == name);
        values.contains_key(name)
            || pair.is_some_and(|(one, other)| values.contains_key(*one) || values.contains_key(*other))
    };
    let more: Vec<_> = from.into_iter().filter(|(name, _)| !settled(name)).collect();
    let names = more.iter().map(|(name, _)| name.clone()).collect();
    values.extend(more);
    names
}

fn read_dotenv(path: &Path) -> Result<BTreeMap<String, Secret>, ConfigError> {
    match fs::read(path) {
        Ok(bytes) => dotenv::parse(dotenv::decode(bytes)?.reveal()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(ConfigError::Dotenv { why: error.kind() }),
    }
}

fn read_file(path: &str) -> io::Result<Secret> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_MAX_BYTES) {
        return Err(ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(bytes).map(Secret::new).map_err(|_not_shown| ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A directory of its own, gone at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("zoom-token-hub-{:032x}", rand::random::<u128>()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn gathered(environment: &[(&str, &str)], dotenv: &Path) -> Result<Variables, ConfigError> {
        let find = |name: &str| environment.iter().find(|pair| pair.0 == name).map(|pair| pair.1.into());
        Variables::gather(find, dotenv)
    }

    #[test]
    fn dotenv_fills_what_the_environment_lacks_or_has_empty() {
        let scratch = Scratch::new();
        let dotenv = scratch.file(".env", "PORT=1\nMAX_BATCH=2\nRUST_LOG=debug\nMINE=x\n");
        let variables = gathered(&[("PORT", "9"), ("MAX_BATCH", "")], &dotenv).unwrap();
        assert_eq!(variables.text("PORT"), Ok(Some("9")));
        assert_eq!(variables.text("MAX_BATCH"), Ok(Some("2")));
        assert_eq!(variables.text("RUST_LOG"), Ok(Some("debug")));
        let from_dotenv = ["PORT", "MAX_BATCH", "RUST_LOG"].map(|name| variables.is_from_dotenv(name));
        assert_eq!(from_dotenv, [false, true, true]);
    }

    #[test]
    fn the_environment_wins_under_the_other_name_of_a_setting_too() {
        let scratch = Scratch::new();
        let dotenv = scratch.file(".env", "APP_ENV=development\nZOOM_CLIENT_SECRET_FILE=x\n");
        let environment = [("NODE_ENV", "production"), ("ZOOM_CLIENT_SECRET", "s")];
        let variables = gathered(&environment, &dotenv).unwrap();
        assert_eq!(variables.text("APP_ENV"), Ok(None));
        assert_eq!(variables.text("NODE_ENV"), Ok(Some("production")));
        assert_eq!(variables.text("ZOOM_CLIENT_SECRET_FILE"), Ok(None));
    }

    #[test]
    fn no_dotenv_is_fine_and_one_that_cannot_be_read_is_not() {
        let scratch = Scratch::new();
        assert!(gathered(&[], &scratch.0.join("absent")).is_ok());
        let error = gathered(&[], &scratch.0).unwrap_err().to_string();
        assert!(error.starts_with(".env: the file can't be read (is a directory)"), "{error}");
        let error = gathered(&[], &scratch.file(".env", b"\n\xff")).unwrap_err();
        assert!(error.to_string().starts_with(".env, line 2: the text is not UTF-8"), "{error}");
    }

    #[test]
    fn files_that_variables_name_are_read() {
        let scratch = Scratch::new();
        let read = |path: &Path| {
            let variables = gathered(&[("ZOOM_CA_FILE", path.to_str().unwrap())], Path::new("absent"))?;
            variables.file("ZOOM_CA_FILE").map(|text| text.unwrap().reveal().to_owned())
        };
        assert_eq!(read(&scratch.file("fine", "text")), Ok("text".to_owned()));
        let too_large = vec![b'x'; (1 << 20) + 1];
        for (path, why) in [
            (scratch.0.join("absent"), ErrorKind::NotFound),
            (scratch.0.clone(), ErrorKind::IsADirectory),
            (scratch.file("latin", b"\xff"), ErrorKind::InvalidData),
            (scratch.file("large", too_large), ErrorKind::FileTooLarge),
        ] {
            let error = read(&path).unwrap_err();
            assert_eq!(
                error,
                ConfigError::File { name: "ZOOM_CA_FILE", path: Shown::value(path.to_str().unwrap()), why }
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_refused_by_name() {
        use std::os::unix::ffi::OsStringExt;
        let find = |name: &str| (name == "PORT").then(|| OsString::from_vec(vec![0xff]));
        let error = Variables::gather(find, Path::new("absent")).unwrap_err();
        assert_eq!(error.to_string(), "PORT: the value is not UTF-8; set it again as plain text");
    }

    #[test]
    fn debug_shows_no_value() {
        let variables = Variables::from_pairs([("PORT", "hush")]).with_file("x", "hush");
        assert!(!format!("{variables:?}").contains("hush"));
    }
}
