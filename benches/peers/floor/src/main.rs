//! What no hub can leave out: one thread that gets tokens from Zoom and hands each to its user, and does nothing else.
//!
//! `hub.rs` decides, `work.rs` holds what waits; `clients.rs` and `zoom.rs` are the connections of either side, and
//! `frames.rs`, `http.rs`, `text.rs` what is spoken over them.

#![forbid(unsafe_code)]

mod clients;
mod frames;
mod http;
mod hub;
mod settings;
mod text;
mod work;
mod zoom;

use std::env;
use std::error::Error;
use std::io;

use mio::event::Event;
use mio::{Events, Poll, Token};

use crate::clients::Clients;
use crate::hub::Hub;
use crate::settings::Settings;
use crate::zoom::{LINES, Zoom};

/// The tokens of events: the listener's, then Zoom's connections, then the clients'.
const LISTENER: usize = 0;
const ZOOM: usize = 1;
const CLIENTS: usize = ZOOM + LINES;

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).is_some_and(|word| word == "--version") {
        println!("floor {}", env!("CARGO_PKG_VERSION"));
        return Ok(());
    }
    let settings = Settings::read()?;
    let poll = Poll::new()?;
    let own = || poll.registry().try_clone();
    let clients = Clients::listen(settings.port, own()?, Token(LISTENER), CLIENTS)?;
    println!("Listening: {}", clients.address()?);
    let access = zoom::login(&settings).inspect_err(|error| println!("Login: Failed, {error}"))?;
    println!("Login: Successfully");
    let zoom = Zoom::new(settings.api, &access, own()?, ZOOM);
    run(poll, Hub::new(clients, zoom))
}

/// Many events are fetched at once: waiting for them is what costs.
fn run(mut poll: Poll, mut hub: Hub) -> Result<(), Box<dyn Error>> {
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error.into()),
            Err(_) | Ok(()) => events.iter().for_each(|event| dispatch(&mut hub, event)),
        }
    }
}

fn dispatch(hub: &mut Hub, event: &Event) {
    let ending = event.is_read_closed() || event.is_error();
    let readable = event.is_readable() || ending;
    match event.token().0 {
        LISTENER => hub.clients.accept(),
        token if token < CLIENTS => {
            if event.is_writable() {
                hub.zoom.flush(token - ZOOM);
            }
            if readable {
                hub.zoom_spoke(token - ZOOM, ending);
            }
        }
        token => {
            if event.is_writable() {
                hub.clients.flush(token - CLIENTS);
            }
            if readable {
                hub.client_spoke(token - CLIENTS, ending);
            }
        }
    }
}
