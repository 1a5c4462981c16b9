//! Who may do what: each cell of the table, over REST and over each carrier, allowed and refused.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::credential;
use crate::harness::{Hub, MEETING};

/// What a cell of the table asks of a credential.
#[derive(Clone, Copy, Debug)]
enum Cell {
    No,
    /// Its own user.
    Own,
    /// Its own user, and a meeting of its.
    OwnMeeting,
    /// Nothing.
    Any,
    /// A meeting of its.
    AnyMeeting,
}

use Cell::{Any, AnyMeeting, No, Own, OwnMeeting};

impl Cell {
    fn permits(self, own: bool, meeting: bool) -> bool {
        match self {
            No => false,
            Own => own,
            OwnMeeting => own && meeting,
            Any => true,
            AnyMeeting => meeting,
        }
    }
}

const ROLES: [&str; 3] = ["participant", "host", "service"];

/// The table, its columns in the order of the roles.
const AUTHENTICATE: [Cell; 3] = [Own, Own, Any];
const ZAK: [Cell; 3] = [No, Own, Any];
const OBF: [Cell; 3] = [OwnMeeting, OwnMeeting, AnyMeeting];
const DISTRIBUTE: [Cell; 3] = [No, OwnMeeting, AnyMeeting];
const OTHERS_TOKENS: [Cell; 3] = [No, No, AnyMeeting];
const PRESENCE: [Cell; 3] = [No, AnyMeeting, AnyMeeting];
const REVOKE: [Cell; 3] = [No, No, Any];

const OWN: &str = "ann@example.com";
const OTHER: &str = "bob@example.com";

/// Every credential that the table tells apart: its role's column, its claims, and whether it is good for the meeting.
fn credentials() -> Vec<(usize, String, bool)> {
    let scopes = [
        (json!({}), true),
        (json!({"meetings": [MEETING]}), true),
        (json!({"meetings": ["987654321"]}), false),
    ];
    let of =
        |(column, role)| scopes.clone().map(|(claims, good)| (column, credential(OWN, role, &claims), good));
    ROLES.into_iter().enumerate().flat_map(of).collect()
}

fn start(host: &str) -> Value {
    json!({"meetingId": MEETING, "hostUserId": host})
}

fn join(user: &str) -> Value {
    json!({"meetingId": MEETING, "participantUserId": user})
}

/// Of users who are there and no others: nothing changes.
fn watch(user: &str) -> Value {
    json!({"meetingId": MEETING, "userIds": [user, "carl@example.com"]})
}

fn many(host: &str) -> Value {
    json!({"meetingId": MEETING, "hostUserId": host, "participantUserIds": ["carl@example.com"]})
}

#[actix_web::test]
async fn each_cell_of_the_table_over_rest() {
    let hub = Hub::start_with_credentials(&[]).await;
    for (column, credential, good) in credentials() {
        for user in [OWN, OTHER] {
            let calls = [
                ("meetings/start", start(user), ZAK),
                ("meetings/join", join(user), OBF),
                ("meetings/distribute", many(user), DISTRIBUTE),
                ("meetings/batch-join", many(user), OTHERS_TOKENS),
                ("meetings/setup", many(user), OTHERS_TOKENS),
                ("sessions/revoke", json!({"userId": "nobody"}), REVOKE),
            ];
            for (path, body, row) in calls {
                let minted = hub.zoom.seen();
                let answer = hub.http_with(&credential).post(&format!("/api/{path}"), body).await;
                let name = format!("{} {path} as {user}, meeting {good}", ROLES[column]);
                if row[column].permits(user == OWN, good) {
                    assert_eq!(answer.status, 200, "{name}: {}", answer.text);
                } else {
                    assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("forbidden")), "{name}");
                    assert_eq!(hub.zoom.seen(), minted, "{name}: nothing was minted");
                }
            }
        }
    }
}

#[rstest]
#[actix_web::test]
async fn each_cell_of_the_table_over_each_carrier(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    for (column, credential, good) in credentials() {
        for user in [OWN, OTHER] {
            let mut client = hub.connect_with(OWN, &credential).await;
            let events = [
                ("meeting:start", start(user), ZAK, &["meeting:started"][..]),
                ("meeting:join", join(user), OBF, &["meeting:credentials"]),
                ("meeting:distribute", many(user), DISTRIBUTE, &["meeting:started", "meeting:distributed"]),
                ("presence:watch", watch(user), PRESENCE, &["presence:state"]),
                ("authenticate", json!({"userId": user}), AUTHENTICATE, &["authenticated"]),
            ];
            for (event, data, row, answers) in events {
                let minted = hub.zoom.seen();
                let name = format!("{} {event} as {user}, meeting {good}", ROLES[column]);
                if row[column].permits(user == OWN, good) {
                    client.emit(event, data).await;
                    for answer in answers {
                        client.expect(answer).await;
                    }
                } else {
                    assert_eq!(client.refused(event, data).await, "forbidden", "{name}");
                    assert_eq!(hub.zoom.seen(), minted, "{name}: nothing was minted");
                }
            }
            client.leave().await;
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_stolen_participants_credential_gets_nothing_of_anybody_elses(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let service = hub.http_with(&credential("backend", "service", &json!({})));
    let mut thief = hub.connect_with(OWN, &credential(OWN, "participant", &json!({}))).await;
    assert_eq!(thief.refused("authenticate", json!({"userId": OTHER})).await, "forbidden");
    // What belongs to the other, and even the very user's own ZAK, which is the host's.
    service.post("/api/meetings/setup", many(OTHER)).await.expect(200);
    let service = hub.http_with(&credential("backend", "service", &json!({})));
    service.post("/api/meetings/start", start(OWN)).await.expect(200);
    thief.expect_nothing().await;
}

#[rstest]
#[actix_web::test]
async fn a_participant_whose_credential_is_for_another_meeting_is_told_of_as_forbidden(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let scope = json!({"meetings": ["987654321"]});
    let mut elsewhere = hub.connect_with(OWN, &credential(OWN, "participant", &scope)).await;
    let mut here = hub.connect_with(OTHER, &credential(OTHER, "participant", &json!({}))).await;
    let mut host = hub.connect_with("host", &credential("host", "host", &json!({}))).await;
    let participants = [OWN, OTHER];
    let data = json!({"meetingId": MEETING, "hostUserId": "host", "participantUserIds": participants});
    host.emit("meeting:distribute", data).await;
    host.expect("meeting:started").await;
    let report = host.expect("meeting:distributed").await;
    assert_eq!((&report["successful"], &report["failedUsers"]), (&json!(1), &json!([OWN])));
    let row = report["participants"].as_array().unwrap().iter().find(|row| row["userId"] == OWN).unwrap();
    assert_eq!((&row["status"], &row["code"]), (&json!("failed"), &json!("forbidden")));
    here.expect("meeting:credentials").await;
    elsewhere.expect_nothing().await;
}
