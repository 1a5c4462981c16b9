//! The engine without a socket: requests are numbers, time is counted.

use proptest::prelude::*;

use super::*;

type Tested = Engine<u32>;

struct Clock(Instant);

impl Clock {
    fn at(&self, millis: u64) -> Instant {
        self.0 + Duration::from_millis(millis)
    }
}

fn settings() -> Settings {
    Settings {
        ping_interval: Duration::from_secs(25),
        ping_timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(45),
        request_timeout: Duration::from_secs(10),
        max_payload: 1000,
    }
}

fn polling() -> (Tested, Clock) {
    let clock = Clock(Instant::now());
    (Engine::polling(clock.at(0), &settings()), clock)
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned().into())
}

fn written(text: &str) -> Effect<u32> {
    Effect::Write(Packet::Message(text.to_owned().into()))
}

fn payload(request: u32, payload: &str) -> Effect<u32> {
    Effect::Answer(request, Reply::Payload(payload.to_owned()))
}

fn refused(request: u32, fault: Fault) -> Effect<u32> {
    Effect::Answer(request, Reply::Refused(fault))
}

/// A connection whose WebSocket has asked and was answered.
fn probed() -> (Tested, Clock, LinkId) {
    let (mut engine, clock) = polling();
    let link = engine.attach(clock.at(0)).unwrap();
    engine.packet(clock.at(0), Via::Link(link), Ok(Packet::PingUpgrade));
    assert_eq!(engine.effects(), [Effect::Write(Packet::PongUpgrade)]);
    (engine, clock, link)
}

#[test]
fn what_is_sent_waits_for_the_next_poll_and_goes_at_once_where_one_is_held() {
    let (mut engine, clock) = polling();
    engine.send([text("a")]);
    engine.send([Message::Binary(vec![1, 2, 3, 4].into())]);
    assert_eq!(engine.effects(), []);
    engine.poll(clock.at(1), 1);
    assert_eq!(engine.effects(), [payload(1, "4a\x1ebAQIDBA==")]);
    engine.poll(clock.at(2), 2);
    assert_eq!(engine.effects(), []);
    engine.send([text("c"), text("d")]);
    assert_eq!(engine.effects(), [payload(2, "4c\x1e4d")]);
}

#[test]
fn a_second_poll_at_once_ends_the_connection() {
    let (mut engine, clock) = polling();
    engine.poll(clock.at(1), 1);
    engine.poll(clock.at(2), 2);
    assert_eq!(engine.effects(), [refused(2, Fault::BadRequest), payload(1, "1")]);
    engine.poll(clock.at(3), 3);
    assert_eq!(engine.effects(), [refused(3, Fault::UnknownSession)]);
    assert!(engine.is_gone());
}

#[test]
fn a_poll_given_up_ends_the_connection_but_one_that_was_answered_does_not() {
    let (mut engine, clock) = polling();
    let answered = engine.poll(clock.at(1), 1).unwrap();
    engine.send([text("a")]);
    engine.poll_gone(answered);
    assert!(engine.is_open());
    let held = engine.poll(clock.at(2), 2).unwrap();
    engine.poll_gone(answered);
    assert!(engine.is_open());
    engine.poll_gone(held);
    assert!(engine.is_gone());
}

#[test]
fn a_post_is_answered_when_its_packets_are_taken_and_two_at_once_end_the_connection() {
    let (mut engine, clock) = polling();
    assert!(engine.post(clock.at(1), 1));
    let said = engine.packet(clock.at(1), Via::Post, Ok(Packet::Message("hi".into())));
    assert_eq!((said, engine.effects()), (Some(text("hi")), vec![]));
    engine.posted();
    assert_eq!(engine.effects(), [Effect::Answer(1, Reply::Taken)]);
    assert!(engine.post(clock.at(2), 2));
    assert!(!engine.post(clock.at(3), 3));
    assert_eq!(engine.effects(), [refused(3, Fault::BadRequest), refused(2, Fault::BadRequest)]);
    assert_eq!(engine.packet(clock.at(4), Via::Post, Ok(Packet::Message("late".into()))), None);
}

