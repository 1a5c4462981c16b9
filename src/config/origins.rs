//! Which web pages may call: the answer to an `Origin` header, pure.
//!
//! An origin is taken apart by the URL standard and compared part by part; it is never compared as a prefix of a text.
//! Deliberately absent: schemes other than http and https, and the header itself.

use url::Url;

/// The web pages that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Pages of this machine: `localhost`, `127.0.0.1` and `[::1]`, at any port.
    Loopback,
    /// Pages that fit one of these.
    Listed(Vec<OriginPattern>),
    /// Every page.
    Any,
}

/// One entry of `CORS_ORIGIN`: `scheme://host` or `scheme://host:port`.
///
/// A `*` in the host stands for one or more characters of a host name, dots too: `https://*.example.com` fits
/// `https://a.example.com` and `https://a.b.example.com`, but not `https://example.com`. In the last part of the name it
/// is refused, for anyone could register a name that fits; `https://*` alone is every page over https. A port of `*`
/// is every port. Without a port it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    scheme: String,
    host: String,
    /// None is every port.
    port: Option<u16>,
}

impl Origins {
    /// Reads a list with commas between its entries; nothing if one of them is no origin.
    pub fn listed(list: &str) -> Option<Self> {
        let entries = || list.split(',').map(str::trim);
        if entries().any(|entry| entry == "*")
            && entries().all(|entry| entry == "*" || pattern(entry).is_some())
        {
            return Some(Self::Any);
        }
        entries().map(pattern).collect::<Option<_>>().map(Self::Listed)
    }

    /// Whether a page of this origin may call. An opaque origin (`null`) may only where every page may.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => Origin::parse(origin).is_some_and(|origin| origin.is_loopback()),
            Self::Listed(patterns) => Origin::parse(origin)
                .is_some_and(|origin| patterns.iter().any(|pattern| pattern.fits(&origin))),
        }
    }
}

fn pattern(entry: &str) -> Option<OriginPattern> {
    let (rest, any_port) = match entry.strip_suffix(":*") {
        Some(rest) => (rest, true),
        None => (entry, false),
    };
    let Origin { scheme, host, port } = Origin::parse(rest)?;
    let closed = host == "*" || !host.rsplit('.').next().is_some_and(|last| last.contains('*'));
    closed.then_some(OriginPattern { scheme, host, port: (!any_port).then_some(port) })
}

impl OriginPattern {
    fn fits(&self, origin: &Origin) -> bool {
        self.scheme == origin.scheme
            && self.port.is_none_or(|port| port == origin.port)
            && host_fits(&self.host, &origin.host)
    }
}

/// Whether the host fits a pattern in which every `*` stands for one or more characters.
fn host_fits(pattern: &str, host: &str) -> bool {
    let mut literals = pattern.split('*');
    let Some(mut rest) = literals.next().and_then(|start| host.strip_prefix(start)) else {
        return false;
    };
    let Some(end) = literals.next_back() else {
        return rest.is_empty();
    };
    // An IPv6 address is no name: only a pattern without `*` fits it.
    if host.starts_with('[') {
        return false;
    }
    // Each literal is taken where it comes first, which leaves the most for those behind it.
    for literal in literals {
        let after_one = rest.char_indices().nth(1).and_then(|(at, _)| rest.get(at..));
        let Some((_, behind)) = after_one.and_then(|rest| rest.split_once(literal)) else {
            return false;
        };
        rest = behind;
    }
    rest.strip_suffix(end).is_some_and(|gap| !gap.is_empty())
}

