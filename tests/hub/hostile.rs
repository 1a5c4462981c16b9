//! Hostile, broken and merely slow clients: each is ended within its time, and an honest one beside them notices nothing.
//!
//! Clients that read too little or give no sign of life are in `stalled.rs`, those that send too much in `limits.rs`.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::sleep;
use awc::http::Method;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::engine::Engine;
use crate::harness::{Hub, MEETING, due};

/// Every time in which a client must do something is short.
const SHORT: [(&str, &str); 3] =
    [("REQUEST_TIMEOUT_SECONDS", "1"), ("PING_INTERVAL_SECONDS", "0.5"), ("PING_TIMEOUT_SECONDS", "0.5")];

/// Somebody honest, who asks and is answered all the while.
struct Honest {
    answered: watch::Receiver<usize>,
    asking: JoinHandle<()>,
}

impl Honest {
    async fn on(hub: &Hub) -> Self {
        let mut client = hub.connect_as("honest").await;
        let (told, answered) = watch::channel(0);
        let asking = spawn(async move {
            loop {
                client.expect_nothing().await;
                told.send_modify(|count| *count += 1);
                sleep(Duration::from_millis(50)).await;
            }
        });
        Self { answered, asking }
    }

    /// Has been answered twice more.
    async fn is_served(&mut self) {
        let enough = *self.answered.borrow() + 2;
        drop(due("an answer", self.answered.wait_for(|count| *count >= enough)).await.expect("it is served"));
    }
}

impl Drop for Honest {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

/// A hub with short times and somebody honest on it.
async fn hub(carrier: Carrier) -> (Hub, Honest) {
    let hub = Hub::start_with(&SHORT).await.over(carrier);
    let honest = Honest::on(&hub).await;
    (hub, honest)
}

/// The hub is as it was with the honest client alone, who is answered.
async fn nothing_is_left(hub: &Hub, honest: &mut Honest) {
    honest.is_served().await;
    due("the end of the others", async { while hub.get("/api/health").await.json()["sessions"] != 1 {} })
        .await;
    honest.is_served().await;
}

async fn dial(address: SocketAddr) -> TcpStream {
    due("the connection", TcpStream::connect(address)).await.unwrap()
}

/// What the hub says until it closes.
async fn last_words(socket: &mut TcpStream) -> String {
    let mut said = Vec::new();
    due("the close", async { while socket.read_buf(&mut said).await.is_ok_and(|read| read > 0) {} }).await;
    String::from_utf8_lossy(&said).into_owned()
}

/// Sends a byte at a time until the hub has had enough of it; what it said.
async fn trickle(mut socket: TcpStream, bytes: &str) -> String {
    for byte in bytes.bytes().cycle() {
        if socket.write_all(&[byte]).await.is_err() {
            break;
        }
        let mut said = [0];
        tokio::select! {
            read = socket.peek(&mut said) => if read.is_ok() { break },
            () = sleep(Duration::from_millis(50)) => {}
        }
    }
    last_words(&mut socket).await
}

#[actix_web::test]
async fn who_connects_and_says_nothing_is_cut() {
    let (hub, mut honest) = hub(WebSocket).await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(dial(hub.address()).await);
    }
    honest.is_served().await;
    for mut socket in silent {
        let said = last_words(&mut socket).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    nothing_is_left(&hub, &mut honest).await;
}

#[actix_web::test]
async fn a_head_or_a_body_that_comes_a_byte_at_a_time_has_its_time_and_no_more() {
    let (hub, mut honest) = hub(WebSocket).await;
    let head = trickle(dial(hub.address()).await, "GET /ws HTTP/1.1\r\nX-Slow: ").await;
    assert!(head.starts_with("HTTP/1.1 408"), "{head}");
    let mut post = dial(hub.address()).await;
    let begun = "POST /api/meetings/join HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: 100000\r\n\r\n";
    post.write_all(begun.as_bytes()).await.unwrap();
    let body = trickle(post, " ").await;
    assert!(body.starts_with("HTTP/1.1 504") && body.contains("deadline_exceeded"), "{body}");
    nothing_is_left(&hub, &mut honest).await;
}

#[actix_web::test]
async fn a_post_of_socket_io_that_never_ends_is_given_up() {
    let (hub, mut honest) = hub(Polling).await;
    let polls = Engine::at(hub.address(), "/socket.io/").by_polling().await;
    let mut post = dial(hub.address()).await;
    let begun = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n40",
        polls.sid
    );
    post.write_all(begun.as_bytes()).await.unwrap();
    assert!(last_words(&mut post).await.starts_with("HTTP/1.1 400"));
    nothing_is_left(&hub, &mut honest).await;
}

