//! How many connections the process has room for: each is an open file.

use log::warn;

/// What the process needs for itself: listening sockets, calls to Zoom, the log, and answers to those it can't take.
const OWN: usize = 512;
/// Of these, connections that are no sessions: calls over HTTP, and those that are refused.
pub(super) const SPARE: usize = 256;
/// However few files there may be.
const AT_LEAST: usize = 64;

/// Raises the limit of open files as far as the process may. Once, at the start.
pub fn raise() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        warn!("the limit of open files could not be raised: {error}");
    }
}

/// How many connections there is room for.
pub(super) fn room() -> usize {
    let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(0);
    usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OWN).max(AT_LEAST)
}
