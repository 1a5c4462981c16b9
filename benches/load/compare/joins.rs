//! Callers that ask for a token over HTTP, on connections that stay, each again as soon as it is answered.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::sheet::Figures;
use crate::figures::number;
use crate::report::measure::Measure;
use crate::scenarios::MEETING;
use crate::{Attempt, credentials, due, http};

const CALLERS: usize = 32;
/// Until one answer.
const DEADLINE: Duration = Duration::from_secs(20);

pub(super) async fn play(server: SocketAddr, lasts: Duration) -> Attempt<Figures> {
    call_for(server, lasts / 10).await?;
    let began = Instant::now();
    let answered = call_for(server, lasts).await?;
    Ok(vec![(Measure::Joins, number(answered) / began.elapsed().as_secs_f64())])
}

/// All callers, until that much time has passed: how many answers there were.
async fn call_for(server: SocketAddr, lasts: Duration) -> Attempt<usize> {
    let until = Instant::now() + lasts;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call(server, caller, until));
    }
    let mut answered = 0;
    while let Some(called) = callers.join_next().await {
        answered += called??;
    }
    Ok(answered)
}

async fn call(server: SocketAddr, caller: usize, until: Instant) -> Attempt<usize> {
    let mut stream = due("a connection", DEADLINE, TcpStream::connect(server)).await??;
    stream.set_nodelay(true)?;
    // Not connected: the token goes nowhere else.
    let user = format!("caller-{caller}");
    let body = json!({"meetingId": MEETING, "participantUserId": user}).to_string();
    let request = http::to_post_json("/api/meetings/join", &body, &credentials::of(&user)?);
    let mut answered = 0;
    while Instant::now() < until {
        stream.write_all(request.as_bytes()).await?;
        match due("an answer", DEADLINE, http::answer(&mut stream)).await?? {
            (200, _) => answered += 1,
            (status, body) => return Err(format!("status {status}: {body}").into()),
        }
    }
    Ok(answered)
}
