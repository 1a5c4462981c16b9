//! What a login tells beside the access token: which scopes the app has, and what Zoom's clock says.

use std::time::{Duration, SystemTime};

/// The scopes that the hub needs, and the tokens that they are for.
const NEEDED: [(&str, &str); 2] = [("user:read:zak:admin", "ZAK"), ("user:read:token:admin", "OBF and ZAK")];

/// What the last login gave, without the access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The app's scopes, in Zoom's words; none where Zoom doesn't say.
    pub scopes: Vec<String>,
    /// How far this machine's clock is from Zoom's, where Zoom says; a second or two of it is the way there.
    pub clock_off: Option<Duration>,
}

impl Granted {
    /// What an answer with these scopes gives, that arrived now and was written at `written`.
    pub(crate) fn new(scope: &str, written: Option<SystemTime>, now: SystemTime) -> Self {
        let clock_off = written.map(|written| {
            // Whichever is later: only one of the two is a duration.
            now.duration_since(written).or_else(|_earlier| written.duration_since(now)).unwrap_or_default()
        });
        Self { scopes: scope.split_ascii_whitespace().map(str::to_owned).collect(), clock_off }
    }

    /// The scopes that are not among them, each with the tokens that may be refused for it. The classic scope covers
    /// both, and where Zoom doesn't say which there are, none is known to be missing.
    pub fn missing_scopes(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let has = |scope: &str| self.scopes.iter().any(|granted| granted == scope);
        let settled = self.scopes.is_empty() || has("user:read:admin");
        NEEDED.into_iter().filter(move |(scope, _)| !settled && !has(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(scope: &str, seconds: [u64; 2]) -> Granted {
        let [written, now] = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        Granted::new(scope, Some(written), now)
    }

    #[test]
    fn a_missing_scope_is_known_by_name_where_zoom_says_which_there_are() {
        let missing = |scope| {
            let granted = granted(scope, [0, 0]);
            granted.missing_scopes().map(|(scope, _)| scope).collect::<Vec<_>>()
        };
        assert_eq!(missing("user:read:zak:admin"), ["user:read:token:admin"]);
        assert_eq!(missing("meeting:write:admin"), ["user:read:zak:admin", "user:read:token:admin"]);
        for fine in ["", "user:read:admin", "user:read:token:admin  user:read:zak:admin"] {
            assert_eq!(missing(fine), [""; 0], "{fine}");
        }
    }

    #[test]
    fn a_clock_may_be_ahead_or_behind() {
        assert_eq!(granted("", [100, 190]).clock_off, Some(Duration::from_secs(90)));
        assert_eq!(granted("", [190, 100]).clock_off, Some(Duration::from_secs(90)));
        assert_eq!(Granted::new("", None, SystemTime::now()).clock_off, None);
    }
}
