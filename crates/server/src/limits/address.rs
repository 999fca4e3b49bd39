use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which is what one subscriber gets at least
/// (RFC 6177). `Debug` hides it.
///
/// An IPv6 address that only carries an IPv4 one is that IPv4 address: mapped (RFC 4291), translated at a NAT64 (RFC 6052,
/// where one /64 would be the whole IPv4 internet), 6to4 (RFC 3056, where one IPv4 address would be 65,536 networks of 64
/// bits). Whoever shares an address, or a prefix, with others shares its budget with them (docs/privacy.md).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(IpAddr);

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self(address),
            IpAddr::V6(v6) => Self(carried(v6).map_or_else(|| network(v6).into(), IpAddr::V4)),
        }
    }
}

/// The IPv4 address that this one carries.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = u32::try_from(u128::from(address) & u128::from(u32::MAX)).ok();
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => low.map(Ipv4Addr::from),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    (u128::from(address) & !u128::from(u64::MAX)).into()
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(text: &str) -> AddressKey {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address_whatever_its_last_64_bits_are() {
        assert!(key("2001:db8::1") == key("2001:db8::ffff:1"));
        assert!(key("2001:db8::1") != key("2001:db8:0:1::1"));
        assert!(key("192.0.2.1") != key("192.0.2.2"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_an_ipv4_address() {
        for clothes in ["::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1", "2002:c000:201:ffff::9"] {
            assert!(key(clothes) == key("192.0.2.1"), "{clothes}");
            assert!(key(clothes) != key("192.0.2.2"), "{clothes}");
        }
        assert!(key("64:ff9b:1::192.0.2.1") == key("64:ff9b:1::192.0.2.2"), "any other prefix is taken by its /64");
    }
}
