//! Which connection a `sid` is. A table, since any worker may get the next poll of a connection; each entry leaves it
//! with its connection.

use std::fmt;
use std::sync::Arc;

use actix::Addr;
use dashmap::DashMap;
use serde::{Serialize, Serializer};
use tokio::sync::watch;

use super::connection::Connection;
use super::endpoint::Endpoint;

/// A connection's name, of 128 random bits. Whoever knows it can read what is the connection's: it has no `Debug` text
/// and is told to its client alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Sid(u128);

impl Sid {
    /// A new one.
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    /// Reads what [`Serialize`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let sid = u128::from_str_radix(text, 16).ok().map(Self)?;
        // In one way alone.
        (sid.text() == text).then_some(sid)
    }

    fn text(&self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sid")
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// The connections. Clones are the same table.
pub(super) struct Connections<E: Endpoint>(Arc<Table<E>>);

struct Table<E: Endpoint> {
    by_sid: DashMap<Sid, Addr<Connection<E>>>,
    count: watch::Sender<usize>,
}

impl<E: Endpoint> Clone for Connections<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Endpoint> Default for Connections<E> {
    fn default() -> Self {
        Self(Arc::new(Table { by_sid: DashMap::new(), count: watch::Sender::new(0) }))
    }
}

impl<E: Endpoint> Connections<E> {
    /// Puts a connection in.
    pub(super) fn enter(&self, sid: Sid, connection: Addr<Connection<E>>) -> Entry<E> {
        self.0.by_sid.insert(sid.clone(), connection);
        self.0.count.send_modify(|count| *count += 1);
        Entry { connections: self.clone(), sid }
    }

    /// The connection of this name.
    pub(super) fn get(&self, sid: &Sid) -> Option<Addr<Connection<E>>> {
        self.0.by_sid.get(sid).map(|connection| connection.clone())
    }

    /// How many there are, whether they have joined a namespace or not.
    pub(super) fn count(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Waits until each has ended. Give it a deadline.
    pub(super) async fn everybody_left(&self) {
        let mut count = self.0.count.subscribe();
        // The sender lives as long as `self`, so this ends by the count alone.
        drop(count.wait_for(|count| *count == 0).await);
    }
}

/// A connection's place in the table, held by the connection itself.
pub(super) struct Entry<E: Endpoint> {
    connections: Connections<E>,
    sid: Sid,
}

impl<E: Endpoint> Drop for Entry<E> {
    fn drop(&mut self) {
        self.connections.0.by_sid.remove(&self.sid);
        self.connections.0.count.send_modify(|count| *count = count.saturating_sub(1));
    }
}
