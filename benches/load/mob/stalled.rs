//! Those that do too little: they don't read, don't answer, or take their time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::line::{Place, cut, gone, introduce};
use super::wire;

/// Between two bytes of those that are slow, and two signs of life.
const SECOND: Duration = Duration::from_secs(1);
/// As little as a socket may hold of what it doesn't read.
const LITTLE: u32 = 4096;
/// Between two looks at a socket that isn't read.
const LOOK: Duration = Duration::from_millis(250);

/// Sessions of one user that never read: as many as one may have.
const TO_ONE: usize = 8;
/// Between two distributions to those that never read: each user's sessions are told of one about twice a second, and the
/// feeder calls no faster than an address may.
const FEED: Duration = Duration::from_millis(70);
const ABSENT: usize = 1000;

/// Says that it is alive once a second, and is told what [`feed`] has the hub say.
pub(super) async fn never_reads(place: &Place) -> io::Result<()> {
    let mut stream = place.dial_with(|socket| socket.set_recv_buffer_size(LITTLE)).await?;
    introduce(&mut stream, &fed(place.number / TO_ONE)).await?;
    let alive = wire::event("ping", "null");
    // A kernel that gives up on a peer sends it no word: only what is written comes back as refused.
    loop {
        sleep(SECOND).await;
        stream.write_all(&alive).await?;
    }
}

fn fed(number: usize) -> String {
    format!("fed-{number}")
}

/// Distributes in the name of those that never read, as long as there are any: they are told of a thousand absent
/// participants.
pub(super) async fn feed(place: Place, clients: usize) {
    let absent: Vec<_> = (0..ABSENT).map(|number| format!("absent-{number:04}@example.com")).collect();
    let calls: Vec<_> =
        (0..clients.div_ceil(TO_ONE)).map(|number| distribute(&fed(number), &absent)).collect();
    let mut ticks = interval(FEED);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !(place.is_holding() && place.tally().is_over()) {
        let Ok(stream) = TcpStream::connect(place.hub).await else { return };
        let (mut ear, mut mouth) = stream.into_split();
        let feeding = async {
            for call in calls.iter().cycle() {
                ticks.tick().await;
                if place.is_holding() && place.tally().is_over() || mouth.write_all(call).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = feeding => {}
            () = gone(&mut ear) => {}
        }
    }
}

/// A call on a connection that goes on.
fn distribute(host: &str, participants: &[String]) -> Vec<u8> {
    let body = serde_json::json!({
        "meetingId": "1234567890", "hostUserId": host, "participantUserIds": participants, "wait": 0
    });
    let body = body.to_string();
    let length = body.len();
    let head = "POST /api/meetings/distribute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

pub(super) async fn slow_head(place: &Place) -> io::Result<()> {
    let mut stream = place.dial().await?;
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await?;
    trickle(stream).await
}

pub(super) async fn slow_body(place: &Place) -> io::Result<()> {
    let mut stream = place.dial().await?;
    stream.write_all(wire::call("/api/meetings/join", 100_000).as_bytes()).await?;
    trickle(stream).await
}

/// A byte a second, until the hub is gone.
pub(super) async fn trickle(stream: TcpStream) -> io::Result<()> {
    let (mut ear, mut mouth) = stream.into_split();
    tokio::select! {
        () = gone(&mut ear) => Ok(()),
        ended = async { loop {
            mouth.write_all(b" ").await?;
            sleep(SECOND).await;
        } } => ended,
    }
}

pub(super) async fn never_pongs(place: &Place) -> io::Result<()> {
    let mut stream = place.session(&format!("silent-{}", place.number)).await?;
    cut(&mut stream).await;
    Ok(())
}

pub(super) async fn half_open(place: &Place) -> io::Result<()> {
    let stream = place.session(&format!("vanished-{}", place.number)).await?;
    while !stream.ready(Interest::READABLE).await?.is_read_closed() {
        sleep(LOOK).await;
    }
    Ok(())
}

pub(super) async fn silent(place: &Place) -> io::Result<()> {
    let mut stream = place.dial().await?;
    // The fewest bytes for the most connections.
    while stream.read(&mut [0; 64]).await? > 0 {}
    Ok(())
}

pub(super) async fn one_user(place: &Place) -> io::Result<()> {
    let mut stream = place.session("greedy").await?;
    cut(&mut stream).await;
    Ok(())
}
