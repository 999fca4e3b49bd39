//! How Twilio's REST interfaces are asked, Verify and Calls alike.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Url};

/// How long one request may take: a person waits for it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// No TLS to be had.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A client for one of Twilio's addresses.
pub fn client(base: &Url) -> Result<Client, TlsError> {
    let mut http = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .timeout(REQUEST_TIMEOUT)
        // A redirect would carry the credentials away.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("care4w-server/", env!("CARGO_PKG_VERSION")));
    if is_local(base) {
        http = http.no_proxy();
    }
    http.build().map_err(|error| TlsError(Box::new(error)))
}

/// An address that credentials may be sent to: over TLS, or to this machine.
pub fn safe(text: &str, secure: &str, plain: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    url.host_str().filter(|host| !host.is_empty())?;
    let safe = url.scheme() == secure || (url.scheme() == plain && is_local(&url));
    (safe && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// TLS on ring, as in the rest of the product.
fn tls() -> Result<rustls::ClientConfig, TlsError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError(Box::new(error)))?;
    let builder = builder.with_platform_verifier().map_err(|error| TlsError(Box::new(error)))?;
    Ok(builder.with_no_client_auth())
}
