//! The door: `ws` and `wss` on one port, at `/signal`.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::{
    handshake::server::{ErrorResponse, Request, Response},
    http::StatusCode,
    protocol::WebSocketConfig,
};

use crate::{StartError, house::House, stream};

/// A TLS connection begins with this octet, a plain one with the G of GET.
const TLS_HANDSHAKE: u8 = 0x16;

/// The longest message: descriptions have a few kilobytes.
const LONGEST_MESSAGE: usize = 64 * 1_024;

/// The double's certificate, made anew for each.
pub(crate) struct Identity {
    /// DER.
    pub certificate: Vec<u8>,
    /// Base64 of the public key's SHA-256, as Chromium's `--ignore-certificate-errors-spki-list` wants it.
    pub spki: String,
    acceptor: TlsAcceptor,
}

impl Identity {
    pub fn new() -> Result<Self, StartError> {
        use base64::Engine as _;
        use rcgen::PublicKeyData as _;
        let tls = |error: &dyn std::fmt::Display| StartError::Tls(error.to_string());
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(|error| tls(&error))?;
        let certificate = made.cert.der().to_vec();
        let spki = Sha256::digest(made.signing_key.subject_public_key_info());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| tls(&error))?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(certificate.clone())], key)
            .map_err(|error| tls(&error))?;
        let spki = base64::engine::general_purpose::STANDARD.encode(spki);
        Ok(Self { certificate, spki, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// Lets clients in, for ever.
pub(crate) async fn run(listener: TcpListener, identity: Arc<Identity>, house: Arc<House>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        if house.look().refuses {
            continue;
        }
        let (identity, house) = (Arc::clone(&identity), Arc::clone(&house));
        tokio::spawn(async move {
            let mut first = [0];
            match socket.peek(&mut first).await {
                Ok(1) if first[0] == TLS_HANDSHAKE => {
                    if let Ok(socket) = identity.acceptor.accept(socket).await {
                        enter::<tokio_rustls::server::TlsStream<TcpStream>>(socket, house).await;
                    }
                }
                Ok(1) => enter(socket, house).await,
                _ => {}
            }
        });
    }
}

async fn enter<S: AsyncRead + AsyncWrite + Unpin + Send>(socket: S, house: Arc<House>) {
    let config =
        WebSocketConfig::default().max_message_size(Some(LONGEST_MESSAGE)).max_frame_size(Some(LONGEST_MESSAGE));
    if let Ok(socket) = tokio_tungstenite::accept_hdr_async_with_config(socket, look, Some(config)).await {
        stream::serve(house, socket).await;
    }
}

/// There is nothing but `/signal`, without a query and without a subprotocol.
#[allow(clippy::result_large_err)]
fn look(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let uri = request.uri();
    if uri.path() == "/signal" && uri.query().is_none() && !request.headers().contains_key("sec-websocket-protocol") {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = StatusCode::NOT_FOUND;
    Err(refusal)
}
