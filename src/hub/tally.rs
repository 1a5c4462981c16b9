//! What minting has come to since the start: tokens by kind, failures by code. Numbers alone, of nobody.
//!
//! Counted where every mint ends, on whichever thread that is; one addition a token.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use jiff::Timestamp;

use super::refusal::{Code, Refusal};
use crate::zoom::api::TokenKind;

/// The tally. Clones count together.
#[derive(Clone, Debug)]
pub struct Tally(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    zak: AtomicU64,
    obf: AtomicU64,
    /// One for each code that there is.
    failures: Box<[Failures]>,
}

#[derive(Debug)]
struct Failures {
    code: Code,
    count: AtomicU64,
    /// When the last was, in milliseconds since 1970.
    last: AtomicI64,
}

/// How often minting has failed with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The code.
    pub code: Code,
    /// How often.
    pub count: u64,
    /// The last time.
    pub last: Timestamp,
}

impl Default for Tally {
    fn default() -> Self {
        let failures = Code::ALL.iter().map(|code| Failures {
            code: *code,
            count: AtomicU64::new(0),
            last: AtomicI64::new(0),
        });
        let (zak, obf) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Counts { zak, obf, failures: failures.collect() }))
    }
}

impl Tally {
    /// How many tokens of a kind were minted; one that several callers share counts for each.
    #[must_use]
    pub fn minted(&self, kind: TokenKind) -> u64 {
        self.of(kind).load(Relaxed)
    }

    /// What has failed, the most recent first.
    #[must_use]
    pub fn failed(&self) -> Vec<Failed> {
        let failed = self.0.failures.iter().map(|Failures { code, count, last }| Failed {
            code: *code,
            count: count.load(Relaxed),
            last: Timestamp::from_millisecond(last.load(Relaxed)).unwrap_or_default(),
        });
        let mut failed: Vec<_> = failed.filter(|failed| failed.count > 0).collect();
        failed.sort_by_key(|failed| std::cmp::Reverse(failed.last));
        failed
    }

    /// A mint has ended.
    pub(super) fn note(&self, kind: TokenKind, refusal: Option<&Refusal>) {
        let Some(refusal) = refusal else {
            self.of(kind).fetch_add(1, Relaxed);
            return;
        };
        if let Some(failures) = self.0.failures.iter().find(|failures| failures.code == refusal.code) {
            failures.count.fetch_add(1, Relaxed);
            failures.last.fetch_max(Timestamp::now().as_millisecond(), Relaxed);
        }
    }

    fn of(&self, kind: TokenKind) -> &AtomicU64 {
        match kind {
            TokenKind::Zak => &self.0.zak,
            TokenKind::Obf => &self.0.obf,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_count_by_kind_and_failures_by_code_the_most_recent_first() {
        let tally = Tally::default();
        assert_eq!((tally.minted(TokenKind::Zak), tally.failed()), (0, Vec::new()));
        tally.note(TokenKind::Zak, None);
        for _ in 0..3 {
            tally.clone().note(TokenKind::Obf, None);
        }
        assert_eq!((tally.minted(TokenKind::Zak), tally.minted(TokenKind::Obf)), (1, 3));
        for code in [Code::ZoomUserNotFound, Code::Overloaded, Code::Overloaded] {
            tally.note(TokenKind::Obf, Some(&Refusal::new(code, "")));
        }
        let counts = |tally: &Tally| tally.failed().iter().map(|it| (it.code, it.count)).collect::<Vec<_>>();
        let older = &tally.0.failures.iter().find(|it| it.code == Code::ZoomUserNotFound).unwrap().last;
        older.fetch_sub(1000, Relaxed);
        assert_eq!(counts(&tally), [(Code::Overloaded, 2), (Code::ZoomUserNotFound, 1)]);
        older.fetch_add(2000, Relaxed);
        assert_eq!(counts(&tally), [(Code::ZoomUserNotFound, 1), (Code::Overloaded, 2)]);
        assert_eq!(tally.minted(TokenKind::Obf), 3, "what failed was not minted");
    }
}
