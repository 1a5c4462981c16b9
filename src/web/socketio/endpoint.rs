//! The first port: what sits on top of a connection, takes its messages and has some to send.

use actix_web::{Error, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::connection::Line;
use super::packet::Message;

/// Ends when a message has been taken; the client's next one is read then.
pub type Taken = Option<LocalBoxFuture<'static, ()>>;

/// Waits until it has been taken.
pub(super) async fn settled(taken: Taken) {
    if let Some(taken) = taken {
        taken.await;
    }
}

/// What sits on top of a connection. It is dropped when the connection ends, however that comes about.
pub trait Endpoint: Sized + Unpin + 'static {
    /// What comes of a future that it waits for.
    type Later: 'static;

    /// The connection is open.
    fn opened(&mut self, _line: &mut Line<'_, Self>) {}

    /// The client sent a message.
    fn message(&mut self, message: Message, line: &mut Line<'_, Self>) -> Taken;

    /// A future ended.
    fn later(&mut self, later: Self::Later, line: &mut Line<'_, Self>);
}

/// Makes the endpoints of new connections.
pub trait Service: Clone + Unpin + 'static {
    /// What it makes.
    type Endpoint: Endpoint;

    /// The endpoint of a new connection, which this request opens beside so many that are open.
    ///
    /// # Errors
    /// The answer, where it is not taken.
    fn open(
        &self,
        request: &HttpRequest,
        beside: usize,
    ) -> impl Future<Output = Result<Self::Endpoint, Error>>;
}
