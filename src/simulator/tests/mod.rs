//! The simulator from outside, over real connections: what each call is answered, and what each fault does.

mod control;
mod faults;
mod limits;
mod login;
mod tokens;

use std::future::Future;
use std::time::Duration;

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use awc::ClientRequest;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Account, Claims, FaultSettings, Settings, Simulator, routes, start};

/// The longest that a test waits for what must happen.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long nothing must happen where nothing should.
const QUIET: Duration = Duration::from_millis(150);

async fn within<T>(happens: impl Future<Output = T>) -> T {
    timeout(DEADLINE, happens).await.expect("it happens within the deadline")
}

/// A running simulator and a client of it.
struct Bench {
    simulator: Simulator,
    http: awc::Client,
}

/// What a call was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON body")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, Zoom's number, Zoom's words.
    fn refusal(&self) -> (u16, i64, String) {
        let body = self.json();
        let message = body["message"].as_str().unwrap().to_owned();
        (self.status, body["code"].as_i64().unwrap(), message)
    }

    fn token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["token"].as_str().unwrap().to_owned()
    }

    fn claims(&self) -> Claims {
        Claims::read(&self.token()).expect("a simulated token")
    }
}

impl Bench {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        // Of several tests one is the first, the others find it done.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        Self {
            simulator: start(settings).await.unwrap(),
            http: awc::Client::builder().timeout(DEADLINE).finish(),
        }
    }

    fn faults(&self, change: impl FnOnce(&mut FaultSettings)) {
        self.simulator.faults().change(change);
    }

    fn login_request(&self) -> ClientRequest {
        let settings = self.simulator.settings();
        self.http
            .post(self.simulator.oauth_url())
            .basic_auth(&settings.client_id, settings.client_secret.reveal())
    }

    async fn try_login(&self) -> Option<Answer> {
        let account_id = &self.simulator.settings().account_id;
        let form = json!({"grant_type": "account_credentials", "account_id": account_id});
        answer(self.login_request().send_form(&form)).await
    }

    async fn login(&self) -> String {
        let answer = self.try_login().await.unwrap();
        answer.json()["access_token"].as_str().expect("a login").to_owned()
    }

    fn call_request(&self, access: &str, user_and_query: &str) -> ClientRequest {
        let url = format!("{}/users/{user_and_query}", self.simulator.api_url());
        self.http.get(url).bearer_auth(access)
    }

    /// `None` where the connection ends without an answer.
    async fn try_call(&self, access: &str, user_and_query: &str) -> Option<Answer> {
        answer(self.call_request(access, user_and_query).send()).await
    }

    async fn call(&self, access: &str, user_and_query: &str) -> Answer {
        self.try_call(access, user_and_query).await.expect("an answer")
    }

    async fn zak(&self, access: &str) -> Answer {
        self.call(access, "alice/token?type=zak").await
    }

    async fn obf(&self, access: &str) -> Answer {
        self.call(access, "alice/token?type=onbehalf&meeting_id=123456789").await
    }

    /// Waits until the counters show it.
    async fn until_seen(&self, shows: impl FnMut(&super::Seen) -> bool) {
        let mut seen = self.simulator.account().watch_seen();
        within(seen.wait_for(shows)).await.unwrap();
    }
}

async fn answer(request: awc::SendClientRequest) -> Option<Answer> {
    let mut response = within(request).await.ok()?;
    let text = within(response.body()).await.ok()?;
    Some(Answer {
        status: StatusCode::as_u16(&response.status()),
        headers: response.headers().clone(),
        text: String::from_utf8(text.to_vec()).unwrap(),
    })
}

#[actix_web::test]
async fn several_run_at_once_and_know_nothing_of_each_other() {
    let (one, other) = (Bench::new().await, Bench::new().await);
    assert_ne!(one.simulator.address(), other.simulator.address());
    one.faults(|faults| faults.bad_credentials = true);
    let access = other.login().await;
    assert_eq!(one.zak(&access).await.status, 401);
    assert_eq!(other.zak(&access).await.status, 200);
    assert_eq!((one.simulator.seen().zaks, other.simulator.seen().zaks), (0, 1));
}

#[actix_web::test]
async fn a_port_that_is_taken_is_named() {
    let port = Bench::new().await.simulator.address().port();
    let settings = Settings { port, ..Settings::default() };
    let refused = start(settings).await.unwrap_err().to_string();
    assert!(refused.starts_with(&format!("the simulator can't listen on 127.0.0.1:{port}: ")), "{refused}");
}

#[actix_web::test]
async fn stopping_ends_calls_under_way_and_frees_the_port() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.token_latency_ms = 600_000);
    let call = bench.call_request(&access, "alice/token?type=zak").send();
    let call = actix_web::rt::spawn(answer(call));
    bench.until_seen(|seen| seen.under_way == 1).await;
    let port = bench.simulator.address().port();
    within(bench.simulator.stop()).await;
    assert!(within(call).await.unwrap().is_none());
    let settings = Settings { port, ..Settings::default() };
    within(start(settings).await.unwrap().stop()).await;
}

#[actix_web::test]
async fn its_routes_can_be_mounted_on_another_server() {
    use actix_web::test::{TestRequest, call_service, init_service};
    let account = Account::new(Settings::default());
    let app = init_service(App::new().configure(routes(account.clone()))).await;
    let login = TestRequest::post().uri("/oauth/token").to_request();
    assert_eq!(call_service(&app, login).await.status(), 400);
    assert_eq!(account.seen().login_calls, 1);
}
