use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;

/// The proxies in front of the server, whose `X-Forwarded-For` and `Forwarded` (RFC 7239) are believed. None by default:
/// anybody can write a header.
///
/// Invariant: what the sender wrote never decides. Only hops that a trusted proxy added are read, from the right; where
/// one cannot be read, or the two headers disagree, the request counts as the trusted proxy's own, which all such requests
/// share.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Who sent the request: the nearest address that is no trusted proxy.
    pub fn sender(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let x_forwarded_for = self.behind(peer, headers, "x-forwarded-for", hop);
        let forwarded = self.behind(peer, headers, header::FORWARDED.as_str(), forwarded_hop);
        match (x_forwarded_for, forwarded) {
            // A proxy writes one of them and may pass the other on as the sender wrote it.
            (Some(one), Some(other)) if one != other => peer,
            (Some(sender), _) | (None, Some(sender)) => sender,
            (None, None) => peer,
        }
    }

    /// The nearest address that is no trusted proxy by one header; `None` where it is not there.
    fn behind(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &str,
        read: impl Fn(&[u8]) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let lines: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
        let mut sender = peer;
        for element in lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            if !self.trusts(sender) {
                break;
            }
            let Some(address) = read(element.trim_ascii()) else { break };
            sender = address.to_canonical();
        }
        (!lines.is_empty()).then_some(sender)
    }

    /// Whether this is one of them.
    pub fn is_trusted(&self, peer: IpAddr) -> bool {
        self.trusts(peer.to_canonical())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// An address, with a port or without: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip())),
    }
}

/// The `for` of one element of `Forwarded`. It has to be there once, and to be an address: `unknown` and made-up names
/// (RFC 7239, 6.2 and 6.3) tell nobody apart.
fn forwarded_hop(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(|byte| *byte == b';') {
        let (name, value) = str::from_utf8(pair).ok()?.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            let value = value.trim();
            let value = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
            if found.replace(hop(value.as_bytes())?).is_some() {
                return None;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn sender(peer: &str, lines: &[(&'static str, &[u8])]) -> String {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:ffff::/48".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        proxies.sender(peer.parse().unwrap(), &headers).to_string()
    }

    fn x(value: &str) -> String {
        sender(PROXY, &[("x-forwarded-for", value.as_bytes())])
    }

    fn forwarded(value: &str) -> String {
        sender(PROXY, &[("forwarded", value.as_bytes())])
    }

    #[test]
    fn a_header_is_believed_from_a_trusted_proxy_only() {
        for name in ["x-forwarded-for", "forwarded"] {
            let value: &[u8] = if name == "forwarded" { b"for=203.0.113.5" } else { b"203.0.113.5" };
            assert_eq!(sender("198.51.100.7", &[(name, value)]), "198.51.100.7", "{name} of somebody");
            assert_eq!(sender(PROXY, &[(name, value)]), "203.0.113.5", "{name} of a proxy");
            assert_eq!(
                sender("::ffff:10.0.0.1", &[(name, value)]),
                "203.0.113.5",
                "{name} of a proxy on a dual socket"
            );
        }
        assert_eq!(sender(PROXY, &[]), PROXY);
        assert_eq!(sender(PROXY, &[("x-real-ip", b"203.0.113.5")]), PROXY, "no other header counts");
    }

    #[test]
    fn it_is_the_nearest_hop_that_is_no_trusted_proxy() {
        assert_eq!(x("198.51.100.9, 203.0.113.5"), "203.0.113.5", "what stands further left anybody can write");
        assert_eq!(x("198.51.100.9, 203.0.113.5, 10.9.9.9"), "203.0.113.5");
        assert_eq!(x("10.1.1.1, 10.9.9.9"), "10.1.1.1", "a proxy may ask for itself");
        let lines: [(&str, &[u8]); 2] = [("x-forwarded-for", b"198.51.100.9"), ("x-forwarded-for", b"203.0.113.5")];
        assert_eq!(sender(PROXY, &lines), "203.0.113.5", "the last line is the nearest");
        assert_eq!(forwarded("for=198.51.100.9, For=\"[2001:db8::7]:4711\";proto=https, for=10.2.2.2"), "2001:db8::7");
        assert_eq!(sender("2001:db8:ffff::1", &[("x-forwarded-for", b"2001:db8::7")]), "2001:db8::7");
    }

    #[test]
    fn an_address_may_come_with_a_port() {
        for value in ["203.0.113.5:65000", "::ffff:203.0.113.5"] {
            assert_eq!(x(value), "203.0.113.5");
        }
        for value in ["2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:80"] {
            assert_eq!(x(value), "2001:db8::7");
        }
    }

    #[test]
    fn what_cannot_be_read_counts_as_the_proxy_itself() {
        for value in [
            "",
            " ",
            ",",
            "nonsense",
            "203.0.113.5,",
            "203.0.113.5, unknown",
            "203.0.113.5, 999.1.1.1",
            "203.0.113.5, 203.0.113.5:99999",
            "203.0.113.5, [2001:db8::7",
            "203.0.113.5, fe80::1%eth0",
            "203.0.113.5 203.0.113.6",
        ] {
            assert_eq!(x(value), PROXY, "{value}");
        }
        for value in [
            "",
            "203.0.113.5",
            "for=unknown",
            "for=_hidden",
            "for=\"203.0.113.5",
            "for=203.0.113.5;for=203.0.113.6",
            "for=203.0.113.5, proto=https",
            "for=203.0.113.5, for=2001:db8::7]",
            "for=203.0.113.5;",
        ] {
            assert_eq!(forwarded(value), PROXY, "{value}");
        }
    }

    #[test]
    fn a_line_that_is_no_text_does_not_uncover_the_one_before_it() {
        let lines: [(&str, &[u8]); 2] = [("x-forwarded-for", b"198.51.100.9"), ("x-forwarded-for", b"\xff")];
        assert_eq!(sender(PROXY, &lines), PROXY);
        let lines: [(&str, &[u8]); 2] =
            [("x-forwarded-for", b"198.51.100.9"), ("x-forwarded-for", b"\xff, 203.0.113.5")];
        assert_eq!(sender(PROXY, &lines), "203.0.113.5");
    }

    #[test]
    fn two_headers_that_disagree_count_as_the_proxy_itself() {
        let lines =
            |forwarded: &'static [u8]| sender(PROXY, &[("x-forwarded-for", b"203.0.113.5"), ("forwarded", forwarded)]);
        assert_eq!(lines(b"for=203.0.113.5"), "203.0.113.5");
        assert_eq!(lines(b"for=198.51.100.9"), PROXY, "one of them was passed on as the sender wrote it");
        assert_eq!(lines(b"nonsense"), PROXY);
    }
}
