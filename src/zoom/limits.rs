//! What the headers of Zoom's answers say about its limits. Pure.

use std::time::{Duration, SystemTime};

use awc::http::header::{HeaderMap, HeaderName, HttpDate, RETRY_AFTER};
use jiff::Timestamp;

/// Nobody is told to wait longer; a clock may be off.
const LONGEST: Duration = Duration::from_hours(24);

/// Known beforehand: a name that is given as a text is read anew for each answer.
static TYPE: HeaderName = HeaderName::from_static("x-ratelimit-type");
static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// The limits that an answer speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    /// When Zoom asks to be called again.
    pub(crate) retry_after: Option<Duration>,
    /// Whether it is the day's limit that it speaks of.
    pub(crate) daily: bool,
    /// Calls a second that Zoom allows.
    pub(crate) per_second: Option<f64>,
    /// Whether it allows no more in this second.
    pub(crate) full: bool,
}

impl Limits {
    /// Reads `Retry-After` and the `X-RateLimit-…` headers.
    pub(crate) fn of(headers: &HeaderMap, now: SystemTime) -> Self {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
        let kind = text(&TYPE).unwrap_or_default().to_ascii_lowercase();
        let is_per_second = kind.contains("second") || kind.contains("qps");
        let number = |name| text(name).and_then(|number| number.trim().parse::<f64>().ok());
        let limit = number(&LIMIT);
        Self {
            retry_after: text(&RETRY_AFTER).and_then(|text| retry_after(text.trim(), now)),
            daily: kind.contains("daily"),
            per_second: limit.filter(|limit| is_per_second && limit.is_finite() && *limit >= 1.0),
            full: is_per_second && number(&REMAINING) == Some(0.0),
        }
    }
}

/// Seconds, an HTTP date, or a moment of ISO 8601, which Zoom writes for the day's limit.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let wait = if let Ok(seconds) = text.parse::<f64>() {
        Duration::try_from_secs_f64(seconds).ok()?
    } else {
        let then = match (text.parse::<HttpDate>(), text.parse::<Timestamp>()) {
            (Ok(date), _) => SystemTime::from(date),
            (Err(_), Ok(moment)) => moment.into(),
            (Err(_), Err(_)) => return None,
        };
        then.duration_since(now).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use awc::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn limits(headers: &[(&str, &str)]) -> Limits {
        let pairs = headers.iter().map(|(name, value)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Limits::of(&pairs.collect(), now)
    }

    #[test]
    fn a_wait_is_read_in_each_of_its_three_forms() {
        let wait = |text| limits(&[("retry-after", text)]).retry_after;
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(wait("Tue, 14 Nov 2023 22:13:30 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(wait("2023-11-15T00:00:00Z"), Some(Duration::from_secs(6400)));
        assert_eq!(wait("2001-01-01T00:00:00Z"), Some(Duration::ZERO));
        assert_eq!(wait("2099-01-01T00:00:00Z"), Some(LONGEST));
        for text in ["", "soon", "-1", "NaN", "inf"] {
            assert_eq!(wait(text), None, "{text}");
        }
    }

    #[test]
    fn a_limit_counts_where_it_is_one_a_second() {
        let told = |kind, limit| {
            let limits = limits(&[("x-ratelimit-type", kind), ("x-ratelimit-limit", limit)]);
            (limits.daily, limits.per_second)
        };
        assert_eq!(told("Per-second-limit", "30"), (false, Some(30.0)));
        assert_eq!(told("QPS", "80"), (false, Some(80.0)));
        assert_eq!(told("Daily-limit", "5000"), (true, None));
        assert_eq!(told("Per-second-limit", "0"), (false, None));
        assert_eq!(limits(&[("x-ratelimit-limit", "30")]), Limits::default());
    }

    #[test]
    fn nothing_left_counts_where_it_is_of_a_second() {
        let full = |kind, left| limits(&[("x-ratelimit-type", kind), ("x-ratelimit-remaining", left)]).full;
        assert!(full("Per-second-limit", "0") && full("QPS", " 0 "));
        assert!(!full("Per-second-limit", "1") && !full("Daily-limit", "0") && !full("QPS", ""));
    }
}
