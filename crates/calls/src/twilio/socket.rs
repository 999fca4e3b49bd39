//! The socket to the gateway.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::edges;

/// No frame of the gateway's is longer: a session description has a few kilobytes.
const LONGEST_FRAME: usize = 256 * 1024;

/// Sending may take this long.
const SEND_TIME: Duration = Duration::from_secs(5);

/// Closing in good order may take this long.
const CLOSE_TIME: Duration = Duration::from_secs(2);

type Open = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the socket brings.
pub(super) enum Line {
    Opened,
    Text(String),
    Closed,
}

pub(super) struct Socket {
    tls: Arc<rustls::ClientConfig>,
    opening: Option<JoinHandle<Option<Open>>>,
    open: Option<Open>,
    closing: Option<JoinHandle<()>>,
}

impl Socket {
    pub fn new(tls: Arc<rustls::ClientConfig>) -> Self {
        Self { tls, opening: None, open: None, closing: None }
    }

    /// Whether there is one.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Begins to open; [`Socket::next`] says how it went. The machine closes one that takes too long.
    pub fn open(&mut self, address: String) {
        self.close();
        let tls = Arc::clone(&self.tls);
        self.opening = Some(tokio::spawn(async move {
            if !edges::is_safe(&address) {
                tracing::warn!("a gateway without encryption is not used");
                return None;
            }
            let config =
                WebSocketConfig::default().max_message_size(Some(LONGEST_FRAME)).max_frame_size(Some(LONGEST_FRAME));
            let connector = if address.starts_with("wss:") { Connector::Rustls(tls) } else { Connector::Plain };
            // An error's text may hold the address.
            let opened = connect_async_tls_with_config(address.as_str(), Some(config), true, Some(connector)).await;
            opened.ok().map(|(socket, _)| socket)
        }));
    }

    /// Closes it, in the background: a dead socket must not hold up the next one.
    pub fn close(&mut self) {
        if let Some(opening) = self.opening.take() {
            opening.abort();
        }
        if let Some(mut socket) = self.open.take() {
            self.closing = Some(tokio::spawn(async move {
                let closing = async {
                    if socket.close(None).await.is_ok() {
                        while let Some(Ok(_)) = socket.next().await {}
                    }
                };
                tokio::time::timeout(CLOSE_TIME, closing).await.ok();
            }));
        }
    }

    /// Sends a frame; `false` when the socket broke over it.
    pub async fn send(&mut self, frame: String) -> bool {
        let Some(socket) = &mut self.open else { return true };
        let sent = tokio::time::timeout(SEND_TIME, socket.send(Message::text(frame))).await;
        let sent = matches!(sent, Ok(Ok(())));
        if !sent {
            self.open = None;
        }
        sent
    }

    /// What comes next.
    pub async fn next(&mut self) -> Line {
        if let Some(opening) = &mut self.opening {
            let opened = opening.await.ok().flatten();
            self.opening = None;
            self.open = opened;
            return if self.open.is_some() { Line::Opened } else { Line::Closed };
        }
        let Some(socket) = &mut self.open else { return std::future::pending().await };
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return Line::Text(text.as_str().to_owned()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    self.open = None;
                    return Line::Closed;
                }
                Some(Ok(_)) => {}
            }
        }
    }

    /// Closes it and waits for the gateway to have read what was sent.
    pub async fn finish(&mut self) {
        self.close();
        if let Some(closing) = self.closing.take() {
            closing.await.ok();
        }
    }
}
