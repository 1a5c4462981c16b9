//! The registry beside a model of it: whatever happens in whatever order, an event reaches whom it should.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::command::permit;
use super::super::events::{MeetingCredentials, Pong};
use super::*;
use crate::identity::{Identity, Matching};
use crate::secret::Secret;
use crate::zoom::IssuedToken;

const MEETING: &str = "123456789";
const PER_USER: usize = 3;
const USERS: usize = 3;

/// What a session shows for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shows {
    Nothing,
    Good,
    ForAnotherMeeting,
    Ended,
    AsService,
}

#[derive(Clone, Debug)]
enum Happens {
    Connects { user: usize, shows: Shows, acks: bool },
    IsAnothersToo { session: prop::sample::Index, user: usize },
    Leaves(prop::sample::Index),
    Revoked { user: usize },
    Routed { to: Whom, user: usize, session: prop::sample::Index, token: bool },
}

#[derive(Clone, Copy, Debug)]
enum Whom {
    Session,
    User,
    Everybody,
    Audience,
    Participant,
}

fn happens() -> impl Strategy<Value = Happens> {
    use Shows::{AsService, Ended, ForAnotherMeeting, Good, Nothing};
    use Whom::{Audience, Everybody, Participant, Session, User};
    let (user, session) = (0..USERS, any::<prop::sample::Index>());
    let shows = prop::sample::select(vec![Nothing, Good, ForAnotherMeeting, Ended, AsService]);
    let to = prop::sample::select(vec![Session, User, Everybody, Audience, Participant]);
    prop_oneof![
        3 => (user.clone(), shows, any::<bool>())
            .prop_map(|(user, shows, acks)| Happens::Connects { user, shows, acks }),
        1 => (session.clone(), user.clone()).prop_map(|(session, user)| Happens::IsAnothersToo { session, user }),
        1 => session.clone().prop_map(Happens::Leaves),
        1 => user.clone().prop_map(|user| Happens::Revoked { user }),
        4 => (to, user, session, any::<bool>())
            .prop_map(|(to, user, session, token)| Happens::Routed { to, user, session, token }),
    ]
}

/// A session that notes what it is handed.
struct Ear(SessionId, Rc<RefCell<Vec<SessionId>>>);

impl Actor for Ear {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Ear {
    type Result = ();

    fn handle(&mut self, _deliver: Deliver, _ctx: &mut Self::Context) {
        self.1.borrow_mut().push(self.0);
    }
}

/// Answered once everything before it was.
#[derive(Message)]
#[rtype(result = "()")]
struct Caught;

impl Handler<Caught> for Ear {
    type Result = ();

    fn handle(&mut self, _caught: Caught, _ctx: &mut Self::Context) {}
}

/// A session as the model knows it.
struct Known {
    id: SessionId,
    /// Whose it is, and since when.
    users: Vec<(usize, usize)>,
    shows: Shows,
    acks: bool,
    ear: Addr<Ear>,
}

impl Known {
    fn since(&self, user: usize) -> Option<usize> {
        self.users.iter().find(|(known, _)| *known == user).map(|(_, since)| *since)
    }

    fn is(&self, user: usize) -> bool {
        self.since(user).is_some()
    }

    /// Whether it may have what is this user's.
    fn may_have(&self, token: bool) -> bool {
        match self.shows {
            Shows::Nothing | Shows::Good | Shows::AsService => true,
            Shows::ForAnotherMeeting => !token,
            Shows::Ended => false,
        }
    }
}

struct World {
    registry: Addr<Registry>,
    presence: Presence,
    sessions: Vec<Known>,
    happened: usize,
    heard: Rc<RefCell<Vec<SessionId>>>,
}

fn name(user: usize) -> UserId {
    format!("user{user}").parse().unwrap()
}

fn caller(user: usize, shows: Shows) -> Caller {
    let (role, meeting, left) = match shows {
        Shows::Nothing => return Caller::Anyone,
        Shows::Good => (Role::Participant, MEETING, 60),
        Shows::ForAnotherMeeting => (Role::Participant, "987654321", 60),
        Shows::Ended => (Role::Participant, MEETING, -1),
        Shows::AsService => (Role::Service, MEETING, 60),
    };
    let now = Timestamp::now();
    Caller::Known(Arc::new(Identity {
        user: name(user),
        role,
        meetings: Some([meeting.parse().unwrap()].into()),
        // Each is signed anew, after what was revoked before.
        issued_at: Some(now),
        expires_at: now + SignedDuration::from_secs(left),
    }))
}

impl World {
    fn new() -> Self {
        let presence = Presence::default();
        let watches = watches::Bounds { per_session: 0, in_all: 0, grace: Duration::ZERO };
        let bounds = Bounds { sessions: 1000, per_user: PER_USER, min_life: Duration::from_mins(1), watches };
        let revocations = Some(Revocations::new(Duration::from_mins(1)));
        let registry =
            Registry::new(presence.clone(), Drain::default(), bounds, revocations, oneshot::channel().0);
        Self { registry: registry.start(), presence, sessions: Vec::new(), happened: 0, heard: Rc::default() }
    }

    async fn happen(&mut self, what: Happens) {
        self.happened += 1;
        match what {
            Happens::Connects { user, shows, acks } => self.connects(user, shows, acks).await,
            Happens::IsAnothersToo { session, user } => self.is_anothers_too(session, user).await,
            Happens::Leaves(session) => {
                if let Some(at) = self.pick(session) {
                    let gone = self.sessions.remove(at);
                    self.registry.send(Gone(gone.id)).await.unwrap();
                }
            }
            Happens::Revoked { user } => self.revoked(user).await,
            Happens::Routed { to, user, session, token } => self.routed(to, user, session, token).await,
        }
        for user in 0..USERS {
            let there = self.sessions.iter().any(|session| session.is(user));
            assert_eq!(self.presence.is_online(&name(user)), there);
        }
        assert_eq!(self.presence.sessions(), self.sessions.len());
    }

