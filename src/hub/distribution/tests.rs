//! A row, and a distribution of them.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::hub::refusal::Code;
use crate::hub::requests::{Named, Roster};
use crate::names::SessionId;

const GONE: Absence = Absence::Fail(Code::NotConnected, "gone");

fn distribution(users: usize, invalid: usize) -> Distribution {
    let valid = (0..users).map(|n| Named::User(format!("u{n}").parse().unwrap()));
    let bad = (0..invalid).map(|n| Named::Invalid { given: format!("bad{n}"), reason: "why".into() });
    let request = Distribute {
        meeting: "123456789".parse().unwrap(),
        host: "host".parse().unwrap(),
        participants: Roster::new(valid.chain(bad)),
        hold: None,
    };
    Distribution::new(DistributionId::random(), request)
}

#[test]
fn a_row_says_when_it_last_changed_and_what_does_not_show_is_no_change() {
    let mut distribution = distribution(1, 1);
    let begun = distribution.begun();
    assert!(distribution.rows.iter().all(|kept| kept.at == begun));
    let session = SessionId::random();
    let hand = |sessions, confirms| Attempt::Handed { sessions, confirms };
    let mut changes = |what: &dyn Fn(&mut Row) -> Option<Again>| {
        distribution.rows[0].at = Timestamp::UNIX_EPOCH;
        distribution.change(RowIndex(0), what).unwrap();
        distribution.rows[0].at >= begun
    };
    assert!(!changes(&|row| row.arrived()));
    assert!(changes(&|row| row.tried(hand(1, Some(session)), Absence::Hold, Instant::now())));
    assert!(!changes(&|row| row.missed(session)), "another token is on its way, which no row tells");
    assert!(changes(&|row| row.tried(hand(2, None), Absence::Hold, Instant::now())), "more sessions have it");
    assert_eq!(distribution.rows[1].at, begun);
}

fn row() -> Row {
    Row::new(Named::User("ann".parse().unwrap()))
}

fn handed(confirms: Option<SessionId>) -> Attempt {
    Attempt::Handed { sessions: 1, confirms }
}

#[test]
fn a_name_that_is_no_user_id_has_failed_from_the_start() {
    let mut distribution = distribution(1, 1);
    let counts = distribution.counts();
    assert_eq!((counts.queued, counts.failed), (1, 1));
    let progress = serde_json::to_value(distribution.progress(0)).unwrap();
    assert_eq!(progress["participants"][0]["userId"], "bad0");
}

#[test]
fn what_is_handed_to_a_session_that_confirms_nothing_is_delivered_for_good() {
    let mut row = row();
    assert_eq!(row.tried(handed(None), Absence::Hold, Instant::now()), None);
    assert_eq!((row.status(), row.is_open()), (Status::Delivered, false));
    row.end(Code::Cancelled, "late");
    assert_eq!(row.status(), Status::Delivered);
}

#[test]
fn a_receipt_that_does_not_come_has_another_session_tried_and_the_third_token_is_the_last() {
    let (mut row, session, until) = (row(), SessionId::random(), Instant::now());
    for token in 1..=TOKENS {
        assert_eq!(row.tried(handed(Some(session)), Absence::Hold, until), None);
        assert_eq!(row.status(), Status::Delivered);
        let again = row.missed(session);
        assert_eq!(again, (token < TOKENS).then_some(Again { after: Some(session) }));
    }
    assert_eq!(row.failure().map(|(code, _)| code), Some(Code::NotAcknowledged));
    row.acknowledge();
    assert_eq!(row.status(), Status::Acknowledged);
}

#[test]
fn a_receipt_is_missed_only_of_the_session_that_it_is_awaited_from() {
    let (mut row, session, until) = (row(), SessionId::random(), Instant::now());
    row.tried(handed(Some(session)), Absence::Hold, until);
    assert_eq!(row.missed(SessionId::random()), None);
    assert_eq!(row.awaits(), Some((session, until)));
}

#[test]
fn who_comes_while_a_route_finds_nobody_is_tried_again() {
    let mut row = row();
    assert_eq!(row.arrived(), None);
    let again = row.tried(Attempt::Absent { minted: true }, Absence::Hold, Instant::now());
    assert_eq!(again, Some(Again { after: None }));
    assert_eq!(row.tried(Attempt::Absent { minted: false }, Absence::Hold, Instant::now()), None);
    assert_eq!(row.status(), Status::Pending);
    assert_eq!(row.arrived(), Some(Again { after: None }));
}

#[test]
fn without_a_hold_who_is_absent_is_not_connected_and_who_lost_a_token_has_not_confirmed_it() {
    let mut absent = row();
    absent.missing(GONE);
    assert_eq!(absent.failure().map(|(code, _)| code), Some(Code::NotConnected));
    let (mut lost, session) = (row(), SessionId::random());
    lost.tried(handed(Some(session)), GONE, Instant::now());
    lost.missed(session);
    lost.tried(Attempt::Absent { minted: false }, GONE, Instant::now());
    assert_eq!(lost.failure().map(|(code, _)| code), Some(Code::NotAcknowledged));
}

#[test]
fn what_was_tried_for_a_row_that_went_on_changes_nothing() {
    let mut row = row();
    row.end(Code::Cancelled, "cancelled");
    assert_eq!(row.tried(handed(None), Absence::Hold, Instant::now()), None);
    assert_eq!(row.failure().map(|(code, _)| code), Some(Code::Cancelled));
}

proptest! {
    #[test]
    fn the_counts_add_up_whatever_happens(
        users in 0_usize..12,
        invalid in 0_usize..3,
        steps in proptest::collection::vec((0_u32..16, 0_u8..9), 0..60),
    ) {
        let (mut distribution, session, now) = (distribution(users, invalid), SessionId::random(), Instant::now());
        for (index, what) in steps {
            let change = distribution.change(RowIndex(index), |row| match what {
                0 => drop(row.tried(handed(None), Absence::Hold, now)),
                1 => drop(row.tried(handed(Some(session)), Absence::Hold, now)),
                2 => drop(row.tried(Attempt::Absent { minted: true }, Absence::Hold, now)),
                3 => drop(row.tried(Attempt::Failed { code: Code::Internal, error: String::new() }, GONE, now)),
                4 => drop(row.arrived()),
                5 => drop(row.missed(session)),
                6 => row.acknowledge(),
                7 => row.served(Some(session), now),
                _ => row.end(Code::Cancelled, "ended"),
            });
            prop_assert_eq!(change.is_some(), usize::try_from(index).unwrap() < users + invalid);
            if index % 3 == 0 {
                drop(distribution.progress(0));
                prop_assert!(!distribution.has_changed());
            }
            let mut counted = Counts::default();
            for (_, row) in distribution.rows() {
                *counted.of(row.status()) += 1;
            }
            prop_assert_eq!(counted, distribution.counts());
            let open = distribution.rows().filter(|(_, row)| row.is_open()).count();
            prop_assert_eq!(open > 0, distribution.is_open());
        }
    }
}
