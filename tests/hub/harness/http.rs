//! Calls over HTTP, with everything of the answer at hand.

use std::net::SocketAddr;
use std::time::Duration;

use awc::Connector;
use awc::error::SendRequestError;
use awc::http::{Method, header::HeaderMap};
use serde_json::Value;

/// Calls to one hub.
pub struct Http {
    address: SocketAddr,
    client: awc::Client,
    headers: Vec<(String, String)>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// One header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The JSON of an answer with this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        // Given up long before the hub does it, after 5 s: a request must not meet the end of its connection.
        let connector = Connector::new().conn_keep_alive(Duration::from_secs(1));
        let client = awc::Client::builder().connector(connector).timeout(Duration::from_mins(1)).finish();
        Self { address, client, headers: Vec::new() }
    }

    /// With a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, "").await
    }

    pub async fn post(self, path: &str, body: Value) -> Answer {
        self.with("content-type", "application/json").call(Method::POST, path, &body.to_string()).await
    }

    pub async fn post_form(self, path: &str, body: &str) -> Answer {
        self.with("content-type", "application/x-www-form-urlencoded").call(Method::POST, path, body).await
    }

    /// Any call.
    pub async fn call(&self, method: Method, path: &str, body: &str) -> Answer {
        self.try_call(method, path, body).await.unwrap()
    }

    /// A call whose connection the other side may cut.
    pub async fn try_call(&self, method: Method, path: &str, body: &str) -> Result<Answer, SendRequestError> {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        for (name, value) in &self.headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        let mut answer = request.send_body(body.to_owned()).await?;
        let text = String::from_utf8(answer.body().limit(16 << 20).await.unwrap().to_vec()).unwrap();
        Ok(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text })
    }
}
