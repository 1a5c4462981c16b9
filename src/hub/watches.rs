//! Who watches whose presence, and what each watcher has been told. Pure: it is told who can be reached, and says whom to
//! tell what.
//!
//! Coming is news at once, going only when nobody has come back for a grace, so that a reload is none. What a watcher is
//! still to be told is kept as names alone: how they stand is looked up when it is told, so it never grows, and who came
//! and went meanwhile is not mentioned.

mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::refusal::{Code, Refusal};
use crate::names::{MeetingId, SessionId, UserId};

pub use told::{Change, PresenceChange, PresenceState};

/// Users that are watched in the whole hub, each as often as somebody does.
pub const IN_ALL: usize = 500_000;

/// How long, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Users that one session may watch, in all its meetings.
    pub per_session: usize,
    /// Users that all sessions together may watch.
    pub in_all: usize,
    /// How long a user counts as there once the last session has left.
    pub grace: Duration,
}

/// The watches.
#[derive(Debug)]
pub struct Watches {
    bounds: Bounds,
    sessions: HashMap<SessionId, BTreeMap<MeetingId, Watch>>,
    users: HashMap<UserId, HashMap<MeetingId, Watched>>,
    /// Those who have left and may come back, by when they count as gone.
    leaving: BTreeMap<Departure, (UserId, MeetingId)>,
    departures: u64,
    /// The watches with something to tell.
    news: BTreeSet<(SessionId, MeetingId)>,
    /// Users in all watches.
    count: usize,
}

/// When somebody counts as gone; the number tells those of the same moment apart.
type Departure = (Instant, u64);

/// One session's, of one meeting.
#[derive(Debug)]
struct Watch {
    users: Vec<Known>,
    /// Places of those who changed since the last was told, each once.
    noted: Vec<usize>,
}

/// A user as a watcher knows them.
#[derive(Debug)]
struct Known {
    user: UserId,
    online: bool,
    noted: bool,
}

