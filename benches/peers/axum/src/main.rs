//! One of what the load bench compares the hub with: axum, socketioxide and reqwest on tokio's threads, as one would
//! write it who picks them. Configured by the environment alone.

mod events;
mod hub;
mod messages;
mod routes;
mod zoom;

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::serve::ListenerExt;
use socketioxide::SocketIo;
use socketioxide::handler::ConnectHandler;
use tokio::net::TcpListener;

use self::hub::Hub;
use self::zoom::Zoom;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Each client has a file. Often 1,024 are let, and many more for the asking; Node asks by itself.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let hub = Hub::new(Zoom::from_environment()?);
    let (layer, io) = SocketIo::builder().with_state(hub.clone()).build_layer();
    io.ns("/", (async || ()).with(events::ready));
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("Listening: {}", listener.local_addr()?);
    tokio::spawn(log_in(Arc::clone(&hub)));
    // A frame waits for no other one. A connection that has just been lost is found out by what is read of it.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, routes::routes(hub).layer(layer)).await?;
    Ok(())
}

async fn log_in(hub: Arc<Hub>) {
    match hub.zoom.access_token().await {
        Ok(_) => println!("Login: Successfully"),
        Err(error) => println!("Login: {}", error.message),
    }
}
