use std::fmt;
use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which is what one subscriber gets
/// (RFC 6177). `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(IpAddr);

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => Self(IpAddr::V6((u128::from(v6) & !(u128::from(u64::MAX))).into())),
        }
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(<redacted>)")
    }
}

/// The proxies in front of the server whose `X-Forwarded-For` is believed. None by default: anybody can write a header.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Who sent the request: the nearest address that is no trusted proxy.
    pub fn sender(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut sender = peer.to_canonical();
        let hops = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect::<Vec<_>>();
        for hop in hops.iter().rev() {
            if !self.trusts(sender) {
                break;
            }
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            sender = address.to_canonical();
        }
        sender
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(text: &str) -> AddressKey {
        text.parse::<IpAddr>().unwrap().into()
    }

    fn forwarded(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address_whatever_its_last_64_bits_are() {
        assert!(key("2001:db8::1") == key("2001:db8::ffff:1"));
        assert!(key("2001:db8::1") != key("2001:db8:0:1::1"));
        assert!(key("::ffff:192.0.2.1") == key("192.0.2.1"), "an IPv4 address in IPv6 clothes is an IPv4 address");
        assert!(key("192.0.2.1") != key("192.0.2.2"));
    }

    #[test]
    fn a_forwarded_address_is_believed_from_a_trusted_proxy_only() {
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let headers = forwarded("198.51.100.9, 203.0.113.5");
        assert_eq!(TrustedProxies::default().sender(peer, &headers), peer);
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(
            proxies.sender(peer, &headers).to_string(),
            "203.0.113.5",
            "what stands further left anybody can write"
        );
        assert_eq!(proxies.sender(peer, &forwarded("nonsense")), peer);
    }
}
