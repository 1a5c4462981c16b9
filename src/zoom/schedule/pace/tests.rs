//! The pace against a Zoom that counts strictly: a sliding second of arrivals.

#![allow(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts of a test are small")]

use proptest::prelude::*;

use super::*;

/// A Zoom that refuses what its sliding second has no room for; what it refuses doesn't count.
struct Strict {
    limit: usize,
    taken: VecDeque<Duration>,
}

impl Strict {
    fn new(limit: usize) -> Self {
        Self { limit, taken: VecDeque::new() }
    }

    fn takes(&mut self, arrival: Duration) -> bool {
        while self.taken.front().is_some_and(|&taken| arrival.saturating_sub(taken) >= Duration::from_secs(1))
        {
            self.taken.pop_front();
        }
        let takes = self.taken.len() < self.limit;
        if takes {
            self.taken.push_back(arrival);
        }
        takes
    }
}

/// The starts of a pace that is asked for `calls` in all, each wanted at its time and woken so late.
fn starts(limit: f64, wanted: &[(u64, u64)]) -> Vec<Duration> {
    let zero = Instant::now();
    let mut pace = Pace::new(limit);
    let mut now = Duration::ZERO;
    let mut starts = Vec::new();
    for &(after_micros, late_micros) in wanted {
        now += Duration::from_micros(after_micros);
        let ready = pace.ready_at(zero + now);
        if ready > zero + now {
            now = ready.duration_since(zero) + Duration::from_micros(late_micros);
        }
        pace.start(zero + now);
        starts.push(now);
    }
    starts
}

/// The most arrivals in any second.
fn fullest_second(arrivals: &mut [Duration]) -> usize {
    arrivals.sort_unstable();
    let from = |(index, &first): (usize, &Duration)| {
        arrivals[index..].iter().take_while(|&&arrival| arrival < first + Duration::from_secs(1)).count()
    };
    arrivals.iter().enumerate().map(from).max().unwrap_or(0)
}

fn limit() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1), Just(2), Just(4), Just(30), Just(80), 3..200_u32]
}

