//! Who connects and takes their time.

use std::time::Duration;

use care4w_server::Config;
use care4w_server::config::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

/// One second instead of thirty, so that a test need not wait.
async fn impatient() -> Server {
    Server::with(Config { limits: Limits { request_seconds: 1, ..Limits::raised() }, ..Config::default() }).await
}

/// What the server says before it hangs up.
async fn said(socket: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut said));
    read.await.expect("the server holds the connection for ever").unwrap();
    String::from_utf8(said).unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.running.address()).await.unwrap()
}

#[tokio::test]
async fn who_connects_and_says_nothing_is_let_go() {
    let server = impatient().await;
    assert_eq!(said(&mut connect(&server).await).await, "");
}

#[tokio::test]
async fn half_a_head_is_not_waited_for() {
    let server = impatient().await;
    let mut socket = connect(&server).await;
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-").await.unwrap();
    assert!(!said(&mut socket).await.contains("200"));
}

#[tokio::test]
async fn half_a_body_is_refused_in_the_envelope_of_all_errors() {
    let server = impatient().await;
    let mut socket = connect(&server).await;
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"email\"";
    socket.write_all(head.as_bytes()).await.unwrap();
    let said = said(&mut socket).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.contains(r#""code":"REQUEST_TIMEOUT""#), "{said}");
}

#[tokio::test]
async fn a_body_that_comes_in_pieces_is_read_whole() {
    let server = Server::start().await;
    let mut socket = connect(&server).await;
    let body = br#"{"email":"nobody@example.org","password":"password of mine"}"#;
    let head = format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    for piece in body.chunks(7) {
        socket.write_all(piece).await.unwrap();
        socket.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let said = said(&mut socket).await;
    assert!(said.contains("INVALID_CREDENTIALS"), "{said}");
}
