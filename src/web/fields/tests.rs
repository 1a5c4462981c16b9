//! What is taken, and how what is not is refused.

use super::*;
use crate::hub::requests::Named;

fn fields(json: &str) -> Fields {
    serde_json::from_str(json).unwrap()
}

fn names(details: &[Detail]) -> Vec<&str> {
    details.iter().map(|detail| detail.field).collect()
}

#[test]
fn a_missing_field_reads_as_in_the_seed_and_details_name_each() {
    for json in ["{}", r#"{"meetingId":null,"hostUserId":""}"#, r#"{"HOSTUSERID":"x"}"#] {
        let refusal = fields(json).start().unwrap_err();
        assert_eq!(refusal.message, "Missing required fields: meetingId and hostUserId");
        assert_eq!(
            (refusal.code, names(&refusal.details)),
            (Code::InvalidRequest, vec!["meetingId", "hostUserId"])
        );
    }
}

#[test]
fn an_invalid_field_is_named_with_its_own_code() {
    let refusal = fields(r#"{"meetingId":"123","hostUserId":"h"}"#).start().unwrap_err();
    assert_eq!((refusal.code, names(&refusal.details)), (Code::InvalidMeetingId, vec!["meetingId"]));
    let refusal = fields(r#"{"meetingId":123456789,"participantUserId":"ME"}"#).join().unwrap_err();
    assert_eq!((refusal.code, names(&refusal.details)), (Code::InvalidUserId, vec!["participantUserId"]));
    for json in [r#"{"userId":7}"#, r#"{"userId":["a"]}"#, r#"{"userId":{}}"#, r#"{"userId":true}"#] {
        assert_eq!(fields(json).authenticate().unwrap_err().code, Code::InvalidUserId, "{json}");
    }
}

#[test]
fn an_invalid_participant_is_a_row_and_a_duplicate_is_none() {
    let json = r#"{"meetingId":123456789,"participantUserIds":["a","A","me",7,null,{},"b"]}"#;
    let roster = fields(json).batch_join(9).unwrap().participants;
    let valid = roster.iter().filter(|named| matches!(named, Named::User(_))).count();
    assert_eq!((valid, roster.len()), (2, 5));
}

#[test]
fn too_many_participants_are_refused_by_number() {
    let json = r#"{"meetingId":123456789,"hostUserId":"h","participantUserIds":["a","b","c"]}"#;
    assert_eq!(fields(json).distribute(2).unwrap_err().code, Code::TooManyParticipants);
    assert!(fields(json).distribute(3).is_ok());
}

#[test]
fn a_batch_join_names_somebody_and_a_set_up_need_not() {
    let json = r#"{"meetingId":123456789,"hostUserId":"h","participantUserIds":[]}"#;
    assert_eq!(fields(json).batch_join(2).unwrap_err().code, Code::InvalidRequest);
    assert!(fields(json).set_up(2).is_ok());
    assert!(fields(r#"{"meetingId":123456789,"hostUserId":"h"}"#).set_up(2).is_ok());
}

#[test]
fn a_watch_needs_a_list_which_may_be_empty() {
    let watch = |json| fields(json).watch(2);
    let ends = watch(r#"{"meetingId":123456789,"userIds":[]}"#).unwrap();
    assert!(ends.users.is_empty());
    assert_eq!(watch(r#"{"meetingId":123456789,"userIds":["a","A","me"]}"#).unwrap().users.len(), 2);
    for json in [r#"{"meetingId":123456789}"#, r#"{"meetingId":123456789,"userIds":null}"#] {
        let refusal = watch(json).unwrap_err();
        assert_eq!(refusal.message, "Missing required fields: meetingId and userIds");
        assert_eq!((refusal.code, names(&refusal.details)), (Code::InvalidRequest, vec!["userIds"]));
    }
    let refusal = watch(r#"{"meetingId":123456789,"userIds":["a","b","c"]}"#).unwrap_err();
    assert_eq!((refusal.code, names(&refusal.details)), (Code::TooManyParticipants, vec!["userIds"]));
}

#[test]
fn a_wait_has_its_bounds() {
    let wait = |json| fields(json).wait(Duration::from_secs(30));
    assert_eq!(wait("{}").unwrap(), Duration::from_secs(30));
    assert_eq!(wait(r#"{"wait":0.5}"#).unwrap(), Duration::from_millis(500));
    assert_eq!(wait(r#"{"wait":"2"}"#).unwrap(), Duration::from_secs(2));
    for json in [r#"{"wait":31}"#, r#"{"wait":-1}"#, r#"{"wait":"NaN"}"#, r#"{"wait":[]}"#] {
        assert_eq!(wait(json).unwrap_err().code, Code::InvalidRequest, "{json}");
    }
}

#[test]
fn a_revocation_names_something_and_lies_in_the_past() {
    let refusal = fields("{}").revoke().unwrap_err();
    assert_eq!(names(&refusal.details), ["userId", "meetingId", "issuedBefore"]);
    for json in [
        r#"{"issuedBefore":"2026-03-02T09:00:00Z"}"#,
        r#"{"issuedBefore":1772442000}"#,
        r#"{"issuedBefore":"1772442000.0"}"#,
    ] {
        let Revoke(matching) = fields(json).revoke().unwrap();
        assert_eq!(matching.issued_before.as_second(), 1_772_442_000, "{json}");
        assert_eq!((matching.user, matching.meeting), (None, None));
    }
    let Revoke(matching) = fields(r#"{"userId":"ann"}"#).revoke().unwrap();
    assert!(Timestamp::now().duration_since(matching.issued_before).as_secs() < 60);
    for json in
        [r#"{"issuedBefore":"tomorrow"}"#, r#"{"issuedBefore":4102444800}"#, r#"{"issuedBefore":1e300}"#]
    {
        assert_eq!(names(&fields(json).revoke().unwrap_err().details), ["issuedBefore"], "{json}");
    }
}

#[test]
fn a_credential_is_not_seen_in_a_debug_text() {
    let text = format!("{:?}", fields(r#"{"userId":"ann","token":"hush-hush"}"#));
    assert!(text.contains("ann") && !text.contains("hush"), "{text}");
    assert_eq!(fields(r#"{"userId":"ann","token":7}"#).authenticate().unwrap_err().details[0].field, "token");
}
