//! Where Twilio's gateways are (TWILIO.md §1).

/// Where Twilio itself chooses.
pub(super) const DEFAULT: &str = "roaming";

/// The address of an edge.
pub(super) fn address(edge: &str) -> String {
    format!("wss://voice-js.{edge}.twilio.com/signal")
}

/// Whether it can be part of a host's name.
pub(super) fn is_edge(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(inside) && !text.starts_with('-') && !text.ends_with('-')
}

/// The addresses to try: a gateway that the server named, the edges that it named (commas between them), or Twilio's
/// own choice.
pub(super) fn addresses(gateway: Option<&str>, edges: Option<&str>) -> Vec<String> {
    if let Some(gateway) = gateway {
        return vec![gateway.to_owned()];
    }
    let named: Vec<_> =
        edges.unwrap_or_default().split(',').map(str::trim).filter(|edge| is_edge(edge)).map(address).collect();
    if named.is_empty() { vec![address(DEFAULT)] } else { named }
}

/// Whether a token may be sent there: encrypted, or to this machine.
pub(super) fn is_safe(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("ws://") else { return address.starts_with("wss://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = if authority.starts_with('[') {
        authority.split_inclusive(']').next().unwrap_or_default()
    } else {
        authority.split(':').next().unwrap_or_default()
    };
    ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_is_none_is_never_part_of_an_address() {
        assert_eq!(addresses(None, None), ["wss://voice-js.roaming.twilio.com/signal"]);
        assert_eq!(addresses(None, Some("dublin, london-ix")).len(), 2);
        assert_eq!(addresses(None, Some("evil.example/")), ["wss://voice-js.roaming.twilio.com/signal"]);
        assert_eq!(addresses(Some("ws://127.0.0.1:5/signal"), Some("dublin")), ["ws://127.0.0.1:5/signal"]);
    }

    #[test]
    fn a_token_goes_out_encrypted_or_not_at_all() {
        for address in ["wss://gateway.example/signal", "ws://127.0.0.1:8443/signal", "ws://[::1]:8443/signal"] {
            assert!(is_safe(address), "{address}");
        }
        for address in [
            "ws://gateway.example/signal",
            "ws://127.0.0.1.example/signal",
            "ws://127.0.0.1@x.example/",
            "http://127.0.0.1/",
            "",
        ] {
            assert!(!is_safe(address), "{address}");
        }
    }
}
