//! The sockets that the hub listens on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use log::debug;
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::Listen;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A socket that could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", Self::advice(.cause))]
pub struct ListenError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

impl ListenError {
    fn advice(cause: &io::Error) -> String {
        const KNOWN: [(io::ErrorKind, &str); 3] = [
            (io::ErrorKind::AddrInUse, "the port is in use; stop the other program or set PORT"),
            (io::ErrorKind::PermissionDenied, "not permitted; set PORT to 1024 or more"),
            (io::ErrorKind::AddrNotAvailable, "this machine has no such address; set HOST"),
        ];
        let known = KNOWN.iter().find(|(kind, _)| *kind == cause.kind());
        known.map_or_else(|| cause.to_string(), |(_, advice)| (*advice).to_owned())
    }
}

/// Opens what was asked for: one address, or both families on one port. A family that this machine lacks is left out.
pub(super) fn sockets(listen: Listen) -> Result<Vec<TcpListener>, ListenError> {
    match listen {
        Listen::Address { ip, port } => Ok(vec![socket(SocketAddr::new(ip, port))?]),
        Listen::Loopback { port } => pair(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST, port),
        Listen::Everywhere { port } => pair(Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED, port),
    }
}

fn pair(v4: Ipv4Addr, v6: Ipv6Addr, port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let v4 = socket(SocketAddr::new(IpAddr::V4(v4), port))?;
    // Any free port was taken for the first: the second gets the same.
    let port = v4.local_addr().map_or(port, |address| address.port());
    match socket(SocketAddr::new(IpAddr::V6(v6), port)) {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(error) if error.cause.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(error) => {
            debug!("{error}; serving IPv4 alone");
            Ok(vec![v4])
        }
    }
}

fn socket(address: SocketAddr) -> Result<TcpListener, ListenError> {
    open(address).map_err(|cause| ListenError { address, cause })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // Each family has a socket of its own.
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the connections of the process before it.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