#[test]
fn nonsense_ends_the_connection() {
    for packet in [Err(Malformed), Ok(Packet::Ping), Ok(Packet::Upgrade), Ok(Packet::PongUpgrade)] {
        let (mut engine, clock) = polling();
        engine.poll(clock.at(1), 1);
        engine.post(clock.at(1), 2);
        engine.packet(clock.at(1), Via::Post, packet);
        assert_eq!(engine.effects(), [payload(1, "1"), refused(2, Fault::BadRequest)]);
        let (mut engine, link) = Tested::websocket(clock.at(0), &settings());
        engine.packet(clock.at(1), Via::Link(link), Err(Malformed));
        assert_eq!((engine.effects(), engine.is_gone()), (vec![Effect::Close], true));
    }
}

#[test]
fn a_client_that_closes_has_its_poll_answered_the_one_on_its_way_too() {
    for poll_first in [true, false] {
        let (mut engine, clock) = polling();
        if poll_first {
            engine.poll(clock.at(1), 1);
        }
        engine.post(clock.at(1), 2);
        engine.packet(clock.at(1), Via::Post, Ok(Packet::Close));
        let mut effects = engine.effects();
        if !poll_first {
            assert!(!engine.is_open() && !engine.is_gone());
            engine.poll(clock.at(2), 1);
            effects.extend(engine.effects());
        }
        assert!(effects.contains(&payload(1, "6")) && effects.contains(&Effect::Answer(2, Reply::Taken)));
        assert!(engine.is_gone());
    }
}

#[test]
fn a_goodbye_waits_for_the_next_poll_but_not_for_ever() {
    let (mut engine, clock) = polling();
    engine.send([text("why")]);
    engine.close(clock.at(0));
    engine.send([text("too late")]);
    assert!(!engine.is_open());
    engine.poll(clock.at(4998), 1);
    engine.poll(clock.at(4999), 2);
    assert_eq!(engine.effects(), [payload(1, "4why"), payload(2, "1")]);
    assert!(engine.is_gone());
    let (mut engine, clock) = polling();
    engine.close(clock.at(0));
    assert_eq!(engine.deadline(), Some(clock.at(5000)));
    engine.poll(clock.at(5000), 1);
    assert_eq!(engine.effects(), [refused(1, Fault::UnknownSession)]);
}

#[test]
fn a_goodbye_in_the_midst_of_an_upgrade_waits_for_its_end_since_the_client_polls_no_more() {
    let (mut engine, clock, link) = probed();
    engine.send([text("why")]);
    engine.close(clock.at(1));
    assert_eq!((engine.effects(), engine.is_open(), engine.is_gone()), (vec![], false, false));
    engine.packet(clock.at(2), Via::Link(link), Ok(Packet::Upgrade));
    assert_eq!((engine.effects(), engine.is_gone()), (vec![written("why"), Effect::Close], true));
    // Nor for ever; and by a poll it goes as ever, should the upgrade fail.
    let (mut engine, clock, _) = probed();
    engine.close(clock.at(1));
    engine.tick(clock.at(5001));
    assert_eq!((engine.effects(), engine.is_gone()), (vec![Effect::Close], true));
    let (mut engine, clock, link) = probed();
    engine.send([text("why")]);
    engine.close(clock.at(1));
    engine.detached(link);
    engine.poll(clock.at(2), 1);
    engine.poll(clock.at(3), 2);
    assert_eq!((engine.effects(), engine.is_gone()), (vec![payload(1, "4why"), payload(2, "1")], true));
}

