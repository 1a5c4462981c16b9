//! The frames that a client sends, read off its connection by actix-http's codec.
//!
//! That codec takes a frame's length for granted until the whole frame has come, so a client that announced a terabyte
//! could fill the memory with what it sent of it, and it writes an error to the log where one fragments a ping. So each
//! frame is judged by its first bytes before its payload is waited for. A stream of our own, since the one of
//! actix-web-actors reads all that has come before it looks at any of it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_http::error::PayloadError;
use actix_http::ws::{Codec, Frame, OpCode, ProtocolError};
use actix_web::web::{Bytes, BytesMut};
use futures_util::Stream;
use log::debug;
use tokio_util::codec::Decoder;

/// The most bytes of a control frame's payload (RFC 6455, 5.5).
const MAX_CONTROL_BYTES: u64 = 125;

/// The frames of a connection, of at most so many bytes each.
pub(super) struct Incoming<S> {
    connection: S,
    codec: Codec,
    max_bytes: usize,
    /// What has come and is no whole frame yet; it begins with a frame's first byte.
    buffer: BytesMut,
}

impl<S> Incoming<S> {
    /// Reads frames from here.
    pub(super) fn new(connection: S, max_bytes: usize) -> Self {
        let codec = Codec::new().max_size(max_bytes);
        Self { connection, codec, max_bytes, buffer: BytesMut::new() }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Incoming<S> {
    type Item = Result<Frame, ProtocolError>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            judge(&this.buffer, this.max_bytes)?;
            if let Some(frame) = this.codec.decode(&mut this.buffer)? {
                return Poll::Ready(Some(Ok(frame)));
            }
            match ready!(Pin::new(&mut this.connection).poll_next(task)) {
                Some(Ok(chunk)) => this.buffer.extend_from_slice(&chunk),
                Some(Err(broken)) => {
                    debug!("a WebSocket's connection broke: {broken}");
                    return Poll::Ready(None);
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Whether the frame that begins here may go on, as far as its first bytes tell. What else may be wrong with it the
/// codec says.
fn judge(frame: &[u8], max_bytes: usize) -> Result<(), ProtocolError> {
    let Some(([first, second], behind)) = frame.split_first_chunk() else { return Ok(()) };
    let opcode = OpCode::from(first & 0x0f);
    let (is_reserved, is_masked) = (first & 0x70 != 0 || opcode == OpCode::Bad, second & 0x80 != 0);
    if is_reserved || !is_masked {
        // The codec refuses it by these two bytes. Nothing behind them counts, or the close code would depend on how much
        // of the frame has come.
        return Ok(());
    }
    let bytes = match (second & 0x7f, behind) {
        (126, [high, low, ..]) => u64::from(u16::from_be_bytes([*high, *low])),
        (127, behind) => behind.first_chunk().map_or(0, |length| u64::from_be_bytes(*length)),
        // The length is yet to come.
        (126, _) => 0,
        (length, _) => u64::from(length),
    };
    let is_control = matches!(opcode, OpCode::Close | OpCode::Ping | OpCode::Pong);
    let is_final = first & 0x80 != 0;
    if is_control && !is_final {
        return Err(ProtocolError::ContinuationFragment(opcode));
    }
    if is_control && bytes > MAX_CONTROL_BYTES {
        return Err(ProtocolError::InvalidLength(usize::try_from(bytes).unwrap_or(usize::MAX)));
    }
    if usize::try_from(bytes).map_or(true, |bytes| bytes > max_bytes) {
        return Err(ProtocolError::Overflow);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt, stream};
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 1000;

    /// The frames that come of these chunks, and what ends them.
    fn read(chunks: Vec<Vec<u8>>) -> (Vec<Frame>, Option<String>) {
        let connection = stream::iter(chunks.into_iter().map(|chunk| Ok(chunk.into())));
        let mut incoming = Incoming::new(connection, MAX);
        let mut frames = Vec::new();
        while let Some(frame) = incoming.next().now_or_never().unwrap() {
            match frame {
                Ok(frame) => frames.push(frame),
                Err(fault) => return (frames, Some(fault.to_string())),
            }
        }
        (frames, None)
    }

    /// A frame's first bytes, for a payload of so many masked with zeroes.
    fn head(first: u8, bytes: u64) -> Vec<u8> {
        let mut head = vec![first, 0xff];
        head.extend(bytes.to_be_bytes());
        head.extend([0; 4]);
        head
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_before_it_has_come() {
        for bytes in [1001, 1 << 40, u64::MAX >> 1, u64::MAX] {
            let (frames, fault) = read(vec![head(0x82, bytes)]);
            assert_eq!((frames, fault), (vec![], Some(ProtocolError::Overflow.to_string())), "{bytes}");
        }
        let short = [0x82, 0xfe, 0x03, 0xe9];
        assert_eq!(read(vec![short.to_vec()]).1, Some(ProtocolError::Overflow.to_string()));
    }

    #[test]
    fn a_frame_at_the_limit_is_read_wherever_it_is_cut() {
        let frame = [head(0x82, 1000), vec![7; 1000]].concat();
        for cut in 0..frame.len() {
            let (head, behind) = frame.split_at(cut);
            let (frames, fault) = read(vec![head.to_vec(), behind.to_vec()]);
            assert_eq!((frames, fault), (vec![Frame::Binary(vec![7; 1000].into())], None), "{cut}");
        }
    }

    #[test]
    fn of_two_faults_the_first_counts_however_the_frame_is_cut() {
        let unmasked = [&[0x81, 0x7f][..], &[0xff; 8]].concat();
        for frame in [head(0xc1, u64::MAX), head(0x83, u64::MAX), unmasked] {
            let whole = read(vec![frame.clone()]).1.unwrap();
            assert_ne!(whole, ProtocolError::Overflow.to_string());
            assert_eq!(read(frame.chunks(1).map(<[u8]>::to_vec).collect()).1, Some(whole));
        }
    }

    #[test]
    fn a_control_frame_that_is_long_or_fragmented_is_refused_before_it_has_come() {
        for opcode in [0x8, 0x9, 0xa] {
            assert!(
                read(vec![head(0x80 | opcode, 126)]).1.unwrap().starts_with("Invalid control frame length")
            );
            assert!(read(vec![vec![opcode, 0x80]]).1.unwrap().starts_with("Unknown continuation fragment"));
        }
        // Behind a whole frame as well.
        let (frames, fault) = read(vec![[head(0x82, 0), head(0x89, 126)].concat()]);
        assert!(frames.len() == 1 && fault.is_some());
    }

    proptest! {
        #[test]
        fn the_same_bytes_are_the_same_frames_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x81), Just(0x80), Just(0)], 0..200),
            size in 1_usize..40,
        ) {
            let cut = bytes.chunks(size).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(read(vec![bytes]), read(cut));
        }
    }
}