/// An origin, or an entry's text that is written like one.
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// Only the text that a browser sends for it, or with the scheme's own port said: no path, no user, no other way
    /// to write an address.
    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let port = url.port_or_known_default()?;
        let plain = url.origin().ascii_serialization();
        let exact =
            text.eq_ignore_ascii_case(&plain) || text.eq_ignore_ascii_case(&format!("{plain}:{port}"));
        let host = url.host_str().filter(|_| exact)?.to_owned();
        Some(Self { scheme: url.scheme().to_owned(), host, port })
    }

    fn is_loopback(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(list: &str) -> Origins {
        Origins::listed(list).unwrap()
    }

    #[test]
    fn loopback_is_this_machine_at_any_port_and_nothing_that_looks_like_it() {
        for origin in [
            "http://localhost",
            "http://localhost:80",
            "https://localhost:3000",
            "http://127.0.0.1:8080",
            "https://[::1]:1",
            "HTTP://LocalHost:1",
        ] {
            assert!(Origins::Loopback.allows(origin), "{origin}");
        }
        for origin in [
            "",
            "null",
            "localhost",
            "ws://localhost",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "http://evil.example#localhost",
            "http://evil@localhost",
            "http://localhost/",
            "http://localhost?",
            "http:localhost",
            "http:\\\\localhost",
            "http://local\thost",
            " http://localhost",
            "http://localhost.",
            "http://127.1",
            "http://127.0.0.2",
            "http://0.0.0.0",
            "http://[::ffff:127.0.0.1]",
            "http://xlocalhost",
        ] {
            assert!(!Origins::Loopback.allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_listed_origin_fits_by_scheme_host_and_port() {
        let origins = listed("https://app.example.com, http://Other.example:8080,https://[::1]");
        for origin in [
            "https://app.example.com",
            "https://app.example.com:443",
            "http://other.example:8080",
            "https://[::1]",
        ] {
            assert!(origins.allows(origin), "{origin}");
        }
        for origin in [
            "http://app.example.com",
            "https://app.example.com:444",
            "https://app.example.com.evil.example",
            "https://evil.example/https://app.example.com",
            "http://other.example",
            "null",
        ] {
            assert!(!origins.allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_star_in_the_host_stands_for_one_or_more_characters_of_a_name() {
        let origins = listed("https://*.example.com,https://app-*-x.*.example.org:8443");
        for origin in [
            "https://a.example.com",
            "https://a.b.example.com",
            "https://app-1-x.eu.example.org:8443",
            "https://app--x-x.eu.example.org:8443",
        ] {
            assert!(origins.allows(origin), "{origin}");
        }
        for origin in [
            "https://example.com",
            "https://.example.com",
            "https://evilexample.com",
            "https://a.example.com:1",
            "https://a.example.com.evil.example",
            "https://evil.example/a.example.com",
            "https://evil.example:1/.example.com",
            "https://app--x.eu.example.org:8443",
            "https://app-1-x.example.org:8443",
        ] {
            assert!(!origins.allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_star_may_be_a_port_or_a_whole_host_and_alone_it_is_everything() {
        assert!(listed("http://localhost:*").allows("http://localhost:1234"));
        assert!(listed("http://localhost:*").allows("http://localhost"));
        assert!(!listed("http://localhost:*").allows("https://localhost"));
        assert!(listed("https://*").allows("https://any.example"));
        assert!(!listed("https://*").allows("https://[::1]"));
        assert_eq!(listed(" * "), Origins::Any);
        assert_eq!(listed("https://a.example, *"), Origins::Any);
        assert!(Origins::Any.allows("null"));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for entry in [
            "",
            "example.com",
            "https://",
            "https://a.example/",
            "https://a.example/path",
            "https://a.example?x",
            "https://me@a.example",
            "https://a.example:x",
            "https://a.example:*1",
            "https://example.*",
            "https://example.com*",
            "*://a.example",
            "ftp://a.example",
            "null",
            "https://a.example,",
            "*,nonsense",
        ] {
            assert_eq!(Origins::listed(entry), None, "{entry}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(list in any::<String>(), origin in any::<String>()) {
            if let Some(origins) = Origins::listed(&list) {
                prop_assert_eq!(origins.allows(&origin), origins == Origins::Any);
            }
            prop_assert!(!Origins::Loopback.allows(&origin));
        }

        #[test]
        fn a_pattern_fits_just_what_a_search_over_every_split_finds(pattern in "[ab*]{0,7}", host in "[ab]{0,9}") {
            prop_assert_eq!(host_fits(&pattern, &host), fits_slowly(pattern.as_bytes(), host.as_bytes()));
        }

        #[test]
        fn whatever_stands_for_a_star_ends_in_the_listed_name(host in "[a-z0-9.@:/?#\\\\-]{1,20}") {
            let origin = format!("https://{host}");
            if listed("https://*.example.com").allows(&origin) {
                prop_assert!(origin.ends_with(".example.com") || origin.ends_with(".example.com:443"));
            }
        }
    }

    fn fits_slowly(pattern: &[u8], host: &[u8]) -> bool {
        match pattern.split_first() {
            None => host.is_empty(),
            Some((b'*', rest)) => (1..=host.len()).any(|taken| fits_slowly(rest, &host[taken..])),
            Some((byte, rest)) => {
                host.split_first().is_some_and(|(first, host)| first == byte && fits_slowly(rest, host))
            }
        }
    }
}