#[rstest]
#[actix_web::test]
async fn a_body_in_chunks_that_never_ends_ends_with_its_answer(
    #[values(("/api/meetings/join", "HTTP/1.1 504"), ("/nowhere", "HTTP/1.1 404"))] call: (&str, &str),
) {
    let (hub, mut honest) = hub(WebSocket).await;
    let mut post = dial(hub.address()).await;
    let begun = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        call.0
    );
    post.write_all(begun.as_bytes()).await.unwrap();
    // Whoever goes on must not be listened to for ever.
    let said = trickle(post, "1\r\n \r\n").await;
    assert!(said.starts_with(call.1) && said.contains("connection: close"), "{said}");
    nothing_is_left(&hub, &mut honest).await;
}

#[actix_web::test]
async fn an_upgrade_that_stops_half_way_costs_nothing() {
    let (hub, mut honest) = hub(SocketIo).await;
    let mut half = dial(hub.address()).await;
    half.write_all(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upg").await.unwrap();
    let polls = Engine::at(hub.address(), "/socket.io/").by_polling().await;
    let mut probed = polls.probe().await;
    assert!(last_words(&mut half).await.starts_with("HTTP/1.1 408"));
    // No poll comes and no upgrade: the connection ends with its heartbeat, and the WebSocket with it.
    due("the end", async { while probed.frame().await.is_ok() {} }).await;
    nothing_is_left(&hub, &mut honest).await;
}

#[actix_web::test]
async fn polls_that_are_never_fetched_and_two_at_once_end_their_connection() {
    let (hub, mut honest) = hub(Polling).await;
    let engine = Engine::at(hub.address(), "/socket.io/");
    for _ in 0..20 {
        engine.by_polling().await.post("40").await;
    }
    let two = engine.by_polling().await;
    let (one, other) = futures_util::future::join(two.poll(), two.poll()).await;
    assert!([one.status, other.status].contains(&400), "{} {}", one.status, other.status);
    nothing_is_left(&hub, &mut honest).await;
}

#[rstest]
#[actix_web::test]
async fn who_vanishes_without_a_word_is_noticed(#[values(WebSocket, SocketIo)] carrier: Carrier) {
    let (hub, mut honest) = hub(carrier).await;
    // It keeps its socket, and never looks at it again: pings are not answered.
    let gone = join_all((0..20).map(|n| {
        let (hub, user) = (&hub, format!("gone{n}"));
        async move { hub.connect_as(&user).await }
    }));
    let gone = gone.await;
    nothing_is_left(&hub, &mut honest).await;
    drop(gone);
}

fn fragment(bytes: usize, opcode: Data) -> Message {
    Message::Frame(Frame::message(vec![b'x'; bytes], OpCode::Data(opcode), false))
}

#[actix_web::test]
async fn a_frame_or_fragments_without_end_are_too_large() {
    let (hub, mut honest) = hub(WebSocket).await;
    let mut huge = hub.connect().await;
    huge.send_text(&"x".repeat(300_000)).await;
    assert_eq!(huge.closed().await, (1009, "payload_too_large".to_owned()));
    for bytes in [1000, 0] {
        let mut endless = hub.connect().await;
        endless.send(fragment(bytes, Data::Text)).await;
        for _ in 0..20_000 {
            if endless.try_send(fragment(bytes, Data::Continue)).await.is_err() {
                break;
            }
        }
        assert_eq!(endless.closed().await, (1009, "payload_too_large".to_owned()), "fragments of {bytes}");
    }
    nothing_is_left(&hub, &mut honest).await;
}

/// What no field takes, and what no parser likes.
fn nonsense() -> Vec<String> {
    let deep = |open: &str, close: &str| {
        let depth = 100_000 / (open.len() + close.len());
        open.repeat(depth) + &close.repeat(depth)
    };
    let odd = ["null", "true", "7", "\"x\"", "[]", "{}", "[[1]]", "1e400", "-0"];
    let mut all: Vec<_> = odd
        .iter()
        .flat_map(|value| {
            ["meetingId", "hostUserId", "participantUserIds", "userId", "token"]
                .map(|field| format!("{{\"{field}\":{value}}}"))
        })
        .collect();
    all.extend([deep("[", "]"), deep("{\"a\":", "}"), deep("{\"meetingId\":[", "]}"), "[".repeat(100_000)]);
    all.push(format!("{{\"meetingId\":\"{}\"}}", "9".repeat(100_000)));
    all.push(format!("{{\"userId\":\"{}\"}}", "\\u0000".repeat(1000)));
    let crowd: Vec<_> = (0..20_000).map(|n| format!("x{n}")).collect();
    all.push(json!({"meetingId": MEETING, "participantUserIds": crowd}).to_string());
    all
}

#[rstest]
#[actix_web::test]
async fn nonsense_in_events_is_refused_and_never_more(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let (hub, mut honest) = hub(carrier).await;
    for data in nonsense() {
        for event in ["authenticate", "meeting:start", "meeting:join", "meeting:distribute"] {
            let mut client = hub.connect().await;
            client.emit_raw(event, &data).await;
            // A text is a user's ID, whatever it says. What breaks Socket.IO's protocol ends the connection.
            let told = client.next_or_end().await;
            let fine = ["error", "authenticated"];
            assert!(
                told.is_none_or(|told| fine.contains(&told["event"].as_str().unwrap())),
                "{event} {data:.60}"
            );
        }
    }
    nothing_is_left(&hub, &mut honest).await;
}

#[actix_web::test]
async fn nonsense_in_bodies_is_refused_and_never_more() {
    let (hub, mut honest) = hub(WebSocket).await;
    for body in nonsense() {
        for call in ["start", "join", "batch-join", "setup", "distribute"] {
            let http = hub.http().with("content-type", "application/json");
            let status = http.call(Method::POST, &format!("/api/meetings/{call}"), &body).await.status;
            assert!((400..500).contains(&status), "{status} for {call} of {body:.60}");
        }
    }
    nothing_is_left(&hub, &mut honest).await;
}

#[rstest]
#[actix_web::test]
async fn a_hundred_sessions_of_one_user_are_as_many_as_a_user_may_have(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let variables = [("MAX_SESSIONS_PER_USER", "8")];
    let hub = Hub::start_with(&variables).await.over(carrier);
    let mut honest = Honest::on(&hub).await;
    let mut many = Vec::new();
    for _ in 0..100 {
        many.push(hub.connect_as("greedy").await);
    }
    due("the end of the older ones", async { while hub.get("/api/health").await.json()["sessions"] != 9 {} })
        .await;
    for mut older in many.drain(..92) {
        assert_eq!(older.closed().await, (4409, "too_many_sessions".to_owned()));
    }
    for newer in &mut many {
        newer.expect_nothing().await;
    }
    honest.is_served().await;
    assert_eq!(hub.get("/api/health").await.json()["users"], Value::from(2));
}
