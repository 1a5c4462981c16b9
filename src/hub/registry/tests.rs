//! The registry alone, with sessions that are mailboxes and nothing else.

use std::time::Duration;

use super::super::events::{FrameName, Pong};
use super::*;

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

struct Fixture {
    registry: Addr<Registry>,
    presence: Presence,
    drain: Drain,
}

impl Fixture {
    fn new() -> Self {
        let (presence, drain) = (Presence::default(), Drain::default());
        let registry = Registry::new(presence.clone(), drain.clone(), oneshot::channel().0).start();
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
        let (session, (end, ended)) = (SessionId::random(), oneshot::channel());
        let open = Open { session, deliver, end };
        self.registry.send(open).await.unwrap().unwrap();
        let identify = Identify { session, user: user.parse().unwrap() };
        self.registry.send(identify).await.unwrap().unwrap();
        (session, ended)
    }

    async fn route(&self, to: To) -> usize {
        let event = ServerEvent::Pong(Pong::now());
        self.registry.send(Route { to, event, frame: None }).await.unwrap()
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
        (To::SessionElseUser(asked, ann()), true),
        (To::SessionElseUser(gone, ann()), false),
        (To::User(ann()), false),
    ] {
        let route = Route { to, event: ServerEvent::Pong(Pong::now()), frame: frame.clone() };
        assert_eq!(hub.registry.send(route).await.unwrap(), 1);
        assert_eq!(told.recv().await.unwrap().is_some(), named);
    }
}

#[actix::test]
async fn an_event_reaches_all_sessions_of_its_user_and_nobody_elses() {
    let hub = Fixture::new();
    let (first, _a) = hub.open("ann").await;
    let (_second, _b) = hub.open("Ann").await;
    let (_other, _c) = hub.open("bob").await;
    assert_eq!(hub.route(To::User(ann())).await, 2);
    assert_eq!(hub.route(To::UserExcept(ann(), first)).await, 1);
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
    assert_eq!(hub.route(To::SessionElseUser(old, ann())).await, 1);
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
        memberships.push(Membership::new(hub.registry.clone(), session));
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
    let open =
        Open { session: SessionId::random(), deliver: Stuck.start().recipient(), end: oneshot::channel().0 };
    assert_eq!(hub.registry.send(open).await.unwrap().unwrap_err().code, Code::ShuttingDown);
    assert_eq!(hub.registry.send(EndAll(Code::ShuttingDown)).await.unwrap(), 1);
    assert_eq!(ended.await.unwrap(), Code::ShuttingDown);
}

#[actix::test]
async fn a_session_can_be_many_users_and_not_any_number() {
    let hub = Fixture::new();
    let (session, _ended) = hub.open("user0").await;
    for n in 1..USERS {
        let identify = Identify { session, user: format!("user{n}").parse().unwrap() };
        hub.registry.send(identify).await.unwrap().unwrap();
    }
    let again = Identify { session, user: "USER0".parse().unwrap() };
    hub.registry.send(again).await.unwrap().unwrap();
    let another = Identify { session, user: ann() };
    assert_eq!(hub.registry.send(another).await.unwrap().unwrap_err().code, Code::InvalidRequest);
    assert_eq!(hub.presence.users(), USERS);
}
