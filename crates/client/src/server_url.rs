//! The address of the server.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// An address that tokens may be sent to: `https`, or `http` to this machine itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

/// Why an address cannot be a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// It does not read as an address.
    #[error("That is not a server address. It looks like https://phone.example.org.")]
    Unreadable,
    /// Plain `http` to another machine would show every token to the network.
    #[error("That server is reached by plain http. Use https: only a server on this computer may go without it.")]
    Insecure,
}

impl ServerUrlError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "INVALID_SERVER",
            Self::Insecure => "INSECURE_SERVER",
        }
    }
}

impl ServerUrl {
    /// The address of a REST call: `path` is below `/api/`.
    pub fn api(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/api/{path}"));
        url
    }

    /// The address of the signalling socket.
    pub fn signal(&self) -> Url {
        let mut url = self.api("signal");
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).expect("http and https may become ws and wss");
        url
    }

    /// The address as its user wrote it, without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
        let mut url = url.map_err(|_| ServerUrlError::Unreadable)?;
        if url.host().is_none() {
            return Err(ServerUrlError::Unreadable);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Unreadable);
        }
        url.set_query(None);
        url.set_fragment(None);
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_this_computer(&url) => Ok(Self(url)),
            "http" => Err(ServerUrlError::Insecure),
            _ => Err(ServerUrlError::Unreadable),
        }
    }
}

/// Whether an address names this computer itself.
pub(crate) fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be an IP address, which logs must not hold.
        f.write_str("ServerUrl(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_computer_alone() {
        assert!("http://127.0.0.1:8080".parse::<ServerUrl>().is_ok());
        assert!("http://[::1]:8080".parse::<ServerUrl>().is_ok());
        assert!("http://localhost".parse::<ServerUrl>().is_ok());
        assert_eq!("http://phone.example.org".parse::<ServerUrl>(), Err(ServerUrlError::Insecure));
        assert_eq!("http://127.0.0.1.example.org".parse::<ServerUrl>(), Err(ServerUrlError::Insecure));
    }

    #[test]
    fn an_address_without_a_scheme_is_read_as_https() {
        assert_eq!("phone.example.org".parse::<ServerUrl>().unwrap().as_str(), "https://phone.example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ftp://phone.example.org", "https://", "https://user:pw@example.org", "file:///etc/passwd"] {
            assert_eq!(text.parse::<ServerUrl>(), Err(ServerUrlError::Unreadable), "{text}");
        }
    }

    #[test]
    fn paths_are_put_below_the_servers_own() {
        let server: ServerUrl = "https://example.org/phone/".parse().unwrap();
        assert_eq!(server.api("users/phone").as_str(), "https://example.org/phone/api/users/phone");
        assert_eq!(server.signal().as_str(), "wss://example.org/phone/api/signal");
    }
}
