//! The calls to Zoom, over awc. One attempt each: when to call and whether to try again is the broker's business.
//!
//! HTTP/1.1 only, and the authorisation marked as sensitive: awc's HTTP/2 code writes request headers to its trace log.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use actix::clock::timeout;
use awc::http::header;
use awc::http::header::{AUTHORIZATION, DATE, HeaderValue, HttpDate};
use awc::{Client, ClientRequest, Connector};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

use super::answer::{self, Answer};
use super::api::{GRANT_TYPE, LoginAnswer, LoginForm, TokenKind, token_path};
use super::error::{Call, Cause, ZoomError};
use super::granted::Granted;
use super::lease::{IssuedToken, Lease};
use super::limits::Limits;
use crate::config::{Upstream, Zoom};
use crate::names::{MeetingId, UserId};
use crate::secret::Secret;

/// The longest answer that is read, in bytes: tokens have one or two thousand.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Whose token a probe asks for. The name is of a domain that can't be.
const NOBODY: &str = "missing@zoom-token-hub.invalid";
/// An idle connection is kept this long: Zoom closes them after about a minute, and a reused dead one fails a call.
const KEEP_IDLE: Duration = Duration::from_secs(30);

/// Why no client could be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The extra roots do not read as certificates. What doesn't is not quoted: it may be a key.
    #[error("ZOOM_CA_FILE: the file holds no sound certificates; name a PEM file of the roots to trust")]
    Roots,
    /// TLS refused the set-up.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// How TLS to Zoom is spoken; made before the broker starts, so that a bad certificate stops the start.
