//! What the environment says, under the hub's own names.

use std::env;
use std::error::Error;
use std::net::{SocketAddr, ToSocketAddrs};

/// A place at Zoom.
#[derive(Debug)]
pub(crate) struct Url {
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) oauth: Url,
    pub(crate) api: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) account_id: String,
}

impl Settings {
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let said = |name: &str| env::var(name).map_err(|error| format!("{name}: {error}"));
        Ok(Self {
            port: said("PORT")?.parse()?,
            oauth: url(&said("ZOOM_OAUTH_URL")?)?,
            api: url(&said("ZOOM_API_URL")?)?,
            client_id: said("ZOOM_CLIENT_ID")?,
            client_secret: said("ZOOM_CLIENT_SECRET")?,
            account_id: said("ZOOM_ACCOUNT_ID")?,
        })
    }
}

fn url(text: &str) -> Result<Url, Box<dyn Error>> {
    let rest = text.strip_prefix("http://").ok_or_else(|| format!("{text}: only http is spoken"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let address = with_port.to_socket_addrs()?.next().ok_or_else(|| format!("{host}: no such host"))?;
    let path = format!("/{path}").trim_end_matches('/').to_owned();
    Ok(Url { host: host.to_owned(), address, path })
}