    fn pick(&self, session: prop::sample::Index) -> Option<usize> {
        (!self.sessions.is_empty()).then(|| session.index(self.sessions.len()))
    }

    async fn connects(&mut self, user: usize, shows: Shows, acks: bool) {
        let (id, heard) = (SessionId::random(), Rc::clone(&self.heard));
        let ear = Ear(id, heard).start();
        let caller = caller(user, shows);
        let open = Open {
            session: id,
            caller: caller.clone(),
            deliver: ear.clone().recipient(),
            end: oneshot::channel().0,
        };
        self.registry.send(open).await.unwrap().unwrap();
        self.registry.send(Identify { session: id, user: name(user), caller, acks }).await.unwrap().unwrap();
        self.sessions.push(Known { id, users: vec![(user, self.happened)], shows, acks, ear });
        self.bound(user);
    }

    async fn is_anothers_too(&mut self, session: prop::sample::Index, user: usize) {
        let Some(at) = self.pick(session) else { return };
        let known = &self.sessions[at];
        if known.shows != Shows::Nothing || known.is(user) {
            return;
        }
        let identify = Identify { session: known.id, user: name(user), caller: Caller::Anyone, acks: false };
        self.registry.send(identify).await.unwrap().unwrap();
        self.sessions[at].users.push((user, self.happened));
        self.bound(user);
    }

    /// A user's sessions, the newest last.
    fn of(&self, user: usize) -> Vec<&Known> {
        let mut sessions: Vec<_> = self.sessions.iter().filter(|session| session.is(user)).collect();
        sessions.sort_by_key(|session| session.since(user));
        sessions
    }

    /// Of a user's sessions the newest stay, but a service's don't count.
    fn bound(&mut self, user: usize) {
        let counted: Vec<_> =
            self.of(user).into_iter().filter(|session| session.shows != Shows::AsService).collect();
        if let Some(oldest) = counted.iter().rev().nth(PER_USER).map(|known| known.id) {
            self.sessions.retain(|session| session.id != oldest);
        }
    }

    async fn revoked(&mut self, user: usize) {
        let ended = self.of(user).len();
        self.sessions.retain(|session| !session.is(user));
        let matching = Matching { user: Some(name(user)), meeting: None, issued_before: Timestamp::now() };
        let revoke = Revoke(permit(&Caller::Anyone, requests::Revoke(matching)).unwrap());
        assert_eq!(self.registry.send(revoke).await.unwrap().unwrap(), ended);
    }

    async fn routed(&mut self, to: Whom, user: usize, session: prop::sample::Index, token: bool) {
        let Some(picked) = self.pick(session).map(|at| self.sessions[at].id) else { return };
        let whose = || self.of(user).into_iter();
        let may = |session: &&Known| session.may_have(token);
        let (to, due): (_, Vec<_>) = match to {
            Whom::Session => (To::Session(picked), vec![picked]),
            Whom::User => (To::User(name(user)), whose().filter(may).map(|session| session.id).collect()),
            Whom::Everybody => {
                let others = whose().filter(may).map(|session| session.id).filter(|id| *id != picked);
                (To::Everybody(vec![(picked, None)], name(user)), others.chain([picked]).collect())
            }
            Whom::Audience => {
                let gone = SessionId::random();
                (To::Audience(vec![(gone, None), (picked, None)], name(user)), vec![picked])
            }
            Whom::Participant => {
                let to = To::Participant { user: name(user), after: Some(picked) };
                let mut confirming: Vec<_> =
                    whose().filter(may).filter(|session| session.acks).map(|session| session.id).collect();
                // The one that has not confirmed before is the last to be asked.
                confirming.sort_by_key(|id| *id != picked);
                let one = confirming.pop();
                (
                    to,
                    one.map_or_else(
                        || whose().filter(may).map(|session| session.id).collect(),
                        |id| vec![id],
                    ),
                )
            }
        };
        let route = Route {
            to,
            event: if token { credentials() } else { ServerEvent::Pong(Pong::now()) },
            frame: None,
        };
        let routed = self.registry.send(route).await.unwrap();
        for session in &self.sessions {
            session.ear.send(Caught).await.unwrap();
        }
        let (mut heard, mut due) = (self.heard.take(), due);
        heard.sort_by_key(ToString::to_string);
        due.sort_by_key(ToString::to_string);
        assert_eq!(heard, due);
        assert_eq!(routed.taken, due.len());
        if let Some(confirms) = routed.confirms {
            assert_eq!(due, [confirms]);
        }
    }
}

fn credentials() -> ServerEvent {
    let (token, now) = (Secret::new("token".to_owned()), Timestamp::now());
    let token =
        IssuedToken { token, issued_at: now, expires_at: now + Duration::from_mins(30), simulated: true };
    ServerEvent::Credentials(MeetingCredentials::new(MEETING.parse().unwrap(), &token, None))
}

proptest! {
    #[test]
    fn whatever_happens_an_event_reaches_whom_it_should(what in prop::collection::vec(happens(), 1..60)) {
        actix::System::new().block_on(async {
            let mut world = World::new();
            for what in what {
                world.happen(what).await;
            }
        });
    }
}
