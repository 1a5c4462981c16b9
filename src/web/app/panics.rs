//! A panic tells no secret: its message goes where the log goes, and may be made of anything that the code at fault held.

use std::panic;
use std::sync::LazyLock;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpServer};
use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::config::{Source, Variables};
use crate::hub::carrier::Incoming;
use crate::hub::events::{MeetingCredentials, MeetingStarted, ServerEvent};
use crate::hub::registry::Deliver;
use crate::hub::requests::{Authenticate, ClientEvent};
use crate::secret::Secret;
use crate::web::body;
use crate::web::credential::By;
use crate::zoom::IssuedToken;

/// How the message of each panic that is meant begins.
const HANDLER: &str = "a handler falls over on purpose";
const ACTOR: &str = "an actor falls over on purpose";
const USER: &str = "ann@example.com";

const CLIENT_SECRET: &str = "canary-client-secret-4fQz9sW2xK7vT1bN";
const JWT_SECRET: &str = "canary-jwt-secret-that-the-backend-signs-with";
const PREVIOUS: &str = "canary-jwt-secret-of-before-that-still-counts";
const TOKEN: &str = "canary-token-of-a-user-eyJhbGciOiJIUzI1NiJ9";
const SHOWN: &str = "canary-credential-in-a-body-8Hq2Zr5Lw0aB";

fn config() -> Config {
    let variables = [
        ("PORT", "0"),
        ("AUTH_MODE", "jwt"),
        ("AUTH_JWT_SECRET", JWT_SECRET),
        ("AUTH_JWT_SECRET_PREVIOUS", PREVIOUS),
        ("ZOOM_CLIENT_ID", "an-id"),
        ("ZOOM_CLIENT_SECRET", CLIENT_SECRET),
        ("ZOOM_ACCOUNT_ID", "an-account"),
        ("ZOOM_OAUTH_URL", "http://127.0.0.1:9"),
        ("ZOOM_API_URL", "http://127.0.0.1:9"),
    ];
    Config::from_variables(&Variables::from_pairs(variables)).unwrap()
}

fn credential() -> String {
    let claims = json!({"sub": USER, "exp": Timestamp::now().as_second() + 3600});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(JWT_SECRET.as_bytes())).unwrap()
}

/// The events that carry a token.
fn events() -> [ServerEvent; 2] {
    let (issued_at, meeting) = (Timestamp::now(), "123456789".parse().unwrap());
    let token =
        IssuedToken { token: Secret::new(TOKEN.into()), issued_at, expires_at: issued_at, simulated: false };
    [
        ServerEvent::Started(MeetingStarted::new(meeting, &token)),
        ServerEvent::Credentials(MeetingCredentials::new(meeting, &token, None)),
    ]
}

/// The messages of the panics that are meant, which are shown nowhere.
static OVERHEARD: LazyLock<watch::Receiver<Vec<String>>> = LazyLock::new(|| {
    let (sender, messages) = watch::channel(Vec::new());
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| match panic.payload_as_str() {
        Some(message) if message.starts_with(HANDLER) || message.starts_with(ACTOR) => {
            sender.send_modify(|messages| messages.push(message.to_owned()));
        }
        Some(_) | None => before(panic),
    }));
    messages
});

/// So many messages that begin with this, which are due.
async fn overheard(marker: &str, count: usize) -> String {
    let of_those = |message: &&String| message.starts_with(marker);
    let mut messages = OVERHEARD.clone();
    let enough = messages.wait_for(|messages| messages.iter().filter(of_those).count() >= count);
    let messages = timeout(Duration::from_secs(10), enough).await.unwrap().unwrap();
    messages.iter().filter(of_those).cloned().collect()
}

/// A text that was made of secrets holds no piece of one.
fn expect_no_secret(text: &str, credential: &str) {
    for secret in [CLIENT_SECRET, JWT_SECRET, PREVIOUS, TOKEN, SHOWN, credential] {
        for piece in secret.as_bytes().chunks_exact(12) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!text.contains(piece), "{piece} of {secret} in {text}");
        }
    }
}

/// An actor that panics with every message.
struct Frail;

impl Actor for Frail {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Frail {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, _ctx: &mut Self::Context) {
        panic!("{ACTOR}: {deliver:?}");
    }
}

impl Handler<Incoming> for Frail {
    type Result = ();

    fn handle(&mut self, incoming: Incoming, _ctx: &mut Self::Context) {
        panic!("{ACTOR}: {incoming:?}");
    }
}

/// Panics with all that a handler may hold.
async fn fall_over(
    By(asked): By,
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
    config: Data<Config>,
) -> HttpResponse {
    let fields = body::fields(&request, payload, &hub).await.unwrap();
    let authenticate = fields.clone().authenticate();
    let bearer = Secret::new(request.headers().get("authorization").unwrap().to_str().unwrap().to_owned());
    let upstream = config.zoom.source.clone();
    let held = (&asked, &fields, &authenticate, &bearer, &request, &upstream);
    panic!("{HANDLER}: {held:?} {hub:?} {config:?} {:?}", events());
}

#[actix_web::test]
async fn a_handler_that_panics_tells_no_secret_and_the_server_goes_on() {
    let config = config();
    let Source::Zoom(upstream) = &config.zoom.source else { panic!("Zoom is configured") };
    let app = App::build(&config, upstream, Mode::Zoom).unwrap();
    let credential = credential();
    expect_no_secret(&format!("{app:?} {upstream:?}"), &credential);
    let App { hub, config, about, arbiter, .. } = app;
    let shared = Shared::new(&hub, &socketio::transport(Arc::clone(&hub)), &config, &about);
    let config = Data::new(config);
    let server = HttpServer::new(move || {
        shared.application().app_data(config.clone()).route("/api/fall-over", web::post().to(fall_over))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    drop(actix_web::rt::spawn(server));

    LazyLock::force(&OVERHEARD);
    let client = awc::Client::default();
    let body =
        json!({"userId": USER, "meetingId": "123456789", "token": SHOWN, "hostUserId": {"token": SHOWN}});
    let request = client.post(format!("http://{address}/api/fall-over")).bearer_auth(&credential);
    let told = request.send_json(&body).await;
    expect_no_secret(&format!("{told:?}"), &credential);
    let message = overheard(HANDLER, 1).await;
    for known in [HANDLER, USER, "[secret]", "an-account", "Started"] {
        assert!(message.contains(known), "no {known} in {message}");
    }
    expect_no_secret(&message, &credential);
    let answer = client.get(format!("http://{address}/api/health/live")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    handle.stop(false).await;
    arbiter.stop();
}

#[actix_web::test]
async fn an_actor_that_panics_tells_no_secret_and_its_thread_goes_on() {
    let (arbiter, credential) = (Arbiter::new(), credential());
    let frail = || Frail::start_in_arbiter(&arbiter.handle(), |_| Frail);
    LazyLock::force(&OVERHEARD);
    for event in events() {
        frail().send(Deliver { event, frame: None }).await.unwrap_err();
    }
    let shown = Some(Secret::new(credential.clone()));
    let authenticate = Authenticate { user: USER.parse().unwrap(), credential: shown, acks: false };
    let incoming = Incoming { event: Ok(ClientEvent::Authenticate(authenticate)), frame: None };
    frail().send(incoming).await.unwrap_err();
    let messages = overheard(ACTOR, 3).await;
    for known in [ACTOR, USER, "[secret]", "Started", "Credentials"] {
        assert!(messages.contains(known), "no {known} in {messages}");
    }
    expect_no_secret(&messages, &credential);
    arbiter.stop();
}
