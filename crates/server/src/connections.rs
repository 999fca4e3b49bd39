//! Connections over HTTP: who connects and says nothing, or says it a byte at a time, is let go.
//!
//! `axum::serve` waits for a request's head and body as long as the other side likes, so that a few thousand idle
//! sockets of one stranger would use up the server's file descriptors.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tower::Service;

use crate::defaults;

/// When the body of a request must have come: an extension of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyDue(pub Instant);

/// Serves until `stop`, then lets the requests under way end. The head of a request has `within` to come, from the
/// connection or the answer before it on; its body as long again.
pub(crate) async fn serve(listener: TcpListener, router: Router, within: Duration, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(within);
    let http = Arc::new(http);
    // Every connection holds a receiver: when all are gone, so are the connections.
    let (ending, ended) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (socket, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), request, peer, within));
        let connection = http.serve_connection(TokioIo::new(socket), service).with_upgrades();
        let mut ended = ended.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let result = tokio::select! {
                result = connection.as_mut() => result,
                () = said(&mut ended) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = result {
                tracing::debug!(late = error.is_timeout(), "a connection ended before its request");
            }
        });
    }
    drop((listener, ended));
    ending.send_replace(true);
    ending.closed().await;
}

async fn said(ended: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say it, which comes to the same.
    let _ = ended.wait_for(|ended| *ended).await;
}

async fn answer(
    mut router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    within: Duration,
) -> Result<axum::response::Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    let extensions = request.extensions_mut();
    extensions.insert(ConnectInfo(peer));
    extensions.insert(BodyDue(Instant::now() + within));
    // A router is ready at any time.
    router.call(request).await
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                // A frame that waits for the acknowledgement of the one before it waits 40 ms (Nagle and delayed
                // acknowledgements).
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "a connection stays slower than it could be");
                }
                return (socket, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: the next try would fail at once too.
                tracing::error!(%error, "no connection can be taken now");
                tokio::time::sleep(defaults::ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Whether who connected was gone again.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
