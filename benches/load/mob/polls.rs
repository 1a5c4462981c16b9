//! Those that misuse Engine.IO's polling, and posts that never end.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::line::{Place, cut, gone, upgrade};
use super::stalled::trickle;
use super::wire;
use crate::http::{to_get, to_post};

/// Between two posts of those that never poll: ten a second.
const TALKS: Duration = Duration::from_millis(100);
const SLOWLY: Duration = Duration::from_secs(1);
const FAST: Duration = Duration::from_millis(10);

/// Has pongs wait for it, and says that it is alive, until the hub knows it no more.
pub(super) async fn unfetched(place: &Place) -> io::Result<()> {
    let mut stream = place.dial().await?;
    let path = place.polling(&mut stream, Some(&format!("deaf-{}", place.number))).await?;
    let ping = to_post(&path, "42[\"ping\"]");
    loop {
        place.ask(&mut stream, &ping).await?;
        place.tell(|tally| tally.frames += 1);
        sleep(TALKS).await;
    }
}

/// The second poll ends the connection, and with it the first.
pub(super) async fn two(place: &Place) -> io::Result<()> {
    let (mut one, mut other) = (place.dial().await?, place.dial().await?);
    let path = place.polling(&mut one, None).await?;
    let poll = to_get(&path);
    // It joins, and fetches the answer: nothing is left to be said, so polls are held.
    place.ask(&mut one, &to_post(&path, "40")).await?;
    place.ask(&mut one, &poll).await?;
    let (first, second) = tokio::join!(place.ask(&mut one, &poll), place.ask(&mut other, &poll));
    first.and(second).map(drop)
}

pub(super) async fn endless_post(place: &Place) -> io::Result<()> {
    let mut stream = place.dial().await?;
    match place.number % 3 {
        0 => {
            let path = place.polling(&mut stream, None).await?;
            stream.write_all(wire::call(&path, 1000).as_bytes()).await?;
            trickle(stream).await
        }
        1 => chunks(stream, &[b'x'; 10], SLOWLY).await,
        _ => chunks(stream, &[b'x'; 16_384], FAST).await,
    }
}

/// A body in such chunks, without end.
async fn chunks(mut stream: TcpStream, chunk: &[u8], every: Duration) -> io::Result<()> {
    let head = "POST /api/meetings/join HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let (mut ear, mut mouth) = stream.into_split();
    let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    tokio::select! {
        () = gone(&mut ear) => Ok(()),
        ended = async { loop {
            mouth.write_all(&chunk).await?;
            sleep(every).await;
        } } => ended,
    }
}

pub(super) async fn half_upgrade(place: &Place) -> io::Result<()> {
    let mut stream = place.dial().await?;
    if place.number.is_multiple_of(2) {
        stream
            .write_all(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upg")
            .await?;
        gone(&mut stream).await;
        return Ok(());
    }
    let path = place.polling(&mut stream, None).await?;
    let mut probe = place.dial().await?;
    upgrade(&mut probe, &path.replace("polling", "websocket")).await?;
    probe.write_all(&wire::frame(wire::TEXT, b"2probe")).await?;
    cut(&mut probe).await;
    Ok(())
}
