//! The second port: what speaks by Socket.IO's events, in namespaces.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::endpoint::Taken;
use super::sockets::Out;

/// What speaks by events over one connection. It is dropped when the connection ends.
pub trait Application: Sized + Unpin + 'static {
    /// What comes of a future that it waits for.
    type Later: 'static;

    /// The client would join a namespace, and says an object for its authentication, or nothing. Answers what the
    /// client's socket is called there.
    ///
    /// # Errors
    /// It may not.
    fn connect(
        &mut self,
        namespace: &str,
        auth: Option<&RawValue>,
        out: &mut Out<'_, '_, Self>,
    ) -> Result<String, Refused>;

    /// The client has been told that it joined.
    fn connected(&mut self, _namespace: &str, _auth: Option<&RawValue>, _out: &mut Out<'_, '_, Self>) {}

    /// The client sent an event. The next one is not read before this has been taken.
    fn event(&mut self, event: Event<'_>, out: &mut Out<'_, '_, Self>) -> Taken;

    /// The client acknowledged an event that was sent with this number, or any other. Nothing more is read before this has
    /// been taken.
    fn acknowledged(
        &mut self,
        _namespace: &str,
        _id: i64,
        _arguments: Arguments,
        _out: &mut Out<'_, '_, Self>,
    ) -> Taken {
        None
    }

    /// The client left a namespace.
    fn left(&mut self, namespace: &str);

    /// A future ended.
    fn later(&mut self, later: Self::Later, out: &mut Out<'_, '_, Self>);
}

/// Why a client may not join a namespace.
#[derive(Debug)]
pub enum Refused {
    /// There is no such namespace.
    Unknown,
    /// For a reason, which its `connect_error` gets; it doesn't come back by itself.
    Because {
        /// The error's message.
        message: String,
        /// The error's `data`, a JSON value.
        data: Option<Box<RawValue>>,
        /// How late it is told; until then nothing more of the client's is read.
        after: Duration,
    },
    /// Not now: the connection is closed, and the client comes back by itself.
    NotNow,
}

/// An event of the client's.
#[derive(Debug)]
pub struct Event<'a> {
    /// The namespace that it belongs to; one that was joined.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its arguments. Where it has attachments, placeholders stand for them.
    pub arguments: &'a [&'a RawValue],
    /// Its binary attachments.
    pub attachments: VecDeque<Bytes>,
    /// The number of the acknowledgement that the client waits for.
    pub acknowledgement: Option<i64>,
}

/// The arguments of an event or of an acknowledgement, as they are written: JSON values, and attachments.
#[derive(Debug, Default)]
pub struct Arguments {
    pub(super) values: Vec<Box<RawValue>>,
    pub(super) attachments: VecDeque<Bytes>,
}

impl Arguments {
    /// One argument.
    ///
    /// # Errors
    /// It can't be written as JSON.
    pub fn one(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Self> {
        let values = vec![serde_json::value::to_raw_value(value)?];
        Ok(Self { values, attachments: VecDeque::new() })
    }

    /// Arguments that are JSON already; where there are attachments, placeholders stand for them.
    #[must_use]
    pub fn raw(values: &[&RawValue], attachments: VecDeque<Bytes>) -> Self {
        Self { values: values.iter().map(|&value| value.to_owned()).collect(), attachments }
    }
}
