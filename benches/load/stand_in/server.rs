//! The stand-in's own process: one thread that serves, one that reads orders.

use std::cell::RefCell;
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use super::wire;
use super::zoom::{Reply, Zoom};
use crate::offshoot::{self, say};

type Shared = Rc<RefCell<Zoom>>;

/// Serves until there are no more orders to come.
pub(crate) fn serve() -> io::Result<()> {
    let orders = offshoot::orders();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(orders))
}

async fn run(mut orders: UnboundedReceiver<String>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    say(&listener.local_addr()?.to_string())?;
    let zoom = Shared::default();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return Ok(()) };
                if let Some(behaviour) = serde_json::from_str(&order)? {
                    zoom.borrow_mut().behave(behaviour);
                }
                say(&serde_json::to_string(&zoom.borrow().counts())?)?;
            }
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                let connection = connection(stream, Rc::clone(&zoom));
                // What ends a connection is the caller's business, and counted by it.
                drop(spawn_local(async { connection.await.ok() }));
            }
        }
    }
}

async fn connection(mut stream: TcpStream, zoom: Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut unread = Vec::new();
    while let Some(request) = wire::read(&mut stream, &mut unread).await? {
        let (reply, latency) = {
            let mut zoom = zoom.borrow_mut();
            (zoom.answer(&request, Instant::now()), zoom.latency())
        };
        match reply {
            Reply::Answer(answer) => {
                if latency > Duration::ZERO {
                    sleep(latency).await;
                }
                stream.write_all(answer.as_bytes()).await?;
            }
            Reply::Reset => return stream.set_zero_linger(),
            Reply::Silence => return until_gone(&mut stream).await,
        }
    }
    Ok(())
}

/// Waits until the caller has had enough.
async fn until_gone(stream: &mut TcpStream) -> io::Result<()> {
    let mut chunk = [0; 1024];
    while stream.read(&mut chunk).await? > 0 {}
    Ok(())
}
