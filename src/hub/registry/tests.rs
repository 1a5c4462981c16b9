//! The registry alone, with sessions that are mailboxes and nothing else.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::super::command::permit;
use super::super::events::{FrameName, MeetingCredentials, MeetingStarted, Pong};
use super::*;
use crate::identity::{Identity, Matching, Role};
use crate::secret::Secret;
use crate::zoom::IssuedToken;

/// A session that takes what its mailbox holds and never more: it waits for good at its first event.
struct Stuck;

impl Actor for Stuck {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4);
    }
}

impl Handler<Deliver> for Stuck {
    type Result = ();

    fn handle(&mut self, _deliver: Deliver, ctx: &mut Self::Context) {
        ctx.wait(std::future::pending().into_actor(self));
    }
}

/// A session that tells what it was handed, and as the answer to what.
struct Telling(tokio::sync::mpsc::UnboundedSender<Option<FrameId>>);

impl Actor for Telling {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Telling {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, _ctx: &mut Self::Context) {
        self.0.send(deliver.frame).unwrap();
    }
}

impl Handler<Left> for Stuck {
    type Result = ();

    fn handle(&mut self, _left: Left, _ctx: &mut Self::Context) {}
}

const WATCHES: watches::Bounds = watches::Bounds { per_session: 3, in_all: 5, grace: Duration::ZERO };
const BOUNDS: Bounds =
    Bounds { sessions: 100, per_user: 3, min_life: Duration::from_mins(1), watches: WATCHES };

struct Fixture {
    registry: Addr<Registry>,
    presence: Presence,
    drain: Drain,
}

impl Fixture {
    fn new() -> Self {
        let (presence, drain) = (Presence::default(), Drain::default());
        let revocations = Revocations::new(Duration::from_mins(1));
        let registry =
            Registry::new(presence.clone(), drain.clone(), BOUNDS, Some(revocations), oneshot::channel().0)
                .start();
        Self { registry, presence, drain }
    }

    async fn open(&self, user: &str) -> (SessionId, oneshot::Receiver<Code>) {
        self.open_with(user, Stuck.start().recipient()).await
    }

    async fn open_with(
        &self,
        user: &str,
        deliver: Recipient<Deliver>,
    ) -> (SessionId, oneshot::Receiver<Code>) {
        self.open_as(Caller::Anyone, user, deliver).await
    }

    async fn open_as(
        &self,
        caller: Caller,
        user: &str,
        deliver: Recipient<Deliver>,
    ) -> (SessionId, oneshot::Receiver<Code>) {
        let (session, (end, ended)) = (SessionId::random(), oneshot::channel());
        let open = Open { session, caller: Caller::Anyone, deliver, end };
        self.registry.send(open).await.unwrap().unwrap();
        let identify = Identify { session, user: user.parse().unwrap(), caller, acks: false };
        self.registry.send(identify).await.unwrap().unwrap();
        (session, ended)
    }

    async fn route(&self, to: To) -> usize {
        let event = ServerEvent::Pong(Pong::now());
        self.registry.send(Route { to, event, frame: None }).await.unwrap().taken
    }
}

fn ann() -> UserId {
    "ann".parse().unwrap()
}

#[actix::test]
async fn what_answers_a_frame_says_so_to_the_session_that_asked_alone() {
    let hub = Fixture::new();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (asked, _) = hub.open_with("ann", Telling(tell).start().recipient()).await;
    let frame = FrameName::new("7").map(FrameId::Named);
    let gone = SessionId::random();
    for (to, named) in [
        (To::Session(asked), true),
        (To::Audience(vec![(asked, frame.clone())], ann()), true),
        (To::Audience(vec![(gone, frame.clone())], ann()), false),
        (To::Everybody(vec![(asked, frame.clone())], ann()), true),
        (To::Everybody(vec![(gone, frame.clone())], ann()), false),
        (To::User(ann()), false),
    ] {
        let route = Route { to, event: ServerEvent::Pong(Pong::now()), frame: frame.clone() };
        assert_eq!(hub.registry.send(route).await.unwrap().taken, 1);
        assert_eq!(told.recv().await.unwrap().is_some(), named);
    }
}

