//! The limits on calls: a second's and a day's.

use futures_util::future::join_all;
use jiff::Timestamp;

use super::{Answer, Bench, within};

const PER_SECOND: &str = "You have reached the maximum per-second rate limit for this API. Try again later.";

/// Twenty calls at once, of which the limit lets some through.
async fn burst(bench: &Bench, access: &str) -> (Vec<Answer>, Vec<Answer>) {
    let answers = within(join_all((0..20).map(|_| bench.zak(access)))).await;
    answers.into_iter().partition(|answer| answer.status == 200)
}

#[actix_web::test]
async fn calls_over_a_seconds_limit_are_refused_and_counted() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    // A window of its own: the calls of one burst may take longer than a second on a busy machine.
    bench.faults(|faults| faults.requests_per_second = 1);
    let (served, refused) = burst(&bench, &access).await;
    assert!(!served.is_empty());
    assert!(!refused.is_empty());
    for answer in &refused {
        assert_eq!(answer.refusal(), (429, 429, PER_SECOND.into()));
        assert_eq!(answer.header("X-RateLimit-Category"), Some("Light"));
        assert_eq!(answer.header("X-RateLimit-Type"), Some("Per-second-limit"));
        assert_eq!(answer.header("X-RateLimit-Limit"), Some("1"));
        assert_eq!(answer.header("X-RateLimit-Remaining"), Some("0"));
        assert_eq!(answer.header("Retry-After"), None);
    }
    let counted = usize::try_from(bench.simulator.seen().rate_limited).unwrap();
    assert_eq!(counted, refused.len());
}

#[actix_web::test]
async fn a_refused_call_may_say_when_to_try_again() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| (faults.requests_per_second, faults.retry_after_seconds) = (1, Some(3)));
    let (_served, refused) = burst(&bench, &access).await;
    assert_eq!(refused.first().unwrap().header("Retry-After"), Some("3"));
}

#[actix_web::test]
async fn the_limit_does_not_bind_logins_and_ends_when_it_is_switched_off() {
    let bench = Bench::new().await;
    bench.faults(|faults| faults.requests_per_second = 1);
    for _ in 0..5 {
        bench.login().await;
    }
    let access = bench.login().await;
    bench.simulator.faults().reset();
    let (served, _refused) = burst(&bench, &access).await;
    assert_eq!(served.len(), 20);
}

#[actix_web::test]
async fn a_daily_limit_says_in_iso_8601_when_it_ends() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.daily_limit = true);
    let before = Timestamp::now();
    let answer = bench.zak(&access).await;
    let (status, code, message) = answer.refusal();
    assert_eq!((status, code), (429, 429));
    assert!(message.starts_with("You have reached the maximum daily rate limit"), "{message}");
    assert_eq!(answer.header("X-RateLimit-Type"), Some("Daily-limit"));
    let end: Timestamp = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!(end > before && end.as_second() - before.as_second() <= 86_400 + 10);
    assert_eq!(end.as_second() % 86_400, 0);
    assert_eq!(bench.simulator.seen().rate_limited, 1);
}
