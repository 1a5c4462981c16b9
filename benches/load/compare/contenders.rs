//! Who is compared: the hub of this checkout over both carriers, and the peers that could be built.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use clap::ValueEnum;

use super::peers::{Built, Peer};
use crate::carrier::Carrier;
use crate::clients::Crowd;
use crate::hub::{Build, Hub, Setting};
use crate::report::record::Contestant;
use crate::report::verdict::{PLAIN, SOCKET_IO};
use crate::{Attempt, HUB, credentials};

/// The hub counts what each caller asks, as no peer does, and goes on counting here, where all ask as much as they can.
const GENEROUS: [(&str, &str); 2] = [("MESSAGE_RATE_PER_SECOND", MOST), ("REST_RATE_PER_SECOND", MOST)];
const MOST: &str = "1000000";

/// What can be started and spoken to as a hub.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) label: &'static str,
    pub(super) carrier: Carrier,
    pub(super) build: Build,
    /// A binary of its own, whose size means something.
    pub(super) is_binary: bool,
}

/// All contenders, and a word on each, and on those that couldn't be built.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) contenders: Vec<Contender>,
    pub(super) contestants: Vec<Contestant>,
}

impl Field {
    /// Builds what isn't built yet.
    pub(super) async fn build(named: &[Peer], short: bool) -> Attempt<Self> {
        let mut field = Self::default();
        let hub = Build::at(Path::new(HUB)).await?;
        for (label, carrier) in [(PLAIN, Carrier::Plain), (SOCKET_IO, Carrier::SocketIo)] {
            field.contestants.push(contestant(label, &hub.version, None));
            field.contenders.push(Contender { label, carrier, build: hub.clone(), is_binary: true });
        }
        for peer in Peer::value_variants() {
            let wanted = match named {
                [] => !short || peer.is_built(),
                named => named.contains(peer),
            };
            if wanted {
                field.take_in(*peer, short).await;
            }
        }
        Ok(field)
    }

    async fn take_in(&mut self, peer: Peer, short: bool) {
        let (label, carrier) = (peer.label(), peer.carrier());
        let beside = if carrier == Carrier::Plain { PLAIN } else { SOCKET_IO };
        match peer.build(short).await {
            Ok(Built { build, is_binary }) => {
                self.contestants.push(contestant(label, &build.version, Some(beside)));
                self.contenders.push(Contender { label, carrier, build, is_binary });
            }
            Err(why) => {
                let contestant = contestant(label, "", Some(beside));
                self.contestants.push(Contestant { not_built: Some(why.to_string()), ..contestant });
            }
        }
    }
}

impl Contender {
    /// The one that is asked for what only the hub is asked for.
    pub(super) fn is_first_hub(&self) -> bool {
        self.label == PLAIN
    }

    /// Starts it, for a Zoom that lets so many calls a second in, and measures how soon it answers.
    pub(super) async fn start(&self, zoom: SocketAddr, rate: u32) -> Attempt<Hub> {
        let variables = [GENEROUS, credentials::ASKED_FOR].concat();
        let setting = Setting { rate, port: free_port()?, variables: &variables, ..Setting::default() };
        Hub::start(&self.build, zoom, &setting).await
    }

    pub(super) async fn crowd(&self, hub: &Hub, word: &str, count: usize) -> Attempt<Crowd> {
        Crowd::connect_over(self.carrier, hub.address(), word, count).await
    }
}

/// A port on which nobody listens, at least for now.
fn free_port() -> Attempt<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn contestant(label: &str, version: &str, beside: Option<&str>) -> Contestant {
    Contestant {
        label: label.to_owned(),
        version: version.to_owned(),
        beside: beside.map(str::to_owned),
        not_built: None,
    }
}