#[actix::test]
async fn an_event_reaches_all_sessions_of_its_user_and_nobody_elses() {
    let hub = Fixture::new();
    let (_first, _a) = hub.open("ann").await;
    let (_second, _b) = hub.open("Ann").await;
    let (other, _c) = hub.open("bob").await;
    assert_eq!(hub.route(To::User(ann())).await, 2);
    assert_eq!(hub.route(To::Everybody(vec![(other, None)], ann())).await, 3);
    assert_eq!(hub.route(To::User("carl".parse().unwrap())).await, 0);
}

#[actix::test]
async fn a_late_goodbye_leaves_the_newer_session_alone() {
    let hub = Fixture::new();
    let (old, _a) = hub.open("ann").await;
    let (new, _b) = hub.open("ann").await;
    hub.registry.send(Gone(old)).await.unwrap();
    hub.registry.send(Gone(old)).await.unwrap();
    assert_eq!(hub.route(To::User(ann())).await, 1);
    assert_eq!(hub.route(To::Audience(vec![(old, None)], ann())).await, 1);
    assert_eq!((hub.presence.sessions(), hub.presence.users()), (1, 1));
    hub.registry.send(Gone(new)).await.unwrap();
    assert_eq!((hub.presence.sessions(), hub.presence.users()), (0, 0));
}

#[actix::test]
async fn a_thousand_sessions_that_end_at_once_all_say_so() {
    let hub = Fixture::new();
    let mut memberships = Vec::new();
    for _ in 0..2 * MAILBOX {
        let (session, _ended) = hub.open("ann").await;
        memberships.push(Membership::new(hub.registry.clone(), Stuck.start().recipient(), session));
    }
    drop(memberships);
    actix::clock::timeout(Duration::from_secs(5), hub.presence.everybody_left()).await.unwrap();
    assert!(!hub.presence.is_online(&ann()));
}

#[actix::test]
async fn a_session_that_takes_no_more_is_ended_and_the_others_are_served() {
    let hub = Fixture::new();
    let (stuck, ended) = hub.open("ann").await;
    let (_other, _b) = hub.open("bob").await;
    let mut taken = 0;
    while hub.route(To::Session(stuck)).await == 1 {
        taken += 1;
        assert!(taken < 20, "the mailbox has no bound");
    }
    assert_eq!(ended.await.unwrap(), Code::Overloaded);
    assert!(!hub.presence.is_online(&ann()));
    assert_eq!(hub.route(To::User("bob".parse().unwrap())).await, 1);
}

#[actix::test]
async fn a_draining_registry_takes_no_session_and_ends_those_it_has() {
    let hub = Fixture::new();
    let (_session, ended) = hub.open("ann").await;
    hub.drain.begin();
    let open = Open {
        session: SessionId::random(),
        caller: Caller::Anyone,
        deliver: Stuck.start().recipient(),
        end: oneshot::channel().0,
    };
    assert_eq!(hub.registry.send(open).await.unwrap().unwrap_err().code, Code::ShuttingDown);
    assert_eq!(hub.registry.send(EndAll(Code::ShuttingDown)).await.unwrap(), 1);
    assert_eq!(ended.await.unwrap(), Code::ShuttingDown);
}

#[actix::test]
async fn a_session_can_be_many_users_and_not_any_number() {
    let hub = Fixture::new();
    let (session, _ended) = hub.open("user0").await;
    for n in 1..USERS {
        let identify = Identify {
            session,
            user: format!("user{n}").parse().unwrap(),
            caller: Caller::Anyone,
            acks: false,
        };
        hub.registry.send(identify).await.unwrap().unwrap();
    }
    let again = Identify { session, user: "USER0".parse().unwrap(), caller: Caller::Anyone, acks: false };
    hub.registry.send(again).await.unwrap().unwrap();
    let another = Identify { session, user: ann(), caller: Caller::Anyone, acks: false };
    assert_eq!(hub.registry.send(another).await.unwrap().unwrap_err().code, Code::InvalidRequest);
    assert_eq!(hub.presence.users(), USERS);
}

