//! Watches, one after the other, and beside a model of them: whatever happens, a watcher knows what is so.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(1);
const BOUNDS: Bounds = Bounds { per_session: 4, in_all: 7, grace: GRACE };

fn user(text: &str) -> UserId {
    text.parse().unwrap()
}

fn meeting(number: usize) -> MeetingId {
    format!("{}", 123_456_789 + number).parse().unwrap()
}

fn change(text: &str, online: bool) -> Change {
    Change { user_id: user(text), online }
}

/// One session that watches these in the first meeting, none of whom is there.
fn watching(users: &[&str]) -> (Watches, SessionId, Instant) {
    let (mut watches, session) = (Watches::new(BOUNDS), SessionId::random());
    watches.watch(session, meeting(0), users.iter().map(|text| user(text)).collect(), |_| false).unwrap();
    (watches, session, Instant::now())
}

impl Watches {
    fn told(&mut self, now: Instant) -> Vec<Change> {
        self.due(now, |_| true).into_iter().flat_map(|news| news.changes).collect()
    }

    /// Whether nothing is left of any watch.
    fn is_bare(&self) -> bool {
        let Self { sessions, users, leaving, news, count, .. } = self;
        sessions.is_empty() && users.is_empty() && leaving.is_empty() && news.is_empty() && *count == 0
    }
}

#[test]
fn coming_is_told_at_once_and_going_after_the_grace_as_the_watcher_spells_it() {
    let (mut watches, _, now) = watching(&["Ann", "ben"]);
    watches.turned(&user("ANN"), |_| true, now);
    assert!(watches.is_online(&user("ann"), meeting(0)));
    let told = watches.told(now);
    assert_eq!(told, [change("ann", true)]);
    assert_eq!(told[0].user_id.as_str(), "Ann");
    watches.turned(&user("ann"), |_| false, now);
    assert_eq!(watches.told(now + GRACE.mul_f64(0.999)), []);
    assert_eq!(watches.told(now + GRACE), [change("ann", false)]);
    assert_eq!(watches.told(now + GRACE * 2), []);
}

#[test]
fn who_is_back_within_the_grace_never_left() {
    let (mut watches, _, now) = watching(&["ann"]);
    watches.turned(&user("ann"), |_| true, now);
    assert_eq!(watches.told(now).len(), 1);
    for n in 0..5 {
        let now = now + GRACE / 2 * n;
        watches.turned(&user("ann"), |_| false, now);
        watches.turned(&user("ann"), |_| true, now + GRACE / 4);
        assert_eq!(watches.told(now + GRACE / 4), []);
    }
    assert_eq!(watches.told(now + GRACE * 9), []);
}

#[test]
fn who_comes_and_goes_between_two_tellings_is_not_mentioned() {
    let mut watches = Watches::new(Bounds { grace: Duration::ZERO, ..BOUNDS });
    let now = Instant::now();
    watches.watch(SessionId::random(), meeting(0), vec![user("ann")], |_| false).unwrap();
    watches.turned(&user("ann"), |_| true, now);
    watches.turned(&user("ann"), |_| false, now);
    assert_eq!(watches.told(now), []);
}

#[test]
fn who_is_named_anew_while_about_to_leave_stands_as_before() {
    let (mut watches, session, now) = watching(&["ann"]);
    watches.turned(&user("ann"), |_| true, now);
    assert_eq!(watches.told(now).len(), 1);
    watches.turned(&user("ann"), |_| false, now);
    watches.watch(session, meeting(0), vec![user("ben"), user("ann")], |_| false).unwrap();
    assert!(watches.is_online(&user("ann"), meeting(0)));
    assert_eq!(watches.told(now + GRACE), [change("ann", false)]);
}

#[test]
fn what_may_not_be_heard_yet_is_heard_later_and_once() {
    let (mut watches, _, now) = watching(&["ann", "ben"]);
    watches.turned(&user("ann"), |_| true, now);
    assert_eq!(watches.due(now, |_| false), []);
    watches.turned(&user("ann"), |_| false, now);
    watches.turned(&user("ben"), |_| true, now);
    assert_eq!(watches.due(now + GRACE, |_| false), []);
    assert_eq!(watches.told(now + GRACE), [change("ben", true)]);
    assert_eq!(watches.told(now + GRACE), []);
}

