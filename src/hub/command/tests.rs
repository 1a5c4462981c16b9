//! Each cell of the table, and who is who.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const ROLES: [Role; 3] = [Role::Participant, Role::Host, Role::Service];

fn caller(role: Role, user: &str, meetings: Option<&[&str]>) -> Caller {
    Caller::Known(Arc::new(Identity {
        user: user.parse().unwrap(),
        role,
        meetings: meetings.map(|meetings| meetings.iter().map(|meeting| meeting.parse().unwrap()).collect()),
        issued_at: None,
        expires_at: Timestamp::MAX,
    }))
}

/// The table as `docs/security.md` has it: may a participant, a host, a service do it, as (own user, another's).
fn row(action: Action<'_>) -> [(bool, bool); 3] {
    match action {
        Action::Authenticate(_) | Action::Obf(..) => [(true, false), (true, false), (true, true)],
        Action::Zak(_) | Action::Distribute(..) => [(false, false), (true, false), (true, true)],
        Action::Distributions | Action::Presence(_) => [(false, false), (true, true), (true, true)],
        Action::OthersTokens(_) | Action::Revoke | Action::Stats => {
            [(false, false), (false, false), (true, true)]
        }
    }
}

fn is_of_a_meeting(action: Action<'_>) -> bool {
    matches!(action, Action::Obf(..) | Action::Distribute(..) | Action::OthersTokens(_) | Action::Presence(_))
}

fn actions(user: &UserId, meeting: MeetingId) -> [Action<'_>; 9] {
    [
        Action::Authenticate(user),
        Action::Zak(user),
        Action::Obf(user, meeting),
        Action::Distribute(user, meeting),
        Action::Distributions,
        Action::OthersTokens(meeting),
        Action::Presence(meeting),
        Action::Revoke,
        Action::Stats,
    ]
}

#[test]
fn in_open_mode_any_caller_may_name_any_user() {
    let host: UserId = "ceo@example.com".parse().unwrap();
    for action in actions(&host, "123456789".parse().unwrap()) {
        assert!(decide(&Caller::Anyone, action).is_ok(), "{action:?}");
    }
}

#[test]
fn who_has_shown_nothing_may_do_nothing() {
    let host: UserId = "ceo@example.com".parse().unwrap();
    for action in actions(&host, "123456789".parse().unwrap()) {
        assert_eq!(decide(&Caller::Unknown, action).unwrap_err().code, Code::NotAuthenticated, "{action:?}");
    }
}

#[test]
fn a_user_is_the_same_in_another_ascii_case_and_no_look_alike() {
    let caller = caller(Role::Host, "Kim@example.com", None);
    let zak = |user: &str| decide(&caller, Action::Zak(&user.parse().unwrap())).is_ok();
    assert!(zak("kim@EXAMPLE.com"));
    assert!(!zak("\u{212a}im@example.com") && !zak("kim@example.com."));
}

proptest! {
    #[test]
    fn each_cell_of_the_table_is_a_yes_or_a_no(
        role in 0..3_usize, own in any::<bool>(), scope in 0..3_usize, which in 0..9_usize,
    ) {
        let meetings: Option<&[&str]> = [None, Some(&["123456789"][..]), Some(&["987654321"][..])][scope];
        let asked: UserId = if own { "ANN@example.com" } else { "bob@example.com" }.parse().unwrap();
        let action = actions(&asked, "123-456-789".parse().unwrap())[which];
        let (own_user, others) = row(action)[role];
        let in_scope = scope != 2 || !is_of_a_meeting(action);
        // From there on they name no user.
        let permitted = in_scope && if own || which >= 4 { own_user } else { others };
        let decided = decide(&caller(ROLES[role], "ann@example.com", meetings), action);
        prop_assert_eq!(decided.map_err(|refusal| refusal.code), if permitted { Ok(()) } else { Err(Code::Forbidden) });
    }
}