/// A session's caller, by a credential of this role and life for one meeting.
fn known(user: &str, role: Role, seconds_left: i64) -> Caller {
    let now = Timestamp::now();
    Caller::Known(Arc::new(Identity {
        user: user.parse().unwrap(),
        role,
        meetings: Some(["123456789".parse().unwrap()].into()),
        issued_at: Some(now - SignedDuration::from_secs(10)),
        expires_at: now + SignedDuration::from_secs(seconds_left),
    }))
}

fn token() -> IssuedToken {
    token_with(Duration::from_mins(30))
}

/// A token with so much life left.
fn token_with(life: Duration) -> IssuedToken {
    let (secret, now) = (Secret::new("token".to_owned()), Timestamp::now());
    IssuedToken { token: secret, issued_at: now, expires_at: now + life, simulated: true }
}

fn credentials(meeting: &str) -> ServerEvent {
    ServerEvent::Credentials(MeetingCredentials::new(meeting.parse().unwrap(), &token(), None))
}

#[actix_web::test]
async fn a_users_token_reaches_those_sessions_alone_whose_credential_is_good_for_it() {
    let zak = ServerEvent::Started(MeetingStarted::new("123456789".parse().unwrap(), &token()));
    for (role, seconds_left, event, reached) in [
        (Role::Participant, 60, credentials("123456789"), true),
        (Role::Participant, 60, credentials("987654321"), false),
        (Role::Participant, -1, credentials("123456789"), false),
        (Role::Participant, 60, zak.clone(), false),
        (Role::Host, 60, zak.clone(), true),
        (Role::Host, -1, zak.clone(), false),
        (Role::Service, 60, zak, true),
    ] {
        let hub = Fixture::new();
        let name = format!("{role} {seconds_left} {}", event.name());
        let caller = known("ann", role, seconds_left);
        let (session, _ended) = hub.open_as(caller, "ann", Stuck.start().recipient()).await;
        let route = |to| Route { to, event: event.clone(), frame: None };
        let routed = hub.registry.send(route(To::User("ANN".parse().unwrap()))).await.unwrap();
        let (taken, barred) = if reached { (1, 0) } else { (0, 1) };
        assert_eq!(routed, Routed { taken, barred, confirms: None, stale: false }, "{name}");
        let answer = hub.registry.send(route(To::Session(session))).await.unwrap();
        assert_eq!(answer.taken, 1, "{name}: the answer to what it asked is its own");
    }
}

fn revoke(user: &str) -> Revoke {
    let matching = Matching { user: user.parse().ok(), meeting: None, issued_before: Timestamp::now() };
    Revoke(permit(&Caller::Anyone, requests::Revoke(matching)).unwrap())
}

#[actix_web::test]
async fn a_revocation_ends_the_sessions_of_its_credentials_and_lets_none_in_that_was_verified_before_it() {
    let hub = Fixture::new();
    let ann = known("ann", Role::Participant, 60);
    let (_, ended) = hub.open_as(ann.clone(), "ann", Stuck.start().recipient()).await;
    let (_, mut goes_on) =
        hub.open_as(known("bob", Role::Participant, 60), "bob", Stuck.start().recipient()).await;
    assert_eq!(hub.registry.send(revoke("Ann")).await.unwrap().unwrap(), 1);
    assert_eq!(ended.await, Ok(Code::CredentialRevoked));
    assert!(goes_on.try_recv().is_err());
    assert!(!hub.presence.is_online(&"ann".parse().unwrap()), "gone at once");
    let open = |caller| {
        let (session, end) = (SessionId::random(), oneshot::channel().0);
        Open { session, caller, deliver: Stuck.start().recipient(), end }
    };
    let refused = hub.registry.send(open(ann.clone())).await.unwrap().unwrap_err();
    assert_eq!(refused.code, Code::CredentialRevoked);
    let (session, _ended) = hub.open("ann").await;
    let identify = Identify { session, user: "ann".parse().unwrap(), caller: ann, acks: false };
    assert_eq!(hub.registry.send(identify).await.unwrap().unwrap_err().code, Code::CredentialRevoked);
}