#[test]
fn a_heartbeat_goes_by_the_poll_and_silence_ends_the_connection() {
    let (mut engine, clock) = polling();
    engine.poll(clock.at(1), 1);
    assert_eq!(engine.deadline(), Some(clock.at(25_000)));
    engine.tick(clock.at(25_000));
    assert_eq!(engine.effects(), [payload(1, "2")]);
    engine.packet(clock.at(26_000), Via::Post, Ok(Packet::Pong));
    assert_eq!(engine.deadline(), Some(clock.at(51_000)));
    engine.tick(clock.at(51_000));
    engine.poll(clock.at(71_000), 2);
    assert_eq!(engine.effects(), [refused(2, Fault::UnknownSession)]);
}

#[test]
fn an_upgrade_releases_the_held_poll_and_keeps_the_order() {
    let (mut engine, clock) = polling();
    engine.poll(clock.at(1), 1);
    let link = engine.attach(clock.at(2)).unwrap();
    engine.packet(clock.at(3), Via::Link(link), Ok(Packet::PingUpgrade));
    assert_eq!(engine.effects(), [Effect::Write(Packet::PongUpgrade), payload(1, "6")]);
    engine.send([text("a")]);
    engine.send([text("b")]);
    assert_eq!(engine.packet(clock.at(4), Via::Link(link), Ok(Packet::Upgrade)), None);
    engine.send([text("c")]);
    assert_eq!(engine.effects(), [written("a"), written("b"), written("c")]);
    let said = engine.packet(clock.at(5), Via::Link(link), Ok(Packet::Message("hi".into())));
    assert_eq!(said, Some(text("hi")));
}

#[test]
fn a_poll_during_the_upgrade_gets_what_there_is_or_is_let_go_soon() {
    let (mut engine, clock, _) = probed();
    engine.send([text("a")]);
    engine.poll(clock.at(10), 1);
    assert_eq!(engine.effects(), [payload(1, "4a")]);
    engine.poll(clock.at(20), 2);
    assert_eq!((engine.effects(), engine.deadline()), (vec![], Some(clock.at(70))));
    engine.tick(clock.at(70));
    assert_eq!(engine.effects(), [payload(2, "6")]);
}

#[test]
fn a_poll_that_the_upgrade_overtakes_is_refused_and_costs_nothing() {
    let (mut engine, clock, link) = probed();
    engine.poll(clock.at(10), 1);
    engine.packet(clock.at(11), Via::Link(link), Ok(Packet::Upgrade));
    assert_eq!(engine.effects(), [refused(1, Fault::BadRequest)]);
    engine.poll(clock.at(12), 2);
    assert!(!engine.post(clock.at(12), 3));
    let refusals = [refused(2, Fault::BadRequest), refused(3, Fault::BadRequest)];
    assert_eq!((engine.effects(), engine.is_open()), (refusals.into(), true));
    assert_eq!(engine.attach(clock.at(13)), Err(Fault::BadRequest));
}

#[test]
fn an_upgrade_that_fails_leaves_the_connection_polling() {
    for packet in [Ok(Packet::Upgrade), Ok(Packet::Message("x".into())), Err(Malformed)] {
        let (mut engine, clock) = polling();
        let link = engine.attach(clock.at(0)).unwrap();
        assert_eq!(engine.packet(clock.at(1), Via::Link(link), packet), None);
        assert_eq!(engine.effects(), [Effect::Close]);
        engine.send([text("a")]);
        engine.poll(clock.at(2), 1);
        assert_eq!(engine.effects(), [payload(1, "4a")]);
        assert!(engine.attach(clock.at(3)).is_ok());
    }
}

#[test]
fn an_upgrade_has_its_time_and_one_websocket_at_once() {
    let (mut engine, clock, link) = probed();
    assert_eq!(engine.attach(clock.at(1)), Err(Fault::BadRequest));
    engine.tick(clock.at(10_000));
    assert_eq!(engine.effects(), [Effect::Close]);
    let second = engine.attach(clock.at(10_001)).unwrap();
    engine.detached(link);
    engine.packet(clock.at(10_002), Via::Link(link), Ok(Packet::PingUpgrade));
    assert_eq!(engine.effects(), []);
    engine.packet(clock.at(10_003), Via::Link(second), Ok(Packet::PingUpgrade));
    engine.packet(clock.at(10_004), Via::Link(second), Ok(Packet::Upgrade));
    engine.detached(link);
    assert!(engine.is_open());
    engine.detached(second);
    assert!(engine.is_gone());
}

