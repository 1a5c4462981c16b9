//! Bytes sent as they are, for what no well-behaved client does.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::due;

/// Sends these bytes on a connection of their own, and reads until this text has come; everything that came.
pub async fn send_until(address: SocketAddr, bytes: &str, wanted: &str) -> String {
    let mut socket = due("the connection", TcpStream::connect(address)).await.unwrap();
    socket.write_all(bytes.as_bytes()).await.unwrap();
    let mut told = Vec::new();
    due(wanted, async {
        while !String::from_utf8_lossy(&told).contains(wanted) {
            let read = socket.read_buf(&mut told).await.unwrap();
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&told));
        }
    })
    .await;
    String::from_utf8(told).unwrap()
}
