//! A connection that becomes a WebSocket leaves actix-http's dispatcher, which keeps two buffers of 8 KiB for each.
//!
//! The application answers as ever. Then what its body says is written as it comes, and what the client says is read when
//! it is there: an idle connection holds no buffer, half of what it cost. Whoever reads slowly holds its body up, as with
//! the dispatcher.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::PayloadError;
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, Payload, Request, Response};
use actix_web::Error;
use actix_web::dev::{Service, ServiceFactory, fn_factory, fn_service};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use futures_util::Stream;
use log::debug;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::codec::Encoder;

/// The most that is read at once.
const CHUNK: usize = 4096;

/// Answers requests for an upgrade as this application does. A connection's last words linger for so long.
pub(super) fn service<F, B>(
    application: F,
    linger: Duration,
) -> impl ServiceFactory<
    (Request, Framed<TcpStream, Codec>),
    Config = (),
    Response = (),
    Error = Error,
    InitError = (),
>
where
    F: ServiceFactory<Request, Config = (), InitError = ()>,
    F::Service: 'static,
    F::Error: Into<Error>,
    F::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    fn_factory(move || {
        let made = application.new_service(());
        async move {
            let application = Rc::new(made.await?);
            Ok(fn_service(move |(request, connection)| {
                // Boxed: every connection has room for it, whether it is upgraded or not.
                Box::pin(serve(Rc::clone(&application), request, connection, linger))
            }))
        }
    })
}

async fn serve<S, B>(
    application: Rc<S>,
    mut request: Request,
    connection: Framed<TcpStream, Codec>,
    linger: Duration,
) -> Result<(), Error>
where
    S: Service<Request>,
    S::Error: Into<Error>,
    S::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let connection = connection.into_parts();
    let (mut codec, socket) = (connection.codec, Rc::new(RefCell::new(connection.io)));
    let arriving =
        Arriving { socket: Rc::clone(&socket), early: Bytes::copy_from_slice(&connection.read_buf) };
    // Now, for a part of a buffer holds the whole of it.
    drop(connection.read_buf);
    drop(connection.write_buf);
    *request.payload() = Payload::Stream { payload: Box::pin(arriving) };
    // Boxed: it is over when the rest begins.
    let response = match Box::pin(application.call(request)).await {
        Ok(response) => response.into().map_into_boxed_body(),
        Err(refused) => refused.into().into(),
    };
    let (mut response, body) = response.into_parts();
    if !response.upgrade() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Err(broken) = Box::pin(answer(&socket, &mut codec, response, body)).await {
        debug!("a WebSocket's connection broke: {broken}");
        return Ok(());
    }
    poll_fn(|task| Pin::new(&mut *socket.borrow_mut()).poll_shutdown(task)).await.ok();
    // A client waits for the end of the connection, and may have something on the way still.
    let silence = poll_fn(|task| {
        while let Some(_unheard) = ready!(read(&socket, task))? {}
        Poll::Ready(io::Result::Ok(()))
    });
    drop(timeout(linger, silence).await);
    Ok(())
}

/// Writes a response to its end. A refusal goes out in as few pieces as it can: there are clients that read it once.
async fn answer(
    socket: &RefCell<TcpStream>,
    codec: &mut Codec,
    response: Response<()>,
    body: BoxBody,
) -> io::Result<()> {
    let is_upgrade = response.upgrade();
    let mut bytes = BytesMut::new();
    codec.encode(Message::Item((response, body.size())), &mut bytes)?;
    let mut body = pin!(body);
    if is_upgrade {
        write(socket, &bytes).await?;
        drop(bytes);
        while let Some(frames) = next(body.as_mut()).await? {
            write(socket, &frames).await?;
        }
        return Ok(());
    }
    while let Some(chunk) = next(body.as_mut()).await? {
        codec.encode(Message::Chunk(Some(chunk)), &mut bytes)?;
        if bytes.len() >= CHUNK {
            write(socket, &bytes.split()).await?;
        }
    }
    codec.encode(Message::Chunk(None), &mut bytes)?;
    write(socket, &bytes).await
}

async fn next(mut body: Pin<&mut BoxBody>) -> io::Result<Option<Bytes>> {
    let next = poll_fn(|task| body.as_mut().poll_next(task)).await;
    next.transpose().map_err(|failed| io::Error::other(failed.to_string()))
}

async fn write(socket: &RefCell<TcpStream>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = poll_fn(|task| Pin::new(&mut *socket.borrow_mut()).poll_write(task, bytes)).await?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// What has come; nothing at the end. It is read to the stack, so that nothing is kept for what has not come yet.
fn read(socket: &RefCell<TcpStream>, task: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
    let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
    let mut chunk = ReadBuf::uninit(&mut chunk);
    ready!(Pin::new(&mut *socket.borrow_mut()).poll_read(task, &mut chunk))?;
    let read = chunk.filled();
    Poll::Ready(Ok((!read.is_empty()).then(|| Bytes::copy_from_slice(read))))
}

/// What the client sends after its request.
struct Arriving {
    socket: Rc<RefCell<TcpStream>>,
    /// What came along with the request.
    early: Bytes,
}

impl Stream for Arriving {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.early.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.early))));
        }
        read(&self.socket, task).map(|read| read.map_err(PayloadError::Io).transpose())
    }
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving").field("early", &self.early.len()).finish_non_exhaustive()
    }
}
