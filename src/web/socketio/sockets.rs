//! Socket.IO on a connection: which namespaces the client joined, and what it says there.
//!
//! A client that breaks the protocol (what is no packet, an event of a namespace that it didn't join, an attachment
//! without an event) is disconnected, as npm's server does it. One that joins no namespace in time is, too.

use std::time::{Duration, Instant};

use actix::Addr;
use actix_web::rt::time::{sleep, sleep_until};
use engineioxide_core::Str;
use futures_util::FutureExt;
use log::{debug, error};
use serde_json::value::RawValue;
use socketioxide_core::packet::{Packet, PacketData};

use super::Settings;
use super::application::{Application, Arguments, Event, Refused};
use super::connection::{Connection, Line};
use super::endpoint::{Endpoint, Taken};
use super::packet::{Malformed, Message};
use super::wire::{self, Reader};

/// The endpoint.
#[derive(Debug)]
pub struct SocketIo<A> {
    application: A,
    reader: Reader,
    joined: Vec<Str>,
    /// Until when a client without a namespace may join one.
    join_by: Instant,
    /// Whether that is watched: by one timer, however often the client comes and goes.
    watched: bool,
    connect_timeout: Duration,
}

/// What comes of a future.
#[derive(Debug)]
pub enum Later<T> {
    /// The time to join a namespace may be over.
    JoinBy,
    /// A client is told that it may not join.
    Refusal(Vec<Message>),
    /// The application's.
    Application(T),
}

/// What an application has to say and to wait for, while it is asked something.
#[derive(Debug)]
pub struct Out<'a, 'b, A: Application>(&'a mut Line<'b, SocketIo<A>>);

impl<A: Application> Out<'_, '_, A> {
    /// Sends an event; with a number, its acknowledgement is waited for.
    pub fn emit(&mut self, namespace: &str, name: &str, arguments: Arguments, acknowledgement: Option<i64>) {
        self.send(wire::event(namespace, name, arguments, acknowledgement));
    }

    /// Answers an event that waits for its acknowledgement.
    pub fn acknowledge(&mut self, namespace: &str, id: i64, arguments: Arguments) {
        self.send(wire::acknowledgement(namespace, id, arguments));
    }

    /// Tells the client to leave a namespace and stay away.
    pub fn disconnect(&mut self, namespace: &str) {
        self.send(Ok(wire::disconnect(namespace)));
    }

    /// Ends the connection once what was sent is written.
    pub fn close(&mut self) {
        self.0.close();
    }

    /// Has [`Application::later`] called with what comes of a future.
    pub fn wait(&mut self, future: impl Future<Output = A::Later> + 'static) {
        self.0.wait(async { Later::Application(future.await) });
    }

    /// The connection, for actors of the application's own.
    #[must_use]
    pub fn address(&self) -> Addr<Connection<SocketIo<A>>> {
        self.0.address()
    }

    fn send(&mut self, messages: serde_json::Result<Vec<Message>>) {
        match messages {
            Ok(messages) => messages.into_iter().for_each(|message| self.0.send(message)),
            Err(failed) => error!("an event could not be written: {failed}"),
        }
    }
}

impl<A: Application> SocketIo<A> {
    /// Events for an application.
    #[must_use]
    pub fn new(application: A, settings: &Settings) -> Self {
        Self {
            application,
            reader: Reader::new(settings.max_payload),
            joined: Vec::new(),
            join_by: Instant::now(),
            watched: false,
            connect_timeout: settings.connect_timeout,
        }
    }

    /// Asks the application something on somebody else's behalf than the client's.
    pub(super) fn with_application<R>(
        &mut self,
        line: &mut Line<'_, Self>,
        ask: impl FnOnce(&mut A, &mut Out<'_, '_, A>) -> R,
    ) -> R {
        ask(&mut self.application, &mut Out(line))
    }

