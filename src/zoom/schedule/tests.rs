//! The schedule without a Zoom: jobs are numbers, time is counted.

use std::cell::Cell;
use std::rc::Rc;

use super::*;

#[derive(Clone, Debug)]
struct Job(u32, Rc<Cell<bool>>);

impl Wanted for Job {
    fn is_wanted(&self) -> bool {
        self.1.get()
    }
}

type Tested = Schedule<Job>;

fn job(number: u32) -> Job {
    Job(number, Rc::new(Cell::new(true)))
}

fn schedule(per_second: f64) -> (Tested, Instant) {
    let patience = Duration::from_secs(10);
    let bounds = Bounds { per_second, under_way: 64, waiting: 1000, patience };
    (Schedule::new(bounds), Instant::now())
}

fn user(name: &str) -> Lane {
    Lane::Interactive(name.parse().unwrap())
}

fn patient() -> Lane {
    Lane::Batch(Batch::patient())
}

fn start(schedule: &mut Tested, now: Instant) -> Call<Job> {
    let turn = schedule.turn(now);
    let Turn::Start(call) = turn else { panic!("{turn:?}") };
    call
}

/// Fails so many calls of a lane at `now`.
fn fail(schedule: &mut Tested, now: Instant, times: u32) -> News {
    let mut news = News::default();
    for number in 0..times {
        schedule.admit(now, patient(), job(number)).unwrap();
        let call = start(schedule, now);
        news = schedule.ended(now, now, call, End::Failed, 0.5).1;
    }
    news
}

#[test]
fn a_failed_call_is_made_again_after_a_growing_wait_until_its_deadline() {
    let (mut schedule, mut now) = schedule(0.0);
    schedule.admit(now, user("a"), job(1)).unwrap();
    let deadline = now + Duration::from_secs(10);
    let mut waits = Vec::new();
    loop {
        let call = start(&mut schedule, now);
        let (after, _) = schedule.ended(now, now, call, End::Failed, 1.0);
        let After::Again = after else { break };
        let Turn::At(at) = schedule.turn(now) else { panic!("it waits") };
        waits.push((at - now).as_millis());
        now = at;
    }
    assert_eq!(waits, [200, 400, 800, 1600, 3200]);
    assert!(now + Duration::from_secs(5) > deadline);
}

#[test]
fn a_refusal_is_not_asked_for_again() {
    let (mut schedule, now) = schedule(0.0);
    schedule.admit(now, user("a"), job(1)).unwrap();
    let call = start(&mut schedule, now);
    assert!(matches!(schedule.ended(now, now, call, End::Answered, 0.0), (After::Over(_), _)));
    assert_eq!(schedule.waiting(), 0);
}

#[test]
fn a_call_refused_for_the_rate_goes_first_when_the_pace_allows() {
    let (mut schedule, now) = schedule(80.0);
    schedule.admit(now, user("a"), job(1)).unwrap();
    schedule.admit(now, user("a"), job(2)).unwrap();
    let call = start(&mut schedule, now);
    let (after, news) = schedule.ended(now, now, call, End::TooFast(Some(Duration::from_secs(2))), 0.0);
    assert!(matches!(after, After::Again));
    assert_eq!(news.too_fast, Some(0));
    let Turn::At(at) = schedule.turn(now) else { panic!("it holds") };
    assert_eq!(at, now + Duration::from_secs(2));
    assert_eq!(start(&mut schedule, at).job.0, 1);
    // Longer than anybody waits: said at once.
    let call = start(&mut schedule, at + Duration::from_millis(500));
    let (after, news) = schedule.ended(at, at, call, End::TooFast(Some(Duration::from_mins(1))), 0.0);
    assert!(matches!(after, After::Over(_)));
    assert_eq!(news.too_fast, None, "it was said already");
}

#[test]
fn who_is_gone_gives_the_place_back() {
    let (mut schedule, now) = schedule(1.0);
    let gone = job(1);
    schedule.admit(now, user("a"), gone.clone()).unwrap();
    schedule.admit(now, user("a"), job(2)).unwrap();
    gone.1.set(false);
    assert_eq!(start(&mut schedule, now).job.0, 2);
}