/// A user in a meeting, as somebody watches them.
#[derive(Debug)]
struct Watched {
    stands: Stands,
    /// In whose watch, and where in it.
    by: Vec<(SessionId, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Online,
    /// Nobody is there, but that is no news yet.
    Leaving(Departure),
    Offline,
}

/// What one session is to be told of one meeting.
#[derive(Debug, PartialEq, Eq)]
pub struct News {
    /// Whom.
    pub session: SessionId,
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Each user once.
    pub changes: Vec<Change>,
}

impl Watches {
    /// Nobody watches.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            sessions: HashMap::new(),
            users: HashMap::new(),
            leaving: BTreeMap::new(),
            departures: 0,
            news: BTreeSet::new(),
            count: 0,
        }
    }

    /// Whether nobody watches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Has a session watch these, each named once, in the place of those whom it watched in this meeting; none: nobody.
    ///
    /// # Errors
    /// `too_many_participants`, `overloaded`; it goes on watching whom it watched.
    pub fn watch(
        &mut self,
        session: SessionId,
        meeting: MeetingId,
        users: Vec<UserId>,
        reachable: impl Fn(&UserId) -> bool,
    ) -> Result<(), Refusal> {
        self.judge(session, meeting, users.len())?;
        self.count += users.len();
        let mut watch = Watch { users: Vec::with_capacity(users.len()), noted: Vec::new() };
        for (place, user) in users.into_iter().enumerate() {
            let meetings = self.users.entry(user.clone()).or_default();
            let watched = meetings.entry(meeting).or_insert_with(|| {
                let stands = if reachable(&user) { Stands::Online } else { Stands::Offline };
                Watched { stands, by: Vec::new() }
            });
            watched.by.push((session, place));
            watch.users.push(Known { user, online: watched.stands.is_online(), noted: false });
        }
        // The older one ends after that: who is in both and about to leave stands as before.
        let watches = self.sessions.entry(session).or_default();
        let before =
            if watch.users.is_empty() { watches.remove(&meeting) } else { watches.insert(meeting, watch) };
        if watches.is_empty() {
            self.sessions.remove(&session);
        }
        if let Some(before) = before {
            self.forget(session, meeting, before);
        }
        Ok(())
    }

    fn judge(&self, session: SessionId, meeting: MeetingId, more: usize) -> Result<(), Refusal> {
        let Bounds { per_session, in_all, .. } = self.bounds;
        let watches = || self.sessions.get(&session).into_iter().flatten();
        let elsewhere: usize =
            watches().filter(|(of, _)| **of != meeting).map(|(_, watch)| watch.users.len()).sum();
        if elsewhere + more > per_session {
            let message = format!("A session can watch {per_session} users at most, in all its meetings");
            return Err(Refusal::new(Code::TooManyParticipants, message));
        }
        let before = watches().find(|(of, _)| **of == meeting).map_or(0, |(_, watch)| watch.users.len());
        if self.count - before + more > in_all {
            return Err(Refusal::new(Code::Overloaded, "Too many users are watched already"));
        }
        Ok(())
    }

    /// Whether a user counts as there, as far as somebody watches them.
    #[must_use]
    pub fn is_online(&self, user: &UserId, meeting: MeetingId) -> bool {
        let watched = self.users.get(user).and_then(|meetings| meetings.get(&meeting));
        watched.is_some_and(|watched| watched.stands.is_online())
    }

    /// A session watches nobody any more.
    pub fn ended(&mut self, session: SessionId) {
        self.keep(session, |_| false);
    }

    /// A session's watches end but those of these meetings.
    pub fn keep(&mut self, session: SessionId, may_watch: impl Fn(MeetingId) -> bool) {
        let Some(watches) = self.sessions.get_mut(&session) else { return };
        let ended: Vec<_> = watches.extract_if(.., |meeting, _| !may_watch(*meeting)).collect();
        if watches.is_empty() {
            self.sessions.remove(&session);
        }
        for (meeting, watch) in ended {
            self.forget(session, meeting, watch);
        }
    }

    fn forget(&mut self, session: SessionId, meeting: MeetingId, watch: Watch) {
        self.count -= watch.users.len();
        self.news.remove(&(session, meeting));
        for (place, known) in watch.users.into_iter().enumerate() {
            let Some(meetings) = self.users.get_mut(&known.user) else { continue };
            let Some(watched) = meetings.get_mut(&meeting) else { continue };
            if let Some(at) = watched.by.iter().position(|by| *by == (session, place)) {
                watched.by.swap_remove(at);
            }
            if !watched.by.is_empty() {
                continue;
            }
            if let Stands::Leaving(departure) = watched.stands {
                self.leaving.remove(&departure);
            }
            meetings.remove(&meeting);
            if meetings.is_empty() {
                self.users.remove(&known.user);
            }
        }
    }

    /// A user may be reachable in meetings where that was not so before, or no longer.
    pub fn turned(&mut self, user: &UserId, reachable: impl Fn(MeetingId) -> bool, now: Instant) {
        let Some(meetings) = self.users.get_mut(user) else { return };
        for (meeting, watched) in meetings {
            match (watched.stands, reachable(*meeting)) {
                (Stands::Online, true) | (Stands::Leaving(_) | Stands::Offline, false) => {}
                (Stands::Leaving(departure), true) => {
                    self.leaving.remove(&departure);
                    watched.stands = Stands::Online;
                }
                (Stands::Offline, true) => {
                    watched.stands = Stands::Online;
                    note(&mut self.sessions, &mut self.news, *meeting, watched);
                }
                (Stands::Online, false) => {
                    self.departures += 1;
                    let departure = (now + self.bounds.grace, self.departures);
                    self.leaving.insert(departure, (user.clone(), *meeting));
                    watched.stands = Stands::Leaving(departure);
                }
            }
        }
    }

    /// What is to be told by now to those sessions that may hear it; what others are to be told stays.
    #[must_use]
    pub fn due(&mut self, now: Instant, may_hear: impl Fn(SessionId) -> bool) -> Vec<News> {
        while let Some(first) = self.leaving.first_entry().filter(|first| first.key().0 <= now) {
            let (user, meeting) = first.remove();
            let watched = self.users.get_mut(&user).and_then(|meetings| meetings.get_mut(&meeting));
            if let Some(watched) = watched {
                watched.stands = Stands::Offline;
                note(&mut self.sessions, &mut self.news, meeting, watched);
            }
        }
        let told: Vec<_> = self.news.extract_if(.., |(session, _)| may_hear(*session)).collect();
        let news = told.into_iter().map(|(session, meeting)| {
            let watch = self.sessions.get_mut(&session).and_then(|watches| watches.get_mut(&meeting));
            let stands = |user: &UserId| self.users.get(user).and_then(|meetings| meetings.get(&meeting));
            let online = |user: &UserId| stands(user).is_some_and(|watched| watched.stands.is_online());
            News { session, meeting, changes: watch.map_or_else(Vec::new, |watch| watch.changes(online)) }
        });
        news.filter(|news| !news.changes.is_empty()).collect()
    }
}

/// All who watch a user in a meeting may have something to be told.
fn note(
    sessions: &mut HashMap<SessionId, BTreeMap<MeetingId, Watch>>,
    news: &mut BTreeSet<(SessionId, MeetingId)>,
    meeting: MeetingId,
    watched: &Watched,
) {
    for (session, place) in &watched.by {
        let Some(watch) = sessions.get_mut(session).and_then(|watches| watches.get_mut(&meeting)) else {
            continue;
        };
        if let Some(known) = watch.users.get_mut(*place).filter(|known| !known.noted) {
            known.noted = true;
            watch.noted.push(*place);
            news.insert((*session, meeting));
        }
    }
}

impl Watch {
    /// Those who stand otherwise than was told last; from now on that is told.
    fn changes(&mut self, online: impl Fn(&UserId) -> bool) -> Vec<Change> {
        let mut changes = Vec::new();
        for place in std::mem::take(&mut self.noted) {
            let Some(known) = self.users.get_mut(place) else { continue };
            known.noted = false;
            let online = online(&known.user);
            if known.online != online {
                known.online = online;
                changes.push(Change { user_id: known.user.clone(), online });
            }
        }
        changes
    }
}

impl Stands {
    fn is_online(self) -> bool {
        matches!(self, Self::Online | Self::Leaving(_))
    }
}

#[cfg(test)]
mod tests;
