//! The connections of those who come: WebSockets, and HTTP until one becomes a WebSocket.
//!
//! Each is registered once, for both directions and by edges; an idle one holds no buffer.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

/// A connection, told from a later one in the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) place: usize,
    number: u32,
}

#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    number: u32,
    pub(crate) websocket: bool,
    /// Whether it confirms what it gets.
    pub(crate) acks: bool,
    user: Option<Rc<[u8]>>,
    /// What came of something that has not ended yet.
    pub(crate) unread: Vec<u8>,
    unsent: Vec<u8>,
}

/// What a read brought.
#[derive(Debug)]
pub(crate) enum Came {
    /// So many bytes; fewer than there is room for mean that there are no more.
    Bytes(usize),
    Nothing,
    End,
}

/// Everybody who is connected.
#[derive(Debug)]
pub(crate) struct Clients {
    listener: TcpListener,
    registry: Registry,
    /// The token of the first place.
    first: usize,
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
    users: HashMap<Rc<[u8]>, Seat>,
    pub(crate) sessions: usize,
    number: u32,
}

impl Clients {
    pub(crate) fn listen(port: u16, registry: Registry, token: Token, first: usize) -> io::Result<Self> {
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        registry.register(&mut listener, token, Interest::READABLE)?;
        let (clients, free, users) = (Vec::new(), Vec::new(), HashMap::new());
        Ok(Self { listener, registry, first, clients, free, users, sessions: 0, number: 0 })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes in all who wait. An error, too many open files say, leaves the rest for the next who comes.
    pub(crate) fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            self.seat(stream).ok();
        }
    }

    fn seat(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        let both = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(&mut stream, Token(self.first + place), both)?;
        self.number = self.number.wrapping_add(1);
        let (unread, unsent) = (Vec::new(), Vec::new());
        let number = self.number;
        let client = Client { stream, number, websocket: false, acks: false, user: None, unread, unsent };
        self.clients[place] = Some(client);
        Ok(())
    }

    pub(crate) fn at(&mut self, place: usize) -> Option<&mut Client> {
        self.clients.get_mut(place)?.as_mut()
    }

    pub(crate) fn seat_at(&self, place: usize) -> Option<Seat> {
        self.clients.get(place)?.as_ref().map(|client| Seat { place, number: client.number })
    }

    pub(crate) fn read(&mut self, place: usize, room: &mut [u8]) -> Came {
        let Some(client) = self.at(place) else { return Came::Nothing };
        came(client.stream.read(room))
    }

    /// Whose session is the user's newest, and whether it confirms.
    pub(crate) fn session_of(&self, user: &[u8]) -> Option<(Seat, bool)> {
        let seat = *self.users.get(user)?;
        Some((seat, self.acks(seat)?))
    }

    /// Whether who sits there confirms; none where nobody sits there any more.
    pub(crate) fn acks(&self, seat: Seat) -> Option<bool> {
        let client = self.clients.get(seat.place)?.as_ref()?;
        (client.number == seat.number).then_some(client.acks)
    }

    pub(crate) fn users(&self) -> usize {
        self.users.len()
    }

    pub(crate) fn upgrade(&mut self, place: usize) {
        if let Some(client) = self.at(place) {
            client.websocket = true;
            self.sessions += 1;
        }
    }

    pub(crate) fn authenticate(&mut self, place: usize, user: &[u8], acks: bool) {
        let (user, seat): (Rc<[u8]>, _) = (user.into(), self.seat_at(place));
        if let (Some(client), Some(seat)) = (self.at(place), seat) {
            client.acks = acks;
            client.user = Some(Rc::clone(&user));
            self.users.insert(user, seat);
        }
    }

    /// Writes as much as goes at once and keeps the rest. Whether the connection is there.
    pub(crate) fn write(&mut self, seat: Seat, bytes: &[u8]) -> bool {
        let Some(client) = self.at(seat.place).filter(|client| client.number == seat.number) else {
            return false;
        };
        if !client.unsent.is_empty() {
            client.unsent.extend_from_slice(bytes);
            return true;
        }
        match sent(&mut client.stream, bytes) {
            Ok(count) => {
                client.unsent.extend_from_slice(&bytes[count..]);
                true
            }
            // The end of the connection comes as an event of its own.
            Err(_gone) => false,
        }
    }

    /// Goes on with what was kept.
    pub(crate) fn flush(&mut self, place: usize) {
        let Some(client) = self.at(place).filter(|client| !client.unsent.is_empty()) else { return };
        if let Ok(count) = sent(&mut client.stream, &client.unsent) {
            client.unsent.drain(..count);
            if client.unsent.is_empty() {
                client.unsent = Vec::new();
            }
        }
    }

    pub(crate) fn close(&mut self, place: usize) {
        let Some(client) = self.clients.get_mut(place).and_then(Option::take) else { return };
        self.free.push(place);
        self.sessions -= usize::from(client.websocket);
        let seat = Seat { place, number: client.number };
        if let Some(user) = client.user.filter(|user| self.users.get(user) == Some(&seat)) {
            self.users.remove(&user);
        }
    }
}

pub(crate) fn came(read: io::Result<usize>) -> Came {
    match read {
        Ok(0) => Came::End,
        Ok(count) => Came::Bytes(count),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Came::Nothing,
        Err(_broken) => Came::End,
    }
}

/// Writes until all is gone or there is no room; a connection that is still being opened has none.
pub(crate) fn sent(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < bytes.len() {
        match stream.write(&bytes[count..]) {
            Ok(written) => count += written,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}
