//! What the simulator does wrong on purpose, and the handle that switches it while the simulator runs.
//!
//! The settings are a plain value; the one copy in force lives in the [`Faults`] of an account and whoever holds a
//! clone may change it. Carrying the faults out is the routes' business.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::watch;

/// The longest latency that can be asked for over HTTP, in milliseconds.
const MAX_LATENCY_MS: u64 = 600_000;

/// Every fault, as it stands. The default is a Zoom that does nothing wrong and knows no limit.
///
/// As JSON an object with these fields in camel case.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, and any of them may be on together"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultSettings {
    /// A login takes at least this long, in milliseconds.
    #[serde(deserialize_with = "latency")]
    pub login_latency_ms: u64,
    /// A token call takes at least this long, in milliseconds.
    #[serde(deserialize_with = "latency")]
    pub token_latency_ms: u64,
    /// A token call for a user whose ID begins with `slow` takes this much longer, in milliseconds; 2,000 by default.
    #[serde(deserialize_with = "latency")]
    pub slow_user_ms: u64,
    /// The share of calls, logins too, that fail with [`error_kind`](Self::error_kind): 0 none, 1 all.
    #[serde(deserialize_with = "rate")]
    pub error_rate: f64,
    /// What a call that fails by `error_rate` is answered with; `html` at a rate of 1 is a proxy whose Zoom is down.
    pub error_kind: ErrorKind,
    /// The share of calls, logins too, whose connection is closed without an answer: 0 none, 1 all.
    #[serde(deserialize_with = "rate")]
    pub drop_rate: f64,
    /// Calls, logins too, are taken and never answered. Their connections are closed once this is switched off.
    pub silent: bool,
    /// Logins are refused as `invalid_client`, whatever they present.
    pub bad_credentials: bool,
    /// The life of an access token in seconds, as the login is told; 3,599 by default.
    pub access_token_seconds: u64,
    /// The access token's true life in seconds, where it is to run out before the time that the login was told.
    pub access_token_early_seconds: Option<u64>,
    /// The life of an issued ZAK or OBF in seconds, whatever `ttl` the call asks for.
    pub token_seconds: Option<u64>,
    /// What an issued token looks like.
    pub token_shape: TokenShape,
    /// API calls let through in any one second, logins aside; 0, the default, is no limit.
    pub requests_per_second: u32,
    /// The `Retry-After` of a call over that limit, in seconds; none by default, as with Zoom.
    pub retry_after_seconds: Option<u64>,
    /// Every API call is over the daily limit.
    pub daily_limit: bool,
    /// The app lacks the scope `user:read:token:admin`.
    pub missing_scope: bool,
    /// An OBF is refused because its user has not authorised the app.
    pub obf_unauthorised: bool,
}

/// What a failing call is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// 500 with Zoom's JSON body.
    Json,
    /// 502 with a proxy's HTML page.
    Html,
}

/// What an issued token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenShape {
    /// A JWT that tells its expiry.
    Jwt,
    /// A text that tells nothing.
    Opaque,
    /// `null`, with status 200.
    Null,
    /// The empty text, with status 200.
    Empty,
}

impl Default for FaultSettings {
    fn default() -> Self {
        Self {
            login_latency_ms: 0,
            token_latency_ms: 0,
            slow_user_ms: 2_000,
            error_rate: 0.0,
            error_kind: ErrorKind::Json,
            drop_rate: 0.0,
            silent: false,
            bad_credentials: false,
            access_token_seconds: 3_599,
            access_token_early_seconds: None,
            token_seconds: None,
            token_shape: TokenShape::Jwt,
            requests_per_second: 0,
            retry_after_seconds: None,
            daily_limit: false,
            missing_scope: false,
            obf_unauthorised: false,
        }
    }
}

/// Why a change of faults is refused; nothing of it was done.
#[derive(Debug, Error)]
pub enum InvalidFault {
    /// There is no fault of that name.
    #[error("the simulator has no fault {name:?}; it has {}", known())]
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// That fault doesn't take that value.
    #[error("the fault {name:?} doesn't take this value: {source}")]
    Value {
        /// The fault's name.
        name: String,
        /// What was wrong with it.
        source: serde_json::Error,
    },
}

