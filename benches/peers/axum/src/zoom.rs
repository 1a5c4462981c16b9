//! Zoom's tokens: the access token, which is cached, and the ZAK and OBF tokens that it opens.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Client, StatusCode, Url};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Semaphore};

/// A login is good for an hour; it is renewed a little earlier.
const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(55);
/// Calls under way at once, and so connections: as many as the hub makes.
const CALLS_AT_ONCE: usize = 64;

/// What Zoom is asked for.
struct Kind {
    query: &'static str,
    seconds: u64,
    in_words: &'static str,
}

const ZAK: Kind = Kind { query: "zak", seconds: 7200, in_words: "2 hours" };
const OBF: Kind = Kind { query: "onbehalf", seconds: 1800, in_words: "30 minutes" };

/// A token and its life.
pub struct Minted {
    pub token: String,
    pub expires_in: &'static str,
    pub expires_at: SystemTime,
}

/// Why there is no token, by one of the contract's codes.
#[derive(Serialize)]
pub struct ZoomError {
    pub code: &'static str,
    #[serde(rename = "error")]
    pub message: String,
}

impl ZoomError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Whether it may be otherwise a moment later.
    pub fn retryable(&self) -> bool {
        matches!(self.code, "zoom_rate_limited" | "zoom_unavailable")
    }
}

impl From<reqwest::Error> for ZoomError {
    fn from(error: reqwest::Error) -> Self {
        let code = match error.status() {
            Some(StatusCode::TOO_MANY_REQUESTS) => "zoom_rate_limited",
            Some(StatusCode::NOT_FOUND) => "zoom_user_not_found",
            Some(status) if status.is_client_error() => "zoom_refused",
            Some(_) | None => "zoom_unavailable",
        };
        let code = if error.is_decode() { "zoom_bad_answer" } else { code };
        Self::new(code, error.without_url().to_string())
    }
}

#[derive(Deserialize)]
struct LoginAnswer {
    access_token: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
}

struct Access {
    token: Arc<str>,
    since: Instant,
}

pub struct Zoom {
    http: Client,
    oauth_url: Url,
    api_url: Url,
    client_id: String,
    client_secret: String,
    account_id: String,
    places: Semaphore,
    access: Mutex<Option<Access>>,
}

impl Zoom {
    pub fn from_environment() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            http: Client::new(),
            oauth_url: env::var("ZOOM_OAUTH_URL")?.parse()?,
            api_url: env::var("ZOOM_API_URL")?.parse()?,
            client_id: env::var("ZOOM_CLIENT_ID")?,
            client_secret: env::var("ZOOM_CLIENT_SECRET")?,
            account_id: env::var("ZOOM_ACCOUNT_ID")?,
            places: Semaphore::new(CALLS_AT_ONCE),
            access: Mutex::default(),
        })
    }

    /// The cached access token. Whoever comes while it is being fetched waits for the same one.
    pub async fn access_token(&self) -> Result<Arc<str>, ZoomError> {
        let mut access = self.access.lock().await;
        if let Some(Access { token, since }) = &*access
            && since.elapsed() < ACCESS_TOKEN_LIFE
        {
            return Ok(Arc::clone(token));
        }
        let since = Instant::now();
        let token = self.log_in().await?;
        *access = Some(Access { token: Arc::clone(&token), since });
        Ok(token)
    }

    pub async fn zak(&self, user: &str) -> Result<Minted, ZoomError> {
        self.token(&ZAK, user, None).await
    }

    pub async fn obf(&self, user: &str, meeting: &str) -> Result<Minted, ZoomError> {
        self.token(&OBF, user, Some(meeting)).await
    }

    async fn log_in(&self) -> Result<Arc<str>, ZoomError> {
        let request = self
            .http
            .post(self.oauth_url.clone())
            .basic_auth(&self.client_id, Some(&self.client_secret))
            .form(&[("grant_type", "account_credentials"), ("account_id", &self.account_id)]);
        let answer: LoginAnswer = request.send().await?.error_for_status()?.json().await?;
        Ok(answer.access_token.into())
    }

    async fn token(&self, kind: &Kind, user: &str, meeting: Option<&str>) -> Result<Minted, ZoomError> {
        let _place = self.places.acquire().await.expect("it is never closed");
        let access_token = self.access_token().await?;
        let request = self.http.get(self.token_url(kind, user, meeting)).bearer_auth(access_token);
        let answer: TokenAnswer = request.send().await?.error_for_status()?.json().await?;
        let Some(token) = answer.token else {
            return Err(ZoomError::new("zoom_bad_answer", "Zoom answered without a token"));
        };
        let expires_at = SystemTime::now() + Duration::from_secs(kind.seconds);
        Ok(Minted { token, expires_in: kind.in_words, expires_at })
    }

    fn token_url(&self, kind: &Kind, user: &str, meeting: Option<&str>) -> Url {
        let mut url = self.api_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(["users", user, "token"]);
        }
        url.query_pairs_mut()
            .append_pair("type", kind.query)
            .append_pair("ttl", &kind.seconds.to_string())
            .extend_pairs(meeting.map(|meeting| ("meeting_id", meeting)));
        url
    }
}