#[test]
fn a_watch_that_is_refused_leaves_the_older_one() {
    let (mut watches, session, now) = watching(&["ann"]);
    let many = |count: usize| (0..count).map(|n| user(&format!("u{n}"))).collect::<Vec<_>>();
    let refused = watches.watch(session, meeting(0), many(5), |_| false).unwrap_err();
    assert_eq!(refused.code, Code::TooManyParticipants);
    let refused = watches.watch(session, meeting(1), many(4), |_| false).unwrap_err();
    assert_eq!(refused.code, Code::TooManyParticipants, "all its meetings count");
    watches.watch(SessionId::random(), meeting(0), many(4), |_| false).unwrap();
    let refused = watches.watch(SessionId::random(), meeting(0), many(3), |_| false).unwrap_err();
    assert_eq!(refused.code, Code::Overloaded);
    watches.turned(&user("ann"), |_| true, now);
    assert_eq!(watches.told(now), [change("ann", true)]);
    watches.watch(session, meeting(0), Vec::new(), |_| false).unwrap();
    watches.watch(SessionId::random(), meeting(0), many(3), |_| false).unwrap();
}

const USERS: usize = 3;
const MEETINGS: usize = 2;
const SESSIONS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Happens {
    Turns { user: usize, reachable: [bool; MEETINGS] },
    Watches { session: usize, meeting: usize, users: [bool; USERS] },
    Keeps { session: usize, meetings: [bool; MEETINGS] },
    Ends { session: usize },
    Passes { millis: u64, deaf: Option<usize> },
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        5 => (0..USERS, any::<[bool; MEETINGS]>())
            .prop_map(|(user, reachable)| Happens::Turns { user, reachable }),
        3 => (0..SESSIONS, 0..MEETINGS, any::<[bool; USERS]>())
            .prop_map(|(session, meeting, users)| Happens::Watches { session, meeting, users }),
        1 => (0..SESSIONS, any::<[bool; MEETINGS]>())
            .prop_map(|(session, meetings)| Happens::Keeps { session, meetings }),
        1 => (0..SESSIONS).prop_map(|session| Happens::Ends { session }),
        5 => (0..900_u64, proptest::option::of(0..SESSIONS))
            .prop_map(|(millis, deaf)| Happens::Passes { millis, deaf }),
    ]
}

/// What is so, and what each watcher knows by what it was told.
struct World {
    watches: Watches,
    sessions: [SessionId; SESSIONS],
    now: Instant,
    reachable: [[bool; MEETINGS]; USERS],
    /// Until when who left counts as there, while somebody watches.
    leaving: HashMap<(usize, usize), Instant>,
    /// When each could last be reached.
    seen: HashMap<(usize, usize), Instant>,
    knows: HashMap<(usize, usize), HashMap<usize, bool>>,
}

impl World {
    fn new() -> Self {
        Self {
            watches: Watches::new(BOUNDS),
            sessions: std::array::from_fn(|_| SessionId::random()),
            now: Instant::now(),
            reachable: [[false; MEETINGS]; USERS],
            leaving: HashMap::new(),
            seen: HashMap::new(),
            knows: HashMap::new(),
        }
    }

    fn counts_as_there(&self, user: usize, meeting: usize) -> bool {
        self.reachable[user][meeting] || self.leaving.contains_key(&(user, meeting))
    }

    fn is_watched(&self, user: usize, meeting: usize) -> bool {
        self.knows.iter().any(|((_, of), knows)| *of == meeting && knows.contains_key(&user))
    }

    fn happen(&mut self, what: Happens) {
        match what {
            Happens::Turns { user, reachable } => self.turn(user, reachable),
            Happens::Watches { session, meeting, users } => self.watch(session, meeting, users),
            Happens::Keeps { session, meetings } => {
                let number = |id| (0..MEETINGS).find(|number| meeting(*number) == id).unwrap();
                self.watches.keep(self.sessions[session], |id| meetings[number(id)]);
                self.knows.retain(|(of, meeting), _| *of != session || meetings[*meeting]);
            }
            Happens::Ends { session } => {
                self.watches.ended(self.sessions[session]);
                self.knows.retain(|(of, _), _| *of != session);
            }
            Happens::Passes { millis, deaf } => self.pass(Duration::from_millis(millis), deaf),
        }
        let unwatched: Vec<_> = self
            .leaving
            .keys()
            .copied()
            .filter(|(user, meeting)| !self.is_watched(*user, *meeting))
            .collect();
        for left in unwatched {
            self.leaving.remove(&left);
        }
        let named: usize = self.knows.values().map(HashMap::len).sum();
        assert_eq!(self.watches.count, named);
        assert!(named <= BOUNDS.in_all && self.watches.leaving.len() == self.leaving.len());
    }