///
/// # Errors
/// The extra roots do not read as PEM certificates.
pub fn tls(upstream: &Upstream) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &upstream.extra_roots {
        trust(&mut roots, pem)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Adds certificates, of which there must be one at least.
fn trust(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), ClientError> {
    let known = roots.len();
    for root in CertificateDer::pem_slice_iter(pem) {
        let root = root.map_err(|_not_shown| ClientError::Roots)?;
        roots.add(root).map_err(|_not_shown| ClientError::Roots)?;
    }
    if roots.len() == known {
        return Err(ClientError::Roots);
    }
    Ok(())
}

/// Zoom, as the broker calls it. Lives on one thread: awc's client is not `Send`.
pub(crate) struct ZoomClient {
    tls: Arc<ClientConfig>,
    max_concurrency: usize,
    http: RefCell<Client>,
    /// When the last call began, while its connection may still be kept.
    called: Cell<Option<Instant>>,
    /// The access token that calls are made with, and how they show it.
    bearer: RefCell<Option<(Secret, HeaderValue)>>,
    upstream: Upstream,
    api_url: Rc<str>,
    timeout: Duration,
    zak_ttl: Duration,
    obf_ttl: Duration,
}

impl ZoomClient {
    pub(crate) fn new(upstream: Upstream, settings: &Zoom, mut tls: ClientConfig) -> Self {
        // This alone decides the version. Awc's own setting would put a TLS of awc's in the place of this one, which
        // trusts no extra roots.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = Arc::new(tls);
        let http = http(&tls, settings.timeout, settings.max_concurrency);
        let api_url = upstream.api_url.as_str().trim_end_matches('/').into();
        Self {
            tls,
            max_concurrency: settings.max_concurrency,
            http: RefCell::new(http),
            called: Cell::new(None),
            bearer: RefCell::new(None),
            upstream,
            api_url,
            timeout: settings.timeout,
            zak_ttl: settings.zak_ttl,
            obf_ttl: settings.obf_ttl,
        }
    }

    /// Logs in.
    pub(crate) async fn login(&self) -> Result<Lease, ZoomError> {
        let credentials = &self.upstream.credentials;
        let form =
            LoginForm { grant_type: GRANT_TYPE.to_owned(), account_id: credentials.account_id.clone() };
        let pair =
            Zeroizing::new(format!("{}:{}", credentials.client_id, credentials.client_secret.reveal()));
        let request = self.http.borrow().post(self.upstream.oauth_url.as_str());
        let basic = Secret::new(STANDARD.encode(pair.as_bytes()));
        let request = authorised(request, authorisation(Call::Login, "Basic", &basic)?);
        let answer = self.exchange(Call::Login, request.send_form(&form)).await?;
        let login = answer::login(&answer, &[&credentials.client_secret, &basic])?;
        let api_url = self.api_url_of(&login);
        let written = answer.date.as_ref().and_then(moment);
        let granted = Granted::new(&login.scope, written, SystemTime::now());
        Ok(Lease::new(login, api_url, granted.into(), answer.at))
    }

    /// Asks for one token; an OBF is for a meeting. With it, what Zoom says of its limits.
    pub(crate) async fn token(
        &self,
        lease: &Lease,
        kind: TokenKind,
        user: &UserId,
        meeting: Option<MeetingId>,
    ) -> (Result<IssuedToken, ZoomError>, Limits) {
        let ttl = match kind {
            TokenKind::Zak => self.zak_ttl,
            TokenKind::Obf => self.obf_ttl,
        };
        match self.ask(lease, kind, user.as_str(), meeting, ttl).await {
            Err(error) => (Err(error), Limits::default()),
            Ok(answer) => {
                let token = answer::token(kind, &answer, &lease.token);
                let issued = token.map(|token| IssuedToken::new(token, ttl, Timestamp::now()));
                (issued, answer.limits)
            }
        }
    }

    /// Whether Zoom answers at all: it is asked for a token of nobody's.
    pub(crate) async fn probe(&self, lease: &Lease) -> Result<(), ZoomError> {
        let answer = self.ask(lease, TokenKind::Zak, NOBODY, None, self.zak_ttl).await?;
        match answer::token(TokenKind::Zak, &answer, &lease.token) {
            Err(error) if matches!(error.cause, Cause::Unavailable | Cause::Garbled) => Err(error),
            // A refusal is an answer; a token of nobody's is forgotten.
            Err(_) | Ok(_) => Ok(()),
        }
    }

    async fn ask(
        &self,
        lease: &Lease,
        kind: TokenKind,
        user: &str,
        meeting: Option<MeetingId>,
        ttl: Duration,
    ) -> Result<Answer, ZoomError> {
        let call = Call::Token(kind);
        let path = token_path(kind, user, meeting, ttl.as_secs());
        let url = format!("{}{path}", lease.api_url);
        let request = authorised(self.http.borrow().get(url), self.bearer(call, &lease.token)?);
        self.exchange(call, request.send()).await
    }

    /// How calls show the access token: written once for each, since it has a thousand bytes.
    fn bearer(&self, call: Call, token: &Secret) -> Result<HeaderValue, ZoomError> {
        let mut bearer = self.bearer.borrow_mut();
        match &*bearer {
            Some((known, value)) if known.is(token) => Ok(value.clone()),
            Some(_) | None => {
                let value = authorisation(call, "Bearer", token)?;
                *bearer = Some((token.clone(), value.clone()));
                Ok(value)
            }
        }
    }

    /// Closes the kept connections when none was used for a while: awc looks at them at the next call only, and until
    /// then those that Zoom closed stay half open, each with its file.
    pub(crate) fn rest(&self, now: Instant) {
        if self.called.get().is_some_and(|called| now.duration_since(called) > KEEP_IDLE + self.timeout) {
            self.called.set(None);
            self.http.replace(http(&self.tls, self.timeout, self.max_concurrency));
        }
    }

    /// Sends a request and reads the whole answer within the time-out.
    async fn exchange(&self, call: Call, request: awc::SendClientRequest) -> Result<Answer, ZoomError> {
        self.called.set(Some(Instant::now()));
        let exchange = async {
            let mut response = request.await.map_err(|error| unreachable(call, &error))?;
            let body = response.body().limit(LONGEST_ANSWER).await;
            let body = body.map_err(|error| unreachable(call, &error))?;
            Ok(Answer {
                status: response.status().as_u16(),
                limits: Limits::of(response.headers(), SystemTime::now()),
                date: response.headers().get(DATE).cloned(),
                body: body.into(),
                at: Instant::now(),
            })
        };
        timeout(self.timeout, exchange).await.unwrap_or_else(|_elapsed| {
            let detail = format!("Zoom did not answer within {} s", self.timeout.as_secs_f32());
            Err(ZoomError::silent(call, Cause::TimedOut, detail))
        })
    }

    /// The regional host that a login names, where it is Zoom's own and a stand-in was not asked for.
    fn api_url_of(&self, login: &LoginAnswer) -> Rc<str> {
        let named = login.api_url.as_deref().and_then(|url| Url::parse(url).ok());
        match named {
            Some(named) if is_zooms(&named) && is_zooms(&self.upstream.api_url) => {
                let path = self.upstream.api_url.path().trim_end_matches('/');
                format!("{}{path}", named.origin().ascii_serialization()).into()
            }
            Some(_) | None => Rc::clone(&self.api_url),
        }
    }
}

/// The HTTP client, its connections yet to be opened.
fn http(tls: &Arc<ClientConfig>, wait: Duration, max_concurrency: usize) -> Client {
    // One clock for a call, in `exchange`: where awc's own ends first, a silent Zoom looks like one out of reach.
    let backstop = wait.saturating_mul(2);
    let connector = Connector::new()
        .rustls_0_23(Arc::clone(tls))
        .timeout(backstop)
        .handshake_timeout(backstop)
        .conn_keep_alive(KEEP_IDLE)
        .limit(max_concurrency.saturating_add(1));
    Client::builder().connector(connector).disable_timeout().disable_redirects().finish()
}

/// Whether a URL is one of Zoom's own over TLS.
fn is_zooms(url: &Url) -> bool {
    let under = |host: &str, domain: &str| {
        host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    };
    url.scheme() == "https"
        && url.host_str().is_some_and(|host| under(host, "zoom.us") || under(host, "zoomgov.com"))
}

/// An authorisation that no Debug text of the headers shows.
fn authorisation(call: Call, scheme: &str, secret: &Secret) -> Result<HeaderValue, ZoomError> {
    let text = Zeroizing::new(format!("{scheme} {}", secret.reveal()));
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_odd| ZoomError::silent(call, Cause::BadAnswer, "the access token is no header value"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn authorised(request: ClientRequest, authorisation: HeaderValue) -> ClientRequest {
    let json = HeaderValue::from_static("application/json");
    request.insert_header((AUTHORIZATION, authorisation)).insert_header((header::ACCEPT, json))
}

fn unreachable(call: Call, error: &dyn std::error::Error) -> ZoomError {
    ZoomError::silent(call, Cause::Unavailable, format!("Zoom could not be reached: {error}"))
}

fn moment(date: &HeaderValue) -> Option<SystemTime> {
    let date: HttpDate = date.to_str().ok()?.parse().ok()?;
    Some(date.into())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::config::{Config, Credentials, Variables};

    /// A client of a Zoom at this address.
    fn client_of(zoom: &TcpListener) -> ZoomClient {
        let config = Config::from_variables(&Variables::from_pairs([("SIMULATOR", "true")])).unwrap();
        let url: Url = format!("http://{}", zoom.local_addr().unwrap()).parse().unwrap();
        let credentials = Credentials {
            client_id: "id".into(),
            client_secret: Secret::new("secret".into()),
            account_id: "account".into(),
        };
        let upstream = Upstream { credentials, oauth_url: url.clone(), api_url: url, extra_roots: None };
        let tls = tls(&upstream).unwrap();
        ZoomClient::new(upstream, &config.zoom, tls)
    }

    /// Reads a request and refuses it.
    async fn refuse(connection: &mut TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"account_id=account") {
            assert_ne!(connection.read_buf(&mut request).await.unwrap(), 0, "the connection is open");
        }
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    }

    #[actix_web::test]
    async fn a_connection_is_kept_for_the_next_call_and_closed_when_there_is_none() {
        let zoom = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = client_of(&zoom);
        let accepted = async {
            let (mut connection, _) = zoom.accept().await.unwrap();
            refuse(&mut connection).await;
            connection
        };
        let (refused, mut connection) = tokio::join!(client.login(), accepted);
        refused.unwrap_err();

        let soon = Instant::now() + KEEP_IDLE;
        client.rest(soon);
        let (refused, ()) = tokio::join!(client.login(), refuse(&mut connection));
        refused.unwrap_err();

        client.rest(soon + KEEP_IDLE);
        let end = timeout(Duration::from_secs(5), connection.read_u8()).await.expect("it is closed");
        assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn only_zooms_own_hosts_may_redirect_the_calls() {
        let zooms = |text: &str| is_zooms(&Url::parse(text).unwrap());
        assert!(zooms("https://api-eu.zoom.us"));
        assert!(zooms("https://zoom.us"));
        assert!(zooms("https://api.zoomgov.com"));
        for other in
            ["http://api.zoom.us", "https://evilzoom.us", "https://zoom.us.example", "https://127.0.0.1"]
        {
            assert!(!zooms(other), "{other}");
        }
    }

    #[test]
    fn the_authorisation_shows_in_no_debug_text() {
        let client = Client::builder().finish();
        let secret = Secret::new("hush".into());
        let value = authorisation(Call::Login, "Bearer", &secret).unwrap();
        let request = authorised(client.get("http://x"), value);
        assert!(!format!("{request:?}").contains("hush"), "{request:?}");
    }
}
