//! One value at a time: whole numbers, seconds, yes or no, addresses, certificates.
//!
//! Deliberately absent: trimming, signs, exponents and the like. A value is what it says or it is refused.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::error::ConfigError;
use super::variables::Variables;
use crate::secret::Secret;

/// The shortest time: a millisecond is what the operating system counts in, and 0 of them would mean "never".
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_hours(24);
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// A whole number within a range.
pub(super) fn whole<T>(
    variables: &Variables,
    name: &'static str,
    default: T,
    range: RangeInclusive<T>,
) -> Result<T, ConfigError>
where
    T: FromStr + PartialOrd + Display,
{
    let Some(text) = variables.text(name)? else {
        return Ok(default);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && range.contains(number));
    number.ok_or_else(|| {
        let remedy = format!("use a whole number from {} to {}", range.start(), range.end());
        ConfigError::unusable(name, text, remedy)
    })
}

/// A time in seconds, with fractions, from a millisecond to a day.
pub(super) fn seconds(
    variables: &Variables,
    name: &'static str,
    default: u64,
) -> Result<Duration, ConfigError> {
    time(variables, name, default, SHORTEST)
}

/// The same, or 0.
pub(super) fn seconds_or_none(
    variables: &Variables,
    name: &'static str,
    default: u64,
) -> Result<Duration, ConfigError> {
    time(variables, name, default, Duration::ZERO)
}

fn time(
    variables: &Variables,
    name: &'static str,
    default: u64,
    shortest: Duration,
) -> Result<Duration, ConfigError> {
    let Some(text) = variables.text(name)? else {
        return Ok(Duration::from_secs(default));
    };
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = text.parse().ok().filter(|_| plain);
    let time = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
    time.filter(|time| (shortest..=LONGEST).contains(time)).ok_or_else(|| {
        let from = shortest.as_secs_f64();
        ConfigError::unusable(name, text, format!("use seconds from {from} to 86400, such as 25 or 0.5"))
    })
}

/// A life of a token or a credential, which both are in whole seconds only.
pub(super) fn life(variables: &Variables, name: &'static str, default: u64) -> Result<Duration, ConfigError> {
    whole(variables, name, default, 1..=31_536_000).map(Duration::from_secs)
}

/// A value that is the operator's own, and not left as the example has it.
pub(super) fn own<'a>(name: &'static str, text: &'a str) -> Result<&'a str, ConfigError> {
    let starts = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("your_"));
    if starts && text.ends_with("_here") { Err(ConfigError::Placeholder { name }) } else { Ok(text) }
}

