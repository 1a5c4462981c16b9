//! A stand-in for Zoom that knows every secret it was told or gave away, over plain HTTP or over TLS.
//!
//! The simulator answers behind it. What the stand-in adds is unkind: it echoes credentials back in its refusals, and
//! breaks answers off in the middle of a token.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use actix_web::body::{BoxBody, MessageBody, SizedStream, to_bytes};
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::Version;
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::spawn;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::sync::watch;
use zoom_token_hub::secret::Secret;
use zoom_token_hub::simulator::{Account, Settings, routes};

use super::program::Start;
use super::search::Secrets;

/// What went past.
#[derive(Clone, Debug, Default)]
pub struct Learnt {
    /// The credentials of logins, as `Authorization` carries them.
    pub basics: BTreeSet<String>,
    /// The access tokens that were given away.
    pub access_tokens: BTreeSet<String>,
    /// The ZAK and OBF tokens that were given away.
    pub tokens: BTreeSet<String>,
    /// The versions of HTTP that were spoken.
    pub versions: BTreeSet<String>,
}

/// The stand-in, running.
#[derive(Debug)]
pub struct StandIn {
    pub account: Account,
    /// The root to trust, in PEM; none over plain HTTP.
    pub root: Option<String>,
    address: SocketAddr,
    learnt: watch::Receiver<Learnt>,
    server: ServerHandle,
}

impl StandIn {
    pub fn plain() -> Self {
        Self::start(None)
    }

    /// Over TLS, with a certificate that nobody knows, offering HTTP/2 before HTTP/1.1 as Zoom does.
    pub fn tls() -> Self {
        Self::start(Some(generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()))
    }

    fn start(certified: Option<CertifiedKey<rcgen::KeyPair>>) -> Self {
        let account = Account::new(Settings {
            client_id: "canary-client".into(),
            client_secret: Secret::new("canary/secret+4fQz9sW2xK7vT1bN".into()),
            control: false,
            ..Settings::default()
        });
        let (notes, learnt) = watch::channel(Learnt::default());
        let (data, zoom) = (Data::new((notes, account.clone())), routes(account.clone()));
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone()).wrap(from_fn(pass));
            app.configure(zoom.clone())
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.workers(1).disable_signals();
        let server = match &certified {
            None => server.listen(listener),
            Some(certified) => server.listen_rustls_0_23(listener, offering_h2(certified)),
        };
        let server = server.unwrap().run();
        let handle = server.handle();
        drop(spawn(server));
        Self {
            account,
            root: certified.map(|certified| certified.cert.pem()),
            address,
            learnt,
            server: handle,
        }
    }

    /// What went past so far.
    pub fn learnt(&self) -> Learnt {
        self.learnt.borrow().clone()
    }

    /// Its address with a path.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.root.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// A hub on a free port, in front of it.
    pub fn hub(&self, variables: &[(&str, &str)]) -> Start {
        let settings = self.account.settings();
        let start = Start::with(&[
            ("PORT", "0"),
            ("ZOOM_OAUTH_URL", &self.url("/oauth/token")),
            ("ZOOM_API_URL", &self.url("/v2")),
            ("ZOOM_CLIENT_ID", &settings.client_id),
            ("ZOOM_CLIENT_SECRET", settings.client_secret.reveal()),
            ("ZOOM_ACCOUNT_ID", &settings.account_id),
        ]);
        let start = match &self.root {
            Some(root) => {
                let path = start.folder().put("root.pem", root);
                start.and(&[("ZOOM_CA_FILE", &path)])
            }
            None => start,
        };
        start.and(variables)
    }

    /// Every secret that the hub shares with it, or has got from it.
    pub fn secrets(&self) -> Secrets {
        let settings = self.account.settings();
        let (secret, learnt) = (settings.client_secret.reveal(), self.learnt());
        let pair = BASE64_STANDARD.encode(format!("{}:{secret}", settings.client_id));
        assert_eq!(learnt.basics.iter().collect::<Vec<_>>(), [&pair]);
        let mut secrets = Secrets::default();
        secrets.add("the client secret", secret);
        secrets.add("the Basic credential", pair);
        secrets.add_all("an access token", learnt.access_tokens);
        secrets.add_all("a token", learnt.tokens);
        secrets
    }

    pub async fn stop(&self) {
        self.server.stop(false).await;
    }
}

fn offering_h2(certified: &CertifiedKey<rcgen::KeyPair>) -> ServerConfig {
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let mut config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

type Knows = Data<(watch::Sender<Learnt>, Account)>;

async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let knows = request.app_data::<Knows>().unwrap().clone();
    let (notes, account) = knows.as_ref();
    let authorization = request.headers().get(AUTHORIZATION);
    let authorization = authorization.map_or("", |value| value.to_str().unwrap()).to_owned();
    notes.send_modify(|learnt| note_request(learnt, request.version(), &authorization));
    let path = request.path().to_owned();
    if path == "/oauth/token" && account.faults().now().bad_credentials {
        let secret = account.settings().client_secret.reveal();
        let reason = format!("Invalid client_secret {secret} in {authorization}");
        let refusal = HttpResponse::BadRequest().json(json!({"reason": reason, "error": secret}));
        return Ok(request.into_response(refusal));
    }
    if path.starts_with("/v2/users/echo") {
        let message = format!("Validation failed: {authorization}");
        let refusal = HttpResponse::BadRequest().json(json!({"code": 300, "message": message}));
        return Ok(request.into_response(refusal));
    }
    let answer = next.call(request).await?;
    if answer.status() != 200 {
        return Ok(answer.map_into_boxed_body());
    }
    let (request, answer) = answer.into_parts();
    let (answer, body) = answer.into_parts();
    let Ok(body) = to_bytes(body).await else {
        panic!("the simulator's answer could not be read");
    };
    notes.send_modify(|learnt| note_answer(learnt, &body));
    let half = body.slice(..body.len() / 2);
    let body = if path.starts_with("/v2/users/torn") {
        let parts: [io::Result<Bytes>; 2] = [Ok(half), Err(io::Error::other("broken off on purpose"))];
        SizedStream::new(u64::try_from(body.len()).unwrap(), stream::iter(parts)).boxed()
    } else if path.starts_with("/v2/users/garbled") {
        half.boxed()
    } else {
        body.boxed()
    };
    Ok(ServiceResponse::new(request, answer.set_body(body)))
}

fn note_request(learnt: &mut Learnt, version: Version, authorization: &str) {
    learnt.versions.insert(format!("{version:?}"));
    if let Some(basic) = authorization.strip_prefix("Basic ") {
        learnt.basics.insert(basic.to_owned());
    }
}

fn note_answer(learnt: &mut Learnt, body: &[u8]) {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    learnt.access_tokens.extend(text("access_token"));
    learnt.tokens.extend(text("token"));
}