#[test]
fn what_cannot_be_served_in_time_is_refused_with_how_long_it_would_take() {
    let (mut schedule, now) = schedule(10.0);
    for number in 0..98 {
        schedule.admit(now, user("a"), job(number)).unwrap();
    }
    let (_, hopeless) = schedule
        .admit(now, user("a"), job(98))
        .and_then(|()| schedule.admit(now, user("a"), job(99)))
        .unwrap_err();
    let Hopeless::TooLong(wait) = hopeless else { panic!("{hopeless:?}") };
    assert!(wait > Duration::from_secs(10) && wait < Duration::from_secs(11), "{wait:?}");
    // Another user has a turn of their own.
    schedule.admit(now, user("b"), job(100)).unwrap();
}

#[test]
fn a_batch_has_half_a_minute_and_twice_the_time_of_the_calls_ahead() {
    let (mut schedule, now) = schedule(10.0);
    let batch = patient();
    for number in 0..=98 {
        schedule.admit(now, batch.clone(), job(number)).unwrap();
    }
    let calls = schedule.everything();
    let last = calls.iter().map(|call| call.deadline).max().unwrap();
    assert_eq!(last.duration_since(now).as_secs(), 30 + 2 * 98 * 100 / 980);
}

#[test]
fn a_full_queue_drops_who_is_gone_and_then_refuses() {
    let (mut schedule, now) = schedule(80.0);
    let gone = job(0);
    let batch = patient();
    schedule.admit(now, batch.clone(), gone.clone()).unwrap();
    for number in 1..1000 {
        schedule.admit(now, batch.clone(), job(number)).unwrap();
    }
    assert_eq!(schedule.admit(now, batch.clone(), job(1000)).unwrap_err().1, Hopeless::Full);
    gone.1.set(false);
    schedule.admit(now, batch, job(1001)).unwrap();
}

#[test]
fn while_zoom_is_away_nobody_waits_in_vain_but_a_distribution_waits() {
    let (mut schedule, now) = schedule(0.0);
    schedule.admit(now, user("a"), job(77)).unwrap();
    let waiting = start(&mut schedule, now);
    assert!(!fail(&mut schedule, now, 19).away);
    assert!(fail(&mut schedule, now, 1).away);
    assert_eq!(schedule.admit(now, user("b"), job(1)).unwrap_err().1, Hopeless::Away);
    let awaited = Lane::Batch(Batch::awaited());
    assert_eq!(schedule.admit(now, awaited, job(1)).unwrap_err().1, Hopeless::Away);
    schedule.admit(now, patient(), job(2)).unwrap();
    assert!(matches!(schedule.turn(now + Duration::from_secs(1)), Turn::Nothing));
    assert!(matches!(schedule.gave_up(now, waiting), After::Over(call) if call.job.0 == 77));
    assert_eq!(schedule.impatient().len(), 0);
    assert!(schedule.is_back());
    assert!(matches!(schedule.turn(now + Duration::from_secs(1)), Turn::Start(_)));
    // Not for ever.
    assert_eq!(schedule.sweep(now + Duration::from_secs(30)).len(), 20);
}

#[test]
fn the_days_limit_ends_it_for_everybody_until_it_is_over() {
    let (mut schedule, now) = schedule(80.0);
    schedule.admit(now, user("a"), job(1)).unwrap();
    let call = start(&mut schedule, now);
    let (after, news) = schedule.ended(now, now, call, End::DayOver(Some(Duration::from_hours(3))), 0.0);
    assert!(matches!(after, After::Over(_)));
    assert_eq!(news.day_over, Some(Duration::from_hours(3)));
    let left = Duration::from_hours(2);
    let later = now + Duration::from_hours(1);
    assert_eq!(schedule.admit(later, patient(), job(2)).unwrap_err().1, Hopeless::DayOver(left));
    schedule.admit(now + Duration::from_hours(3), patient(), job(3)).unwrap();
}

#[test]
fn no_more_calls_are_under_way_than_may_be() {
    let (mut schedule, now) = schedule(0.0);
    for number in 0..65 {
        schedule.admit(now, patient(), job(number)).unwrap();
    }
    let mut calls: Vec<_> = (0..64).map(|_| start(&mut schedule, now)).collect();
    assert!(matches!(schedule.turn(now), Turn::Nothing));
    schedule.ended(now, now, calls.pop().unwrap(), End::Answered, 0.0);
    assert!(matches!(schedule.turn(now), Turn::Start(_)));
}
