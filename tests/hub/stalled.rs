//! A client that stops reading, or stops answering, is ended; the others notice nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::engine::Engine;
use crate::harness::{Hub, MEETING, due};

/// A connection that takes little from the network and reads nothing of it.
pub struct Stalled(WebSocketStream<TcpStream>);

impl Stalled {
    pub async fn connect(address: SocketAddr, carrier: Carrier, user: &str) -> Self {
        Self::connect_with(address, carrier, json!({"userId": user})).await
    }

    /// A connection that authenticates with this.
    pub async fn connect_with(address: SocketAddr, carrier: Carrier, who: Value) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(address).await.unwrap();
        assert!(is_established(address.port(), stream.local_addr().unwrap().port()));
        let authenticate = ("authenticate", who);
        let (path, frames) = match carrier {
            WebSocket => {
                let frame = json!({"event": authenticate.0, "data": authenticate.1});
                ("/ws", vec![frame.to_string()])
            }
            SocketIo => (
                "/socket.io/?EIO=4&transport=websocket",
                vec!["40".to_owned(), format!("42{}", json!(authenticate))],
            ),
            Polling => panic!("a poll is read whole"),
        };
        let (mut socket, _) = client_async(format!("ws://{address}{path}"), stream).await.unwrap();
        for frame in frames {
            socket.send(Message::text(frame)).await.unwrap();
        }
        Self(socket)
    }

    /// Whether the hub's side of the connection is open. The client can't tell: it reads nothing, and a kernel that
    /// gives up on a peer sends it no word.
    pub fn is_connected(&self) -> bool {
        let client = self.0.get_ref().local_addr().unwrap().port();
        let hub = self.0.get_ref().peer_addr().unwrap().port();
        is_established(hub, client)
    }

    /// Waits until the hub's side of the connection is closed.
    pub async fn cut(&self, within: Duration) {
        let cut = async {
            while self.is_connected() {
                actix_web::rt::time::sleep(Duration::from_millis(20)).await;
            }
        };
        actix_web::rt::time::timeout(within, cut).await.expect("the connection is still there");
    }
}

/// Whether the kernel has an open connection between two IPv4 ports, seen from the first.
fn is_established(from: u16, to: u16) -> bool {
    const ESTABLISHED: &str = "01";
    let port = |address: &str| u16::from_str_radix(address.split(':').next_back().unwrap(), 16).ok();
    std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().take(4).collect();
        fields[3] == ESTABLISHED && port(fields[1]) == Some(from) && port(fields[2]) == Some(to)
    })
}

async fn sessions(hub: &Hub) -> Value {
    hub.get("/api/health").await.json()["sessions"].take()
}

async fn sessions_become(hub: &Hub, count: u64) {
    due("the session's end", async {
        while sessions(hub).await != count {
            actix_web::rt::task::yield_now().await;
        }
    })
    .await;
}

/// Sends one large event to all sessions of a user, who is named as a host: the report of a distribution to many
/// absent participants.
async fn tell_much(hub: &Hub, user: &str) {
    let absent: Vec<_> = (0..1000).map(|n| format!("absent{n:04}@example.com")).collect();
    let body = json!({"meetingId": MEETING, "hostUserId": user, "participantUserIds": absent, "hold": false});
    hub.post("/api/meetings/distribute", body).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_client_that_stops_reading_while_events_flow_to_it_is_cut_and_the_others_notice_nothing(
    #[values(WebSocket, SocketIo)] carrier: Carrier,
) {
    let hub = Hub::start_with(&[("WRITE_TIMEOUT_SECONDS", "1")]).await;
    let mut honest = hub.connect_as("honest").await;
    let stalled = Stalled::connect(hub.address(), carrier, "stalled").await;
    sessions_become(&hub, 2).await;
    let mut told = 0;
    while sessions(&hub).await == 2 {
        tell_much(&hub, "stalled").await;
        told += 1;
        assert!(told < 400, "its queue has no bound");
        let asked = Instant::now();
        honest.expect_nothing().await;
        assert!(asked.elapsed() < Duration::from_secs(1), "a stalled client slows the others");
    }
    stalled.cut(Duration::from_secs(5)).await;
    assert!(told > 10, "a client that is merely a little late is ended");
}

#[rstest]
#[actix_web::test]
async fn a_client_that_gives_no_sign_of_life_is_ended(#[values(WebSocket, SocketIo)] carrier: Carrier) {
    let hub = Hub::start_with(&[("PING_INTERVAL_SECONDS", "0.2"), ("PING_TIMEOUT_SECONDS", "0.2")]).await;
    let stalled = Stalled::connect(hub.address(), carrier, "stalled").await;
    sessions_become(&hub, 1).await;
    sessions_become(&hub, 0).await;
    stalled.cut(Duration::from_secs(5)).await;
}

#[rstest]
#[actix_web::test]
async fn a_client_that_answers_pings_lives_on(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start_with(&[("PING_INTERVAL_SECONDS", "0.3"), ("PING_TIMEOUT_SECONDS", "2")])
        .await
        .over(carrier);
    let mut alive = hub.connect_as("alive").await;
    let dead = Stalled::connect(hub.address(), WebSocket, "dead").await;
    sessions_become(&hub, 2).await;
    // Reading is what answers pings in this client; the dead one's end shows that time enough has gone by.
    let reading = actix_web::rt::spawn(async move {
        alive.next().await;
        alive
    });
    sessions_become(&hub, 1).await;
    dead.cut(Duration::from_secs(5)).await;
    let join = json!({"meetingId": MEETING, "participantUserId": "alive"});
    hub.post("/api/meetings/join", join).await.expect(200);
    due("the token", reading).await.unwrap().expect_nothing().await;
}

#[actix_web::test]
async fn a_client_that_stops_polling_while_events_flow_to_it_is_ended() {
    let hub = Hub::start().await.over(Polling);
    let mut honest = hub.connect_as("honest").await;
    let polls = Engine::at(hub.address(), "/socket.io/").by_polling().await;
    polls.post("40\u{1e}42[\"authenticate\",{\"userId\":\"stalled\"}]").await;
    sessions_become(&hub, 2).await;
    let mut told = 0;
    while sessions(&hub).await == 2 {
        tell_much(&hub, "stalled").await;
        told += 1;
        assert!(told < 400, "what waits for it has no bound");
        honest.expect_nothing().await;
    }
    assert!(told > 10, "a client that is merely a little late is ended");
    polls.expect_none().await;
}
