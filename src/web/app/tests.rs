//! The hub as a whole, where something in it falls over.

use super::*;
use crate::config::{Credentials, Variables};
use crate::hub::carrier::{Carrier, Emit, Incoming, Outgoing, Watch};
use crate::hub::registry;
use crate::hub::requests::ClientEvent;
use crate::hub::session::{self, Session};
use crate::identity::Caller;
use crate::secret::Secret;

/// A hub in front of a Zoom that isn't there.
fn app() -> App {
    let config = Config::from_variables(&Variables::from_pairs([("PORT", "0")])).unwrap();
    let nowhere: url::Url = "http://127.0.0.1:9".parse().unwrap();
    let upstream = Upstream {
        credentials: Credentials {
            client_id: "id".into(),
            client_secret: Secret::new("secret".into()),
            account_id: "account".into(),
        },
        oauth_url: nowhere.clone(),
        api_url: nowhere,
        extra_roots: None,
    };
    App::build(&config, &upstream, Mode::Zoom).unwrap()
}

async fn ends(app: App) -> AppError {
    let ended = timeout(Duration::from_secs(20), app.run(std::future::pending())).await;
    ended.expect("it ends by itself").expect_err("it says why")
}

#[actix_web::test]
async fn the_end_of_an_actor_that_everything_needs_ends_the_hub() {
    let app = app();
    app.arbiter.stop();
    let ended = ends(app).await;
    assert!(matches!(ended, AppError::ActorEnded(_)), "{ended:?}");
}

#[actix_web::test]
async fn a_panic_of_the_registry_ends_the_hub_with_a_word() {
    let app = app();
    app.hub.registry.send(registry::tests::Planted).await.unwrap_err();
    let ended = ends(app).await;
    assert_eq!(ended.to_string(), "the registry ended unexpectedly; the log says why");
}

/// A transport that passes on what its session says.
struct Told(tokio::sync::mpsc::UnboundedSender<&'static str>);

impl Actor for Told {
    type Context = Context<Self>;
}

impl Handler<Emit> for Told {
    type Result = ();

    fn handle(&mut self, emit: Emit, _ctx: &mut Self::Context) {
        if let Outgoing::Event(event, _) = emit.what {
            self.0.send(event.name()).unwrap();
        }
    }
}

/// A session, what it says, how it ends, and its transport's end of it.
struct Talk {
    session: Addr<Session>,
    told: tokio::sync::mpsc::UnboundedReceiver<&'static str>,
    close: oneshot::Receiver<Code>,
    _still_here: oneshot::Sender<Infallible>,
}

impl Talk {
    fn on(hub: &Arc<Hub>) -> Self {
        let (tells, told) = tokio::sync::mpsc::unbounded_channel();
        let ((close, closing), (still_here, gone)) = (oneshot::channel(), oneshot::channel());
        let (address, emit) = (std::net::Ipv4Addr::LOCALHOST.into(), Told(tells).start().recipient());
        let carrier = Carrier { address, watch: Watch::Carrier, emit, close, gone };
        let session = Session::new(Arc::clone(hub), Caller::Anyone, carrier).start();
        Self { session, told, close: closing, _still_here: still_here }
    }

    async fn is_answered(&mut self) {
        self.session.send(Incoming { event: Ok(ClientEvent::Ping), frame: None }).await.unwrap();
        assert_eq!(timeout(Duration::from_secs(10), self.told.recv()).await.unwrap(), Some("pong"));
    }
}

#[actix_web::test]
async fn what_is_written_to_a_client_waits_for_nothing_and_ends_where_nobody_takes_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let io = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    assert!(!io.nodelay().unwrap());
    set_up(&io, Duration::from_secs(3));
    assert!(io.nodelay().unwrap());
    #[cfg(target_os = "linux")]
    assert_eq!(SockRef::from(&io).tcp_user_timeout().unwrap(), Some(Duration::from_secs(3)));
}

#[actix_web::test]
async fn a_panic_of_a_session_ends_that_session_only() {
    let App { hub, arbiter, .. } = app();
    let (mut falls, mut stays) = (Talk::on(&hub), Talk::on(&hub));
    falls.is_answered().await;
    stays.is_answered().await;
    assert_eq!(hub.presence.sessions(), 2);
    falls.session.send(session::tests::Planted).await.unwrap_err();
    assert!(falls.close.await.is_err(), "its transport learns that it failed");
    let one_left = async {
        while hub.presence.sessions() != 1 {
            actix_web::rt::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), one_left).await.unwrap();
    stays.is_answered().await;
    arbiter.stop();
}
