//! Those that send what is too large, or means nothing.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::line::{Place, cut, gone};
use super::wire::{self, CONTINUED, FIRST_OF_TEXT, TEXT};

/// `MAX_MESSAGE_BYTES` is 262,144.
const TOO_LARGE: usize = 300_000;
const AS_LARGE_AS_MAY_BE: usize = 262_000;
/// Between two as large as may be: five a second are no flood.
const OFTEN: Duration = Duration::from_millis(200);
/// As often as a session may send.
const AS_OFTEN_AS_MAY_BE: Duration = Duration::from_millis(50);
const HEAD: usize = 1 << 20;

pub(super) async fn huge_frame(place: &Place) -> io::Result<()> {
    let stream = place.websocket().await?;
    match place.number % 3 {
        0 => until_cut(place, stream, vec![wire::frame(TEXT, &[b'x'; TOO_LARGE])], None).await,
        1 => until_cut(place, stream, vec![wire::head(TEXT, 1 << 62)], Some(vec![b'x'; 65_536])).await,
        _ => {
            let data = format!("\"{}\"", "x".repeat(AS_LARGE_AS_MAY_BE));
            let ping = wire::event("ping", &data);
            let (mut ear, mut mouth) = stream.into_split();
            tokio::select! {
                () = cut(&mut ear) => Ok(()),
                // Nothing is wrong with them, so they leave by themselves.
                () = place.held() => Ok(()),
                ended = async { loop {
                    place.pour(&mut mouth, &ping).await?;
                    place.tell(|tally| tally.frames += 1);
                    sleep(OFTEN).await;
                } } => ended,
            }
        }
    }
}

pub(super) async fn fragments(place: &Place) -> io::Result<()> {
    let stream = place.websocket().await?;
    let bytes = if place.number.is_multiple_of(2) { 1000 } else { 0 };
    let payload = vec![b'x'; bytes];
    let more = wire::frame(CONTINUED, &payload).repeat(16);
    until_cut(place, stream, vec![wire::frame(FIRST_OF_TEXT, &payload)], Some(more)).await
}

pub(super) async fn bad_utf8(place: &Place) -> io::Result<()> {
    let bad = b"{\"event\":\"ping\",\"data\":\"\xc3\x28\xff\"}";
    match place.number % 3 {
        0 => until_cut(place, place.websocket().await?, vec![wire::frame(TEXT, bad)], None).await,
        1 => {
            let parts = bad.split_at(25);
            // 0x80: the last of a message that goes on.
            let frames = vec![wire::frame(FIRST_OF_TEXT, parts.0), wire::frame(0x80, parts.1)];
            until_cut(place, place.websocket().await?, frames, None).await
        }
        _ => call(place, "/api/meetings/join", bad).await,
    }
}

/// Sends these, then that again and again, until the hub says goodbye.
async fn until_cut(
    place: &Place,
    stream: TcpStream,
    first: Vec<Vec<u8>>,
    again: Option<Vec<u8>>,
) -> io::Result<()> {
    let (mut ear, mut mouth) = stream.into_split();
    let sending = async {
        for frame in first {
            place.pour(&mut mouth, &frame).await?;
        }
        let Some(again) = again else { return std::future::pending().await };
        loop {
            place.pour(&mut mouth, &again).await?;
        }
    };
    tokio::select! {
        () = cut(&mut ear) => Ok(()),
        ended = sending => ended,
    }
}

pub(super) async fn bad_json(place: &Place) -> io::Result<()> {
    let nonsense = nonsense();
    if !place.number.is_multiple_of(2) {
        for (body, path) in
            nonsense.iter().zip(["start", "join", "batch-join", "setup", "distribute"].iter().cycle())
        {
            call(place, &format!("/api/meetings/{path}"), body.as_bytes()).await?;
        }
        return Ok(());
    }
    let stream = place.websocket().await?;
    let (mut ear, mut mouth) = stream.into_split();
    let events = ["authenticate", "meeting:start", "meeting:join", "meeting:distribute"];
    let sending = async {
        for (data, event) in nonsense.iter().cycle().zip(events.iter().cycle()) {
            if place.is_holding() {
                break;
            }
            place.pour(&mut mouth, &wire::event(event, data)).await?;
            place.tell(|tally| tally.frames += 1);
            sleep(AS_OFTEN_AS_MAY_BE).await;
        }
        Ok(())
    };
    tokio::select! {
        () = cut(&mut ear) => Ok(()),
        ended = sending => ended,
    }
}

/// A call on a connection of its own, which the hub closes after its answer.
async fn call(place: &Place, path: &str, body: &[u8]) -> io::Result<()> {
    let mut stream = place.dial().await?;
    stream.write_all(wire::call(path, body.len()).as_bytes()).await?;
    place.pour(&mut stream, body).await?;
    gone(&mut stream).await;
    Ok(())
}

/// What no field takes, and what no parser likes.
fn nonsense() -> Vec<String> {
    let deep = |open: &str, close: &str| {
        let depth = 100_000 / (open.len() + close.len());
        open.repeat(depth) + &close.repeat(depth)
    };
    let odd = ["null", "true", "7", "\"x\"", "[]", "{}", "[[1]]", "1e400", "-0"];
    let fields = ["meetingId", "hostUserId", "participantUserIds", "userId", "token"];
    let mut all =
        vec![deep("[", "]"), deep("{\"a\":", "}"), deep("{\"meetingId\":[", "]}"), "[".repeat(100_000)];
    all.push(format!("{{\"meetingId\":\"{}\"}}", "9".repeat(100_000)));
    all.push(format!("{{\"userId\":\"{}\"}}", "\\u0000".repeat(1000)));
    all.extend(
        odd.iter().zip(fields.iter().cycle()).map(|(value, field)| format!("{{\"{field}\":{value}}}")),
    );
    all
}

pub(super) async fn huge_head(place: &Place) -> io::Result<()> {
    let mut head = "GET / HTTP/1.1\r\nHost: localhost\r\n".to_owned();
    if place.number.is_multiple_of(2) {
        head.push_str("X-Much: ");
        head.push_str(&"x".repeat(HEAD));
    } else {
        head.push_str(&"X-Many: some\r\n".repeat(HEAD / 14));
    }
    let (mut ear, mut mouth) = place.dial().await?.into_split();
    tokio::select! {
        () = gone(&mut ear) => Ok(()),
        ended = async {
            place.pour(&mut mouth, head.as_bytes()).await?;
            std::future::pending().await
        } => ended,
    }
}
