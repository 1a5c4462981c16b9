//! Requests for a WebSocket that become none: each has its answer, whole, and its connection ends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Hub, due};

/// All that is said to this head, until the hub closes.
async fn answer(hub: &Hub, head: &str) -> String {
    let mut socket = due("the connection", TcpStream::connect(hub.address())).await.unwrap();
    let request = format!("{head}\r\nHost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    due("the close", socket.read_to_string(&mut said)).await.unwrap();
    said
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket";

#[actix_web::test]
async fn a_handshake_without_a_key_is_told_so() {
    let hub = Hub::start().await;
    let said = answer(&hub, &format!("GET /ws HTTP/1.1\r\n{UPGRADE}")).await;
    assert!(said.starts_with("HTTP/1.1 400") && said.contains("invalid_request"), "{said}");
    assert!(said.ends_with('}'), "{said}");
}

#[actix_web::test]
async fn a_page_that_is_asked_to_be_a_websocket_is_a_page() {
    let hub = Hub::start().await;
    let said = answer(&hub, &format!("GET /api/health/live HTTP/1.1\r\n{UPGRADE}")).await;
    assert!(said.starts_with("HTTP/1.1 200") && said.contains("connection: close"), "{said}");
    assert!(said.ends_with('}'), "{said}");
    let missing = answer(&hub, &format!("GET /nothing HTTP/1.1\r\n{UPGRADE}")).await;
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
}

#[actix_web::test]
async fn nobody_gets_a_tunnel() {
    let hub = Hub::start().await;
    let said = answer(&hub, "CONNECT example.com:443 HTTP/1.1").await;
    assert!(said.starts_with("HTTP/1.1 4"), "{said}");
    assert_eq!(hub.get("/api/health").await.status, 200);
}

#[actix_web::test]
async fn what_is_said_along_with_a_handshake_is_heard() {
    let hub = Hub::start().await;
    // A text of sixteen bytes, masked by zeros.
    let frame = b"\x81\x90\0\0\0\0{\"event\":\"ping\"}";
    let mut bytes = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(frame);
    let mut socket = due("the connection", TcpStream::connect(hub.address())).await.unwrap();
    socket.write_all(&bytes).await.unwrap();
    let mut said = Vec::new();
    due("the pong", async {
        while !String::from_utf8_lossy(&said).contains("\"event\":\"pong\"") {
            assert!(socket.read_buf(&mut said).await.unwrap() > 0, "{}", String::from_utf8_lossy(&said));
        }
    })
    .await;
}
