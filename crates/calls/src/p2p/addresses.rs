//! Which local addresses a call binds its sockets to.

use std::net::IpAddr;

use super::Loopback;

/// What to bind: port 0 each, so that every call has ports of its own.
///
/// A wildcard means every interface of its family to the library, loopback and link-local ones aside; it is given
/// only where there is one, for otherwise the wildcard itself would be offered as a candidate.
pub(super) fn to_bind(loopback: Loopback) -> Vec<String> {
    let local: Vec<IpAddr> = rtc::shared::ifaces::ifaces()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|interface| interface.addr)
        .map(|address| address.ip())
        .collect();
    choose(&local, loopback)
}

fn choose(local: &[IpAddr], loopback: Loopback) -> Vec<String> {
    let v4 = local
        .iter()
        .any(|ip| matches!(ip, IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified()));
    let v6 = local.iter().any(
        |ip| matches!(ip, IpAddr::V6(ip) if !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified()),
    );
    let mut addresses = Vec::new();
    if v4 {
        addresses.push("0.0.0.0:0".to_owned());
    }
    if v6 {
        addresses.push("[::]:0".to_owned());
    }
    if loopback == Loopback::Always || addresses.is_empty() {
        addresses.push("127.0.0.1:0".to_owned());
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_machine_with_a_network_offers_no_loopback_address_unless_told_to() {
        let local = ips(&["127.0.0.1", "::1", "192.0.2.4", "fe80::1"]);
        assert_eq!(choose(&local, Loopback::WhenAlone), ["0.0.0.0:0"]);
        assert_eq!(choose(&local, Loopback::Always), ["0.0.0.0:0", "127.0.0.1:0"]);
    }

    #[test]
    fn a_machine_without_a_network_offers_its_loopback_address() {
        let local = ips(&["127.0.0.1", "::1", "169.254.3.4", "fe80::1"]);
        assert_eq!(choose(&local, Loopback::WhenAlone), ["127.0.0.1:0"]);
        assert_eq!(choose(&[], Loopback::WhenAlone), ["127.0.0.1:0"]);
    }

    #[test]
    fn both_families_are_offered_where_both_are() {
        let local = ips(&["192.0.2.4", "2001:db8::4"]);
        assert_eq!(choose(&local, Loopback::WhenAlone), ["0.0.0.0:0", "[::]:0"]);
    }
}
