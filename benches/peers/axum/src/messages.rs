//! What clients say, and what is said to them, as far as it is compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use serde::{Deserialize, Serialize, Serializer};

use crate::zoom::{Minted, ZoomError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authenticate {
    pub user_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    pub meeting_id: String,
    /// The contract's name for it is the longer one.
    #[serde(alias = "participantUserId")]
    pub user_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribute {
    pub meeting_id: String,
    pub host_user_id: String,
    pub participant_user_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub delivery_id: String,
}

/// A participant's token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials<'a> {
    meeting_id: &'a str,
    user_id: &'a str,
    obf_token: &'a str,
    expires_in: &'a str,
    timestamp: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    pub fn new(
        meeting_id: &'a str,
        user_id: &'a str,
        minted: &'a Minted,
        delivery_id: Option<&'a str>,
    ) -> Self {
        let Minted { token, expires_in, expires_at } = minted;
        let expires_at = moment(*expires_at);
        let timestamp = now();
        Self { meeting_id, user_id, obf_token: token, expires_in, timestamp, expires_at, delivery_id }
    }
}

/// What became of one participant of a distribution.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub user_id: String,
    pub status: Status,
    sessions: usize,
    at: String,
    #[serde(flatten)]
    failure: Option<ZoomError>,
}

pub enum Status {
    /// And whether a client has confirmed it since.
    Delivered(Arc<AtomicBool>),
    Failed,
}

impl Row {
    pub fn delivered(user_id: String, confirmed: Arc<AtomicBool>) -> Self {
        Self { user_id, status: Status::Delivered(confirmed), sessions: 1, at: now(), failure: None }
    }

    pub fn failed(user_id: String, failure: ZoomError) -> Self {
        Self { user_id, status: Status::Failed, sessions: 0, at: now(), failure: Some(failure) }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Delivered(confirmed) if confirmed.load(Ordering::Relaxed) => "acknowledged",
            Self::Delivered(_) => "delivered",
            Self::Failed => "failed",
        })
    }
}

pub fn now() -> String {
    moment(SystemTime::now())
}

pub fn moment(time: SystemTime) -> String {
    format_rfc3339_millis(time).to_string()
}