impl FaultSettings {
    /// These settings with the fields of a JSON merge patch changed; `null` is back to the default.
    ///
    /// # Errors
    /// [`InvalidFault`], naming the first field in alphabetical order that is unknown or that has a bad value.
    pub fn merged(&self, patch: &Map<String, Value>) -> Result<Self, InvalidFault> {
        patch.iter().try_fold(self.clone(), |settings, (name, value)| settings.with(name, value))
    }

    fn with(&self, name: &str, value: &Value) -> Result<Self, InvalidFault> {
        let mut fields = self.fields();
        let Some(field) = fields.get_mut(name) else {
            return Err(InvalidFault::Unknown { name: name.into() });
        };
        *field = if value.is_null() {
            Self::default().fields().remove(name).unwrap_or_default()
        } else {
            value.clone()
        };
        serde_json::from_value(Value::Object(fields))
            .map_err(|source| InvalidFault::Value { name: name.into(), source })
    }

    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

fn known() -> String {
    let names: Vec<String> = FaultSettings::default().fields().into_iter().map(|(name, _)| name).collect();
    names.join(", ")
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&rate) { Ok(rate) } else { Err(D::Error::custom("a rate is 0 to 1")) }
}

fn latency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let milliseconds = u64::deserialize(deserializer)?;
    if milliseconds <= MAX_LATENCY_MS {
        Ok(milliseconds)
    } else {
        Err(D::Error::custom("a latency is 0 to 600000 milliseconds"))
    }
}

/// A handle on the faults of one simulator. Clones switch the same faults, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Faults(watch::Sender<FaultSettings>);

impl Faults {
    /// The faults as they stand.
    #[must_use]
    pub fn now(&self) -> FaultSettings {
        self.0.borrow().clone()
    }

    /// Changes some; calls that arrive from now on meet them.
    pub fn change(&self, change: impl FnOnce(&mut FaultSettings)) {
        self.0.send_modify(change);
    }

    /// Switches every fault off.
    pub fn reset(&self) {
        self.0.send_replace(FaultSettings::default());
    }

    /// Changes what a JSON merge patch names, all of it or nothing.
    ///
    /// # Errors
    /// As [`FaultSettings::merged`].
    pub fn merge(&self, patch: &Map<String, Value>) -> Result<(), InvalidFault> {
        let mut outcome = Ok(());
        self.0.send_if_modified(|settings| {
            outcome = settings.merged(patch).map(|merged| *settings = merged);
            outcome.is_ok()
        });
        outcome
    }

    /// For waiting until a fault is switched.
    pub(super) fn watch(&self) -> watch::Receiver<FaultSettings> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merge(faults: &Faults, patch: &Value) -> Result<(), String> {
        faults.merge(patch.as_object().unwrap()).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_takes_it_back() {
        let faults = Faults::default();
        merge(&faults, &json!({"errorRate": 0.25, "tokenShape": "null", "tokenSeconds": 9})).unwrap();
        let expected = FaultSettings {
            error_rate: 0.25,
            token_shape: TokenShape::Null,
            token_seconds: Some(9),
            ..FaultSettings::default()
        };
        assert_eq!(faults.now(), expected);
        merge(&faults, &json!({"errorRate": null, "tokenShape": null, "tokenSeconds": null})).unwrap();
        assert_eq!(faults.now(), FaultSettings::default());
    }

    #[test]
    fn a_patch_with_one_bad_field_is_refused_by_name_and_changes_nothing() {
        let faults = Faults::default();
        for (field, value, because) in [
            ("zzz", json!(true), "has no fault"),
            ("errorRate", json!(1.01), "a rate is 0 to 1"),
            ("dropRate", json!(-0.1), "a rate is 0 to 1"),
            ("tokenLatencyMs", json!(600_001), "0 to 600000"),
            ("silent", json!("yes"), "expected a boolean"),
            ("tokenShape", json!("round"), "unknown variant"),
            ("requestsPerSecond", json!(-1), "expected u32"),
        ] {
            let refused = merge(&faults, &json!({"badCredentials": true, field: value})).unwrap_err();
            assert!(refused.contains(&format!("{field:?}")), "{refused}");
            assert!(refused.contains(because), "{refused}");
            assert_eq!(faults.now(), FaultSettings::default(), "{field}");
        }
    }

    #[test]
    fn an_unknown_fault_is_answered_with_the_known_ones() {
        let refused = merge(&Faults::default(), &json!({"latency": 1})).unwrap_err();
        assert!(refused.contains("tokenLatencyMs, tokenSeconds, tokenShape"), "{refused}");
    }
}
