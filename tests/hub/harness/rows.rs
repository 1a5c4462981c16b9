//! A distribution as its host sees it: what is asked, and what becomes of its rows.

use serde_json::{Value, json};

use super::{Client, MEETING, due};

/// The host of the distributions.
pub const HOST: &str = "host@example.com";

/// What a host asks to distribute to these.
pub fn request(participants: &[&str]) -> Value {
    json!({"meetingId": MEETING, "hostUserId": HOST, "participantUserIds": participants})
}

/// The same with one more field.
pub fn request_with(participants: &[&str], field: &str, value: Value) -> Value {
    let mut request = request(participants);
    request[field] = value;
    request
}

/// Distributes, and reads until no row is queued.
pub async fn distribute(host: &mut Client, request: Value) -> Value {
    host.emit("meeting:distribute", request).await;
    host.expect("meeting:started").await;
    host.expect("meeting:distributed").await
}

/// The row of a user in a report or a progress, if it is there.
pub fn row<'a>(data: &'a Value, user: &str) -> Option<&'a Value> {
    data["participants"].as_array().unwrap().iter().find(|row| row["userId"] == user)
}

/// Reads progress until it tells that a user's row stands so; the row.
pub async fn row_becomes(host: &mut Client, user: &str, status: &str) -> Value {
    due(&format!("{user}, {status}"), async {
        loop {
            let frame = host.next().await;
            assert_eq!(frame["event"], "meeting:progress", "{frame}");
            if let Some(row) = row(&frame["data"], user)
                && row["status"] == status
            {
                return row.clone();
            }
        }
    })
    .await
}