/// A user's or a meeting's ID.
pub(super) fn name<T>(variables: &Variables, name: &'static str) -> Result<Option<T>, ConfigError>
where
    T: FromStr<Err: Display>,
{
    let Some(text) = variables.text(name)? else {
        return Ok(None);
    };
    let name = text.parse().map_err(|why| ConfigError::unusable(name, text, format!("{why}")));
    name.map(Some)
}

/// `true` or `false`.
pub(super) fn flag(variables: &Variables, name: &'static str) -> Result<Option<bool>, ConfigError> {
    match variables.text(name)? {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(text) => Err(ConfigError::unusable(name, text, "use true or false")),
    }
}

/// An address with one of these schemes and nothing but a host, a port and a path.
pub(super) fn url(name: &'static str, text: &str, schemes: &[&str]) -> Result<Url, ConfigError> {
    let fine = |url: &Url| {
        schemes.contains(&url.scheme())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let remedy = if schemes.contains(&"wss") {
        "use an http, https, ws or wss address without a user, a query or a fragment, such as https://hub.example.com"
    } else {
        "use an http or https address without a user, a query or a fragment, such as https://zoom.example.com/path"
    };
    let url = Url::parse(text).ok().filter(fine);
    url.ok_or_else(|| ConfigError::unusable_url(name, text, remedy))
}

/// The file that a variable names, if there are certificates in it; whether they are sound shows when they are used.
pub(super) fn certificates(
    variables: &Variables,
    name: &'static str,
) -> Result<Option<Vec<u8>>, ConfigError> {
    match (variables.text(name)?, variables.file(name)?.map(Secret::reveal)) {
        (_, Some(text)) if text.contains(CERTIFICATE) => Ok(Some(text.as_bytes().to_vec())),
        (Some(path), _) => {
            Err(ConfigError::unusable(name, path, format!("name a PEM file with {CERTIFICATE} in it")))
        }
        (None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::MeetingId;

    fn one(name: &str, value: &str) -> Variables {
        Variables::from_pairs([(name, value)])
    }

    #[test]
    fn a_whole_number_is_digits_within_its_range() {
        let port = |text| whole(&one("PORT", text), "PORT", 3000, 0..=u16::MAX);
        assert_eq!(port("0"), Ok(0));
        assert_eq!(port("65535"), Ok(65535));
        for text in ["65536", "-1", "+1", "1.0", " 1", "1 ", "0x1", "abc", "１", "99999999999999999999999"] {
            let error = port(text).unwrap_err().to_string();
            assert_eq!(error, format!("PORT={text:?}: use a whole number from 0 to 65535"));
        }
        assert!(whole(&one("MAX_BATCH", "0"), "MAX_BATCH", 5, 1..=9).is_err());
    }

    #[test]
    fn seconds_take_fractions_and_are_neither_nothing_nor_endless() {
        let read = |text| seconds(&one("ZOOM_TIMEOUT_SECONDS", text), "ZOOM_TIMEOUT_SECONDS", 10);
        assert_eq!(read("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(read("86400"), Ok(LONGEST));
        assert_eq!(read("0.001"), Ok(SHORTEST));
        assert_eq!(read(""), Ok(Duration::from_secs(10)));
        for text in [
            "0",
            "0.0009",
            "86400.1",
            "-1",
            "+1",
            "inf",
            "NaN",
            "1e3",
            ".",
            "1.2.3",
            "1s",
            "9".repeat(400).as_str(),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.ends_with(": use seconds from 0.001 to 86400, such as 25 or 0.5"), "{error}");
        }
    }

    #[test]
    fn where_no_time_at_all_will_do_it_can_be_said() {
        let read = |text| seconds_or_none(&one("PRESENCE_GRACE_SECONDS", text), "PRESENCE_GRACE_SECONDS", 2);
        assert_eq!((read("0"), read("0.5")), (Ok(Duration::ZERO), Ok(Duration::from_millis(500))));
        let error = read("-1").unwrap_err().to_string();
        assert!(error.ends_with(": use seconds from 0 to 86400, such as 25 or 0.5"), "{error}");
    }

    #[test]
    fn a_life_is_whole_seconds_up_to_a_year() {
        let read = |text| life(&one("ZAK_TTL_SECONDS", text), "ZAK_TTL_SECONDS", 7200);
        assert_eq!(read("31536000"), Ok(Duration::from_hours(8760)));
        for text in ["0", "0.5", "31536001"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_refused_with_its_reason() {
        let read = |text| name::<MeetingId>(&one("TEST_MEETING_ID", text), "TEST_MEETING_ID");
        assert_eq!(read("123 456 789"), Ok("123456789".parse().ok()));
        assert_eq!(read(""), Ok(None));
        let error = read("12").unwrap_err().to_string();
        assert!(error.starts_with("TEST_MEETING_ID=\"12\": a meeting ID "), "{error}");
    }

    #[test]
    fn a_flag_is_true_or_false() {
        assert_eq!(flag(&one("SIMULATOR", "true"), "SIMULATOR"), Ok(Some(true)));
        assert_eq!(flag(&one("SIMULATOR", "false"), "SIMULATOR"), Ok(Some(false)));
        let error = flag(&one("SIMULATOR", "yes"), "SIMULATOR").unwrap_err();
        assert_eq!(error.to_string(), "SIMULATOR=\"yes\": use true or false");
    }

    #[test]
    fn an_address_has_a_known_scheme_and_nothing_to_hide() {
        let read = |text| url("ZOOM_API_URL", text, &["http", "https"]);
        assert_eq!(read("http://[::1]:1/v2").unwrap().as_str(), "http://[::1]:1/v2");
        for text in ["zoom.us", "ftp://zoom.us", "https://", "https://a b", "wss://zoom.us"] {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("ZOOM_API_URL={text:?}: use an http or https address")),
                "{error}"
            );
        }
        for text in [
            "https://me:hush@zoom.us",
            "https://hush@zoom.us",
            "https://zoom.us?hush",
            "https://zoom.us#hush",
            "http://me:hush@",
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("ZOOM_API_URL: use an http or https address"), "{error}");
        }
    }

    #[test]
    fn certificates_are_pem() {
        let read = |text| certificates(&one("ZOOM_CA_FILE", "/ca").with_file("/ca", text), "ZOOM_CA_FILE");
        let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert_eq!(read(pem), Ok(Some(pem.as_bytes().to_vec())));
        let error = read("no").unwrap_err().to_string();
        assert_eq!(error, "ZOOM_CA_FILE=\"/ca\": name a PEM file with -----BEGIN CERTIFICATE----- in it");
        assert_eq!(certificates(&Variables::default(), "ZOOM_CA_FILE"), Ok(None));
    }
}