    fn packet(&mut self, packet: Packet, line: &mut Line<'_, Self>) -> Result<Taken, Malformed> {
        let is_in = self.joined.contains(&packet.ns);
        match packet.inner {
            PacketData::Connect(auth) if !is_in => {
                let auth = auth.map(|auth| wire::data(auth).0);
                self.connect(&packet.ns, auth.as_deref(), line)
            }
            PacketData::Disconnect if is_in => {
                self.joined.retain(|joined| *joined != packet.ns);
                self.application.left(&packet.ns);
                if self.joined.is_empty() {
                    self.expect_to_join(line);
                }
                Ok(None)
            }
            PacketData::Event(data, id) | PacketData::BinaryEvent(data, id) if is_in => {
                let (text, attachments) = wire::data(data);
                let elements = wire::elements(&text)?;
                let (name, arguments) = elements.split_first().ok_or(Malformed)?;
                let name = wire::event_name(name)?;
                let (namespace, name) = (&*packet.ns, &*name);
                let event = Event { namespace, name, arguments, attachments, acknowledgement: id };
                Ok(self.application.event(event, &mut Out(line)))
            }
            PacketData::EventAck(data, id) | PacketData::BinaryAck(data, id) if is_in => {
                let (text, attachments) = wire::data(data);
                let arguments = Arguments::raw(&wire::elements(&text)?, attachments);
                Ok(self.application.acknowledged(&packet.ns, id, arguments, &mut Out(line)))
            }
            PacketData::Connect(_)
            | PacketData::ConnectError(_)
            | PacketData::Disconnect
            | PacketData::Event(..)
            | PacketData::BinaryEvent(..)
            | PacketData::EventAck(..)
            | PacketData::BinaryAck(..) => Err(Malformed),
        }
    }

    fn connect(
        &mut self,
        namespace: &Str,
        auth: Option<&str>,
        line: &mut Line<'_, Self>,
    ) -> Result<Taken, Malformed> {
        let auth: Option<&RawValue> =
            auth.map(serde_json::from_str).transpose().map_err(|_quotes_it| Malformed)?;
        if auth.is_some_and(|auth| !auth.get().starts_with('{')) {
            return Err(Malformed);
        }
        let mut out = Out(line);
        match self.application.connect(namespace, auth, &mut out) {
            Ok(sid) => {
                self.joined.push(namespace.clone());
                out.send(Ok(wire::connected(namespace, &sid)));
                self.application.connected(namespace, auth, &mut out);
            }
            Err(Refused::Unknown) => out.send(Ok(wire::connect_error(namespace, "Invalid namespace", None))),
            Err(Refused::Because { message, data, after }) => {
                let refusal = wire::connect_error(namespace, &message, data.as_deref());
                if after.is_zero() {
                    out.send(Ok(refusal));
                } else {
                    line.wait(async move {
                        sleep(after).await;
                        Later::Refusal(refusal)
                    });
                    return Ok(Some(sleep(after).boxed_local()));
                }
            }
            Err(Refused::NotNow) => out.close(),
        }
        Ok(None)
    }

    /// A client that joined nothing, or has left everything, has so long to join.
    fn expect_to_join(&mut self, line: &mut Line<'_, Self>) {
        self.join_by = Instant::now() + self.connect_timeout;
        self.watch(line);
    }

    fn watch(&mut self, line: &mut Line<'_, Self>) {
        if !self.watched {
            self.watched = true;
            let then = self.join_by;
            line.wait(async move {
                sleep_until(then.into()).await;
                Later::JoinBy
            });
        }
    }
}

impl<A: Application> Endpoint for SocketIo<A> {
    type Later = Later<A::Later>;

    fn opened(&mut self, line: &mut Line<'_, Self>) {
        self.expect_to_join(line);
    }

    fn message(&mut self, message: Message, line: &mut Line<'_, Self>) -> Taken {
        let taken = match self.reader.read(message) {
            Ok(Some(packet)) => self.packet(packet, line),
            Ok(None) => Ok(None),
            Err(Malformed) => Err(Malformed),
        };
        taken.unwrap_or_else(|Malformed| {
            debug!("a Socket.IO client broke the protocol");
            line.close();
            None
        })
    }

    fn later(&mut self, later: Self::Later, line: &mut Line<'_, Self>) {
        match later {
            Later::JoinBy => {
                self.watched = false;
                match (self.joined.is_empty(), Instant::now() < self.join_by) {
                    (true, true) => self.watch(line),
                    (true, false) => line.close(),
                    (false, _) => {}
                }
            }
            Later::Refusal(refusal) => Out(line).send(Ok(refusal)),
            Later::Application(later) => self.application.later(later, &mut Out(line)),
        }
    }
}
