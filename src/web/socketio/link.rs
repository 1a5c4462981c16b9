//! A connection's WebSocket: packets in, packets out.

use std::convert::Infallible;
use std::sync::Arc;

use actix::dev::Request;
use actix::fut;
use actix::prelude::*;
use actix_web::web::Bytes;
use engineioxide_core::{Packet, Str};
use futures_util::FutureExt;
use futures_util::future::Map;
use tokio::sync::oneshot;

use super::connection::{Attach, Connection, Link, Received, Write};
use super::connections::Sid;
use super::effect::LinkId;
use super::endpoint::{Endpoint, Service};
use super::packet::{self, Malformed};
use super::requests::Transport;
use crate::web::websocket::{self, Context, Frame, Protocol};

/// The packets of one WebSocket.
pub(super) struct Packets<S: Service> {
    transport: Arc<Transport<S>>,
    /// What it is for; taken when it is open.
    purpose: Option<Purpose<S::Endpoint>>,
    attached: Option<Attached<S::Endpoint>>,
}

enum Purpose<E: Endpoint> {
    /// A connection of its own, of this endpoint.
    New(E),
    /// To take over a connection that polls.
    Upgrade(Addr<Connection<E>>),
}

struct Attached<E: Endpoint> {
    connection: Addr<Connection<E>>,
    link: LinkId,
    /// Dropped with the transport, which tells the connection.
    _gone: oneshot::Sender<Infallible>,
}

impl<S: Service> Packets<S> {
    /// A connection of its own.
    pub(super) fn of_new(transport: Arc<Transport<S>>, endpoint: S::Endpoint) -> Self {
        Self { transport, purpose: Some(Purpose::New(endpoint)), attached: None }
    }

    /// The upgrade of a connection that polls.
    pub(super) fn of_upgrade(
        transport: Arc<Transport<S>>,
        connection: Addr<Connection<S::Endpoint>>,
    ) -> Self {
        Self { transport, purpose: Some(Purpose::Upgrade(connection)), attached: None }
    }

    fn open(&mut self, endpoint: S::Endpoint, link: Link, gone: oneshot::Sender<Infallible>) {
        let Transport { settings, connections, .. } = &*self.transport;
        let sid = Sid::random();
        let open = packet::open(&sid, &[], settings);
        // The mailbox is new and empty.
        link.write.try_send(Write::Text(open, None)).ok();
        let enter = |connection| connections.enter(sid, connection);
        let (connection, link) = Connection::websocket(settings, endpoint, link, enter);
        self.attached = Some(Attached { connection, link, _gone: gone });
    }

    /// Hands a packet to the connection.
    fn pass(&self, packet: Result<Packet, Malformed>) -> Option<<Self as Protocol>::Taken> {
        let attached = self.attached.as_ref()?;
        Some(attached.connection.send(Received { link: attached.link, packet }).map(|_taken| ()))
    }
}

impl<S: Service> Protocol for Packets<S> {
    type Send = Write;
    type Taken = Map<Request<Connection<S::Endpoint>, Received>, fn(Result<(), MailboxError>)>;

    fn opened(&mut self, ctx: &mut Context<Self>) {
        let (open, closing) = oneshot::channel();
        let (still_here, gone) = oneshot::channel();
        let link = Link { write: ctx.address().recipient(), gone: Some(gone), open };
        ctx.spawn(fut::wrap_future(closing).map(|_, _, ctx| websocket::close(websocket::normal(), ctx)));
        let connection = match self.purpose.take() {
            Some(Purpose::New(endpoint)) => return self.open(endpoint, link, still_here),
            Some(Purpose::Upgrade(connection)) => connection,
            None => return,
        };
        // Nothing is read before the connection has agreed.
        ctx.wait(fut::wrap_future(connection.send(Attach(link))).map(
            |answer, transport: &mut websocket::Transport<Self>, ctx| match answer {
                Ok(Ok(link)) => {
                    let attached = Attached { connection, link, _gone: still_here };
                    transport.protocol().attached = Some(attached);
                }
                Ok(Err(_)) | Err(_) => websocket::close(websocket::normal(), ctx),
            },
        ));
    }

    fn text(&mut self, text: &str) -> Option<Self::Taken> {
        self.pass(packet::parse(Str::copy_from_slice(text)))
    }

    fn binary(&mut self, bytes: Bytes) -> Option<Self::Taken> {
        self.pass(Ok(Packet::Binary(bytes)))
    }

    fn frame(&mut self, write: Write) -> Option<Frame> {
        Some(match write {
            Write::Text(text, _held) => Frame::Text(text.into()),
            Write::Binary(bytes, _held) => Frame::Binary(bytes),
            Write::Close(_open) => Frame::Close(websocket::normal()),
        })
    }
}
