//! A hub on a free port, with the simulator in Zoom's place: what production runs, built by what production builds.

use std::net::SocketAddr;

use actix_web::rt::task::JoinHandle;
use tokio::sync::{oneshot, watch};
use zoom_token_hub::config::{Config, Credentials, Upstream, Variables};
use zoom_token_hub::secret::Secret;
use zoom_token_hub::simulator::{Settings, Simulator, start};
use zoom_token_hub::web::{App, AppError, Mode};
use zoom_token_hub::zoom::Health;

use super::credentials::JWT;
use super::{Answer, Carrier, Client, Http, due};

/// The meeting that most tests are about.
pub const MEETING: &str = "1234567890";

/// A running hub.
pub struct Hub {
    /// The Zoom that it asks.
    pub zoom: Simulator,
    address: SocketAddr,
    carrier: Carrier,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), AppError>>,
    health: watch::Receiver<Health>,
}

impl Hub {
    /// A hub with default settings.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A hub that asks for credentials, with some variables set.
    pub async fn start_with_credentials(variables: &[(&str, &str)]) -> Self {
        Self::start_with(&[&JWT, variables].concat()).await
    }

    /// A hub with some variables set.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let zoom = start(Settings::default()).await.unwrap();
        Self::start_against(zoom, variables).await
    }

    /// A hub in front of a simulator that was prepared; waits for the first login, however it ends.
    pub async fn start_against(zoom: Simulator, variables: &[(&str, &str)]) -> Self {
        // No pace and no rates, unless a test is about them.
        let unless_said = [
            ("PORT", "0"),
            ("ZOOM_RATE_PER_SECOND", "0"),
            ("MESSAGE_RATE_PER_SECOND", "0"),
            ("REST_RATE_PER_SECOND", "0"),
            ("MAX_SESSIONS_PER_USER", "1000"),
        ];
        let pairs = unless_said.into_iter().chain(variables.iter().copied());
        let config = Config::from_variables(&Variables::from_pairs(pairs)).unwrap();
        let app = App::build(&config, &upstream(&zoom), Mode::Simulator).unwrap();
        let address = app.addresses()[0];
        let mut health = app.health();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = actix_web::rt::spawn(app.run(async { drop(stopped.await) }));
        let known = health.wait_for(|health| *health != Health::Starting);
        drop(due("the first login", known).await.unwrap());
        Self { zoom, address, carrier: Carrier::WebSocket, stop, ended, health }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// With this to carry its clients; unless it is said, plain WebSocket does.
    pub fn over(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// A connection.
    pub async fn connect(&self) -> Client {
        Client::connect(self.address, self.carrier).await
    }

    /// A connection by Socket.IO that says this as it joins; or what it is refused with.
    pub async fn join_with(&self, auth: &serde_json::Value) -> Result<Client, serde_json::Value> {
        Client::join(self.address, self.carrier, Some(auth)).await
    }

    /// A connection that has told whose it is.
    pub async fn connect_as(&self, user: &str) -> Client {
        let mut client = self.connect().await;
        client.authenticate(user).await;
        client
    }

    /// A connection that has told whose it is, and that it will say what it has received.
    pub async fn connect_confirming(&self, user: &str) -> Client {
        let mut client = self.connect().await;
        client.authenticate_confirming(user).await;
        client
    }

    /// A connection that has shown this user's credential.
    pub async fn connect_with(&self, user: &str, credential: &str) -> Client {
        let mut client = self.connect().await;
        client.show(user, credential).await;
        client
    }

    /// Calls over HTTP that show this credential.
    pub fn http_with(&self, credential: &str) -> Http {
        self.http().with("authorization", &format!("Bearer {credential}"))
    }

    /// A call over HTTP.
    pub fn http(&self) -> Http {
        Http::new(self.address)
    }

    /// A JSON body posted.
    pub async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        self.http().post(path, body).await
    }

    /// A page got.
    pub async fn get(&self, path: &str) -> Answer {
        self.http().get(path).await
    }

    /// Asks the hub to stop; it drains.
    pub fn begin_stop(self) -> JoinHandle<Result<(), AppError>> {
        self.stop.send(()).unwrap();
        self.ended
    }

    /// What the hub learns of Zoom.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }
}

/// The simulator in Zoom's place.
pub fn upstream(zoom: &Simulator) -> Upstream {
    let settings = zoom.settings();
    Upstream {
        credentials: Credentials {
            client_id: settings.client_id.clone(),
            client_secret: Secret::new(settings.client_secret.reveal().to_owned()),
            account_id: settings.account_id.clone(),
        },
        oauth_url: zoom.oauth_url().parse().unwrap(),
        api_url: zoom.api_url().parse().unwrap(),
        extra_roots: None,
    }
}