    fn turn(&mut self, of: usize, reachable: [bool; MEETINGS]) {
        for (meeting, reachable) in reachable.into_iter().enumerate() {
            let before = std::mem::replace(&mut self.reachable[of][meeting], reachable);
            if before {
                self.seen.insert((of, meeting), self.now);
            }
            if reachable {
                self.leaving.remove(&(of, meeting));
            } else if before && self.is_watched(of, meeting) {
                self.leaving.insert((of, meeting), self.now + GRACE);
            }
        }
        let is = |id| reachable[(0..MEETINGS).find(|number| meeting(*number) == id).unwrap()];
        self.watches.turned(&user(&format!("U{of}")), is, self.now);
    }

    fn watch(&mut self, session: usize, of: usize, users: [bool; USERS]) {
        let named: Vec<_> = (0..USERS).filter(|user| users[*user]).collect();
        let watched = |here: &dyn Fn(usize, usize) -> bool| -> usize {
            self.knows.iter().filter(|((by, of), _)| here(*by, *of)).map(|(_, knows)| knows.len()).sum()
        };
        let too_many = watched(&|by, at| by == session && at != of) + named.len() > BOUNDS.per_session;
        let full = watched(&|by, at| (by, at) != (session, of)) + named.len() > BOUNDS.in_all;
        let reachable = |id: &UserId| {
            let number = (0..USERS).find(|number| user(&format!("u{number}")) == *id).unwrap();
            self.reachable[number][of]
        };
        let users = named.iter().map(|number| user(&format!("u{number}"))).collect();
        let taken = self.watches.watch(self.sessions[session], meeting(of), users, reachable);
        assert_eq!(taken.is_err(), too_many || full);
        if taken.is_err() {
            return;
        }
        let state = |user: &usize| (*user, self.counts_as_there(*user, of));
        let knows: HashMap<_, _> = named.iter().map(state).collect();
        for (number, online) in &knows {
            assert_eq!(self.watches.is_online(&user(&format!("u{number}")), meeting(of)), *online);
        }
        self.knows.remove(&(session, of));
        if !knows.is_empty() {
            self.knows.insert((session, of), knows);
        }
    }

    fn pass(&mut self, time: Duration, deaf: Option<usize>) {
        self.now += time;
        let now = self.now;
        self.leaving.retain(|_, until| *until > now);
        let deaf = deaf.map(|deaf| self.sessions[deaf]);
        let news = self.watches.due(now, |session| Some(session) != deaf);
        for News { session, meeting: of, changes } in news {
            let by = self.sessions.iter().position(|id| *id == session).unwrap();
            let of = (0..MEETINGS).find(|number| meeting(*number) == of).unwrap();
            let mut named = std::collections::HashSet::new();
            for Change { user_id, online } in changes {
                assert!(named.insert(user_id.clone()), "{user_id} twice in one change");
                let number = (0..USERS).find(|number| user(&format!("u{number}")) == user_id).unwrap();
                let known = self.knows.get_mut(&(by, of)).unwrap().insert(number, online);
                assert_eq!(known, Some(!online), "what is told is news");
                let seen = self.seen.get(&(number, of));
                assert!(online || seen.is_none_or(|seen| *seen + GRACE <= now), "{user_id} flaps");
            }
        }
        for ((session, meeting), knows) in &self.knows {
            if Some(self.sessions[*session]) != deaf {
                for (user, online) in knows {
                    assert_eq!(*online, self.counts_as_there(*user, *meeting));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_a_watcher_knows_who_is_there(what in proptest::collection::vec(happens(), 0..80)) {
        let mut world = World::new();
        for what in what {
            world.happen(what);
        }
        for session in 0..SESSIONS {
            world.happen(Happens::Ends { session });
        }
        prop_assert!(world.watches.is_bare());
    }
}