#[actix_web::test]
async fn without_credentials_a_revocation_ends_the_users_sessions() {
    let hub = Fixture::new();
    let (_, ended) = hub.open("ann").await;
    assert_eq!(hub.registry.send(revoke("ann")).await.unwrap().unwrap(), 1);
    assert_eq!(ended.await, Ok(Code::CredentialRevoked));
}

#[actix_web::test]
async fn as_many_sessions_are_taken_as_there_may_be_and_of_a_user_the_newest() {
    let hub = Fixture::new();
    let (_, oldest) = hub.open("ann").await;
    let mut others = Vec::new();
    for user in ["ann", "ANN", "ann"].into_iter().chain(["bob"; 3]) {
        others.push(hub.open(user).await.1);
    }
    assert_eq!(oldest.await, Ok(Code::TooManySessions));
    assert!(others.iter_mut().all(|ended| ended.try_recv().is_err()));
    for n in others.len()..BOUNDS.sessions {
        others.push(hub.open(&format!("user{n}")).await.1);
    }
    let (session, end) = (SessionId::random(), oneshot::channel().0);
    let open = Open { session, caller: Caller::Anyone, deliver: Stuck.start().recipient(), end };
    assert_eq!(hub.registry.send(open).await.unwrap().unwrap_err().code, Code::TooManySessions);
}

/// Panics where it is handled.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Planted;

impl Handler<Planted> for Registry {
    type Result = ();

    fn handle(&mut self, _planted: Planted, _ctx: &mut Self::Context) {
        panic!("planted in the registry");
    }
}

#[actix::test]
async fn a_participants_token_goes_to_the_newest_session_that_confirms_and_last_to_the_one_that_did_not() {
    let hub = Fixture::new();
    let (plain, _a) = hub.open("ann").await;
    let to = |after| To::Participant { user: ann(), after };
    let event =
        || ServerEvent::Credentials(MeetingCredentials::new("123456789".parse().unwrap(), &token(), None));
    let route = |after| hub.registry.send(Route { to: to(after), event: event(), frame: None });
    assert_eq!(route(None).await.unwrap(), Routed { taken: 1, ..Routed::default() });
    let mut confirming = Vec::new();
    for _ in 0..2 {
        let (session, ended) = hub.open("ann").await;
        let identify = Identify { session, user: ann(), caller: Caller::Anyone, acks: true };
        hub.registry.send(identify).await.unwrap().unwrap();
        confirming.push((session, ended));
    }
    let (older, newer) = (confirming[0].0, confirming[1].0);
    let to_one = |session| Routed { taken: 1, confirms: Some(session), ..Routed::default() };
    assert_eq!(route(None).await.unwrap(), to_one(newer));
    assert_eq!(route(Some(newer)).await.unwrap(), to_one(older));
    assert_eq!(route(Some(plain)).await.unwrap(), to_one(newer));
    hub.registry.send(Gone(older)).await.unwrap();
    assert_eq!(route(Some(newer)).await.unwrap(), to_one(newer));
}

#[actix_web::test]
async fn a_token_that_waited_too_long_reaches_nobody() {
    for (life, stale) in [(BOUNDS.min_life, true), (BOUNDS.min_life + Duration::from_secs(5), false)] {
        let meeting = "123456789".parse().unwrap();
        for event in [
            ServerEvent::Credentials(MeetingCredentials::new(meeting, &token_with(life), None)),
            ServerEvent::Started(MeetingStarted::new(meeting, &token_with(life))),
        ] {
            let hub = Fixture::new();
            let (session, _ended) = hub.open("ann").await;
            for to in [To::User(ann()), To::Session(session), To::Participant { user: ann(), after: None }] {
                let route = Route { to, event: event.clone(), frame: None };
                let routed = hub.registry.send(route).await.unwrap();
                assert_eq!(routed, Routed { taken: usize::from(!stale), stale, ..Routed::default() });
            }
        }
    }
}