/// Gaps between wishes in microseconds: a flood, a trickle, and idle times around a second.
fn wish() -> impl Strategy<Value = (u64, u64)> {
    let gap = prop_oneof![
        40 => Just(0_u64),
        4 => 0..40_000_u64,
        1 => 0..3_000_000_u64,
        1 => 990_000..1_100_000_u64
    ];
    (gap, 0..5000_u64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_second_of_arrivals_holds_more_than_the_limit(
        limit in limit(),
        wishes in proptest::collection::vec((wish(), 0..10_000_u64), 1..600),
    ) {
        let (wanted, delays): (Vec<_>, Vec<_>) = wishes.into_iter().unzip();
        let starts = starts(f64::from(limit), &wanted);
        let mut arrivals: Vec<_> =
            starts.iter().zip(delays).map(|(&start, delay)| start + Duration::from_micros(delay)).collect();
        let most = fullest_second(&mut arrivals);
        prop_assert!(most <= limit as usize, "{} in a second of {}", most, limit);
    }

    #[test]
    fn a_flood_goes_at_the_limit_less_the_guard(limit in limit(), late in 0..5000_u64) {
        let calls = limit as usize * 5;
        let starts = starts(f64::from(limit), &vec![(0, late); calls]);
        let took = starts.last().unwrap().as_secs_f64();
        // 2 % slower than the limit, and a wake-up late at each end.
        prop_assert!(took <= (calls as f64 - 1.0) / (f64::from(limit) * 0.98) + 0.03, "{} s", took);
    }
}

#[test]
fn after_an_idle_second_a_quarter_starts_at_once_and_no_more() {
    let mut wanted = vec![(0, 0); 40];
    wanted.push((1_500_000, 0));
    wanted.extend(vec![(0, 0); 40]);
    let starts = starts(80.0, &wanted);
    let at_once = |from: usize| starts[from..].iter().take_while(|&&start| start == starts[from]).count();
    assert_eq!((at_once(0), at_once(40)), (20, 20));
    // No gap after it: somebody who comes then waits no second either.
    let gaps = starts[20..40].windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    assert!(gaps.max().unwrap() < Duration::from_millis(20));
}

#[test]
fn without_a_limit_nothing_waits_until_zoom_refuses() {
    let zero = Instant::now();
    let mut pace = Pace::new(0.0);
    for _ in 0..1000 {
        assert_eq!(pace.ready_at(zero), zero);
        pace.start(zero);
        pace.accepted(zero, zero);
    }
    assert!(pace.refused(zero, zero, None).is_some());
    assert!(pace.ready_at(zero) > zero && pace.rate(zero).is_some());
}

/// Runs `calls` through a pace that believes in more than Zoom allows: how long, and how many were refused.
fn learn(believed: f64, allowed: usize, calls: usize, latency: Duration) -> (Duration, usize) {
    let zero = Instant::now();
    let (mut pace, mut zoom) = (Pace::new(believed), Strict::new(allowed));
    let (mut now, mut left, mut refusals) = (Duration::ZERO, calls, 0);
    let mut answers: VecDeque<(Duration, Duration, bool)> = VecDeque::new();
    while left > 0 || !answers.is_empty() {
        let start = (left > 0).then(|| pace.ready_at(zero + now).duration_since(zero));
        match answers.front().copied() {
            Some((at, started, taken)) if start.is_none_or(|start| at <= start) => {
                answers.pop_front();
                now = now.max(at);
                if taken {
                    pace.accepted(zero + now, zero + started);
                } else {
                    refusals += 1;
                    left += 1;
                    pace.refused(zero + now, zero + started, None);
                }
            }
            Some(_) | None => {
                let Some(start) = start else { break };
                now = now.max(start);
                pace.start(zero + now);
                left -= 1;
                let taken = zoom.takes(now + latency / 2);
                answers.push_back((now + latency, now, taken));
            }
        }
    }
    (now, refusals)
}

#[test]
fn it_learns_what_zoom_allows_and_keeps_near_it() {
    for latency in [0, 5, 50, 150] {
        let (took, refusals) = learn(80.0, 30, 601, Duration::from_millis(latency));
        assert!(took < Duration::from_secs(25), "{took:?} at {latency} ms");
        assert!(refusals < 60, "{refusals} refused at {latency} ms");
    }
    let (took, refusals) = learn(80.0, 80, 1001, Duration::from_millis(20));
    assert!(refusals == 0 && took < Duration::from_millis(12_880), "{took:?} {refusals}");
}

#[test]
fn it_recovers_by_a_twentieth_of_the_limit_a_second() {
    let zero = Instant::now();
    let at = |millis| zero + Duration::from_millis(millis);
    let mut pace = Pace::new(80.0);
    for millis in 0..20 {
        pace.accepted(at(millis), at(millis));
    }
    assert_eq!(pace.refused(at(20), at(20), None), Some(Lesson { accepted: 20 }));
    let rate = |pace: &Pace, millis| pace.rate(at(millis)).unwrap();
    assert!((rate(&pace, 20) - 18.0).abs() < 0.01);
    assert!((rate(&pace, 2020) - 26.0).abs() < 0.01);
    assert!((rate(&pace, 60_000) - 78.4).abs() < 0.01);
    // Those that were under way teach nothing more.
    assert_eq!(pace.refused(at(30), at(15), None), None);
    assert!(pace.refused(at(2000), at(1990), None).is_some());
}

#[test]
fn a_second_that_zoom_calls_full_is_waited_out_and_slows_nothing() {
    let zero = Instant::now();
    let mut pace = Pace::new(80.0);
    for millis in [0, 100] {
        pace.start(zero + Duration::from_millis(millis));
        pace.accepted(zero + Duration::from_millis(millis), zero + Duration::from_millis(millis));
    }
    let now = zero + Duration::from_millis(110);
    pace.full(now);
    assert_eq!((pace.ready_at(now), pace.rate(now)), (zero + WINDOW, Some(80.0 * GUARD)));
}

#[test]
fn zooms_own_word_is_kept() {
    let zero = Instant::now();
    let mut pace = Pace::new(80.0);
    pace.refused(zero, zero, Some(Duration::from_secs(7)));
    assert_eq!(pace.ready_at(zero), zero + Duration::from_secs(7));
    assert!(pace.told(30.0) && !pace.told(90.0) && !pace.told(30.0));
    assert!((pace.rate(zero + Duration::from_mins(5)).unwrap() - 29.4).abs() < 0.01);
}