#[test]
fn an_upgrade_whose_time_has_run_out_is_closed_by_the_one_that_comes_then() {
    let (mut engine, clock, _) = probed();
    assert!(engine.attach(clock.at(10_000)).is_ok());
    assert_eq!(engine.effects(), [Effect::Close]);
}

#[test]
fn a_client_that_lets_too_much_wait_is_cut_off() {
    let (mut engine, clock) = polling();
    let long = "x".repeat(1 << 20);
    engine.send([text(&long)]);
    assert!(engine.is_open());
    engine.send([text(&long)]);
    assert!(engine.is_gone());
    engine.poll(clock.at(1), 1);
    assert_eq!(engine.effects(), [refused(1, Fault::UnknownSession)]);
}

#[derive(Clone, Debug)]
enum Step {
    Send,
    Poll,
    Probe,
    Upgrade,
    Fail,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        4 => Just(Step::Poll),
        1 => Just(Step::Probe),
        1 => Just(Step::Upgrade),
        1 => Just(Step::Fail),
        2 => (0..2000_u64).prop_map(Step::Pass),
    ]
}

/// The messages in what was written or answered.
fn received(effects: Vec<Effect<u32>>, held: &mut bool) -> Vec<String> {
    let mut texts = Vec::new();
    for effect in effects {
        match effect {
            Effect::Answer(_, reply) => {
                *held = false;
                if let Reply::Payload(payload) = reply {
                    texts.extend(
                        payload.split('\x1e').filter_map(|it| it.strip_prefix('4')).map(str::to_owned),
                    );
                }
            }
            Effect::Write(Packet::Message(message)) => texts.push(message.into()),
            Effect::Write(_) | Effect::Close => {}
        }
    }
    texts
}

proptest! {
    /// However polls, upgrades and their failures fall, each message arrives once and in its order.
    #[test]
    fn nothing_is_lost_doubled_or_overtaken(steps in proptest::collection::vec(step(), 1..80)) {
        let (mut engine, clock) = polling();
        let (mut now, mut sent, mut got, mut held, mut link) = (0, 0, Vec::new(), false, None);
        for step in steps {
            match step {
                Step::Send => {
                    engine.send([text(&sent.to_string())]);
                    sent += 1;
                }
                // A client has one poll at a time and none after the upgrade.
                Step::Poll if !held => {
                    held = true;
                    engine.poll(clock.at(now), 0);
                }
                Step::Probe => if let Ok(id) = engine.attach(clock.at(now)) {
                    link = Some(id);
                    engine.packet(clock.at(now), Via::Link(id), Ok(Packet::PingUpgrade));
                },
                Step::Upgrade => if let (Some(id), State::Polling { .. }) = (link, &engine.state) {
                    engine.packet(clock.at(now), Via::Link(id), Ok(Packet::Upgrade));
                },
                Step::Fail => if let (Some(id), State::Polling { .. }) = (link, &engine.state) {
                    engine.detached(id);
                },
                Step::Pass(millis) => now += millis,
                Step::Poll => {}
            }
            engine.tick(clock.at(now));
            engine.heartbeat.answered(clock.at(now));
            got.extend(received(engine.effects(), &mut held));
        }
        prop_assert!(engine.is_open());
        if !held {
            engine.poll(clock.at(now), 0);
            got.extend(received(engine.effects(), &mut held));
        }
        let sent: Vec<String> = (0..sent).map(|number| number.to_string()).collect();
        prop_assert_eq!(got, sent);
    }
}
