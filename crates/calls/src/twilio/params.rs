//! Parameters of a call, as `encodeURIComponent` writes them (TWILIO.md §2).

use std::fmt::Write;

/// `k=v&k=v`.
pub(super) fn write(params: &[(String, String)]) -> String {
    params.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect::<Vec<_>>().join("&")
}

/// Reads them; what is no pair is left out.
pub(super) fn read(text: &str) -> Vec<(String, String)> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decode(key), decode(value))).collect()
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(hexadecimal);
        decoded.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let [high, low] = digits else { return None };
    Some(digit(high)? * 16 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_again(pairs in proptest::collection::vec((".{1,8}", ".{0,20}"), 1..5)) {
            prop_assert_eq!(read(&write(&pairs)), pairs);
        }

        #[test]
        fn anything_can_be_read(text: String) {
            read(&text);
        }
    }

    #[test]
    fn a_broken_escape_stays_as_it_is() {
        assert_eq!(read("a=%zz%4&b=%41"), [("a".into(), "%zz%4".into()), ("b".into(), "A".into())]);
    }
}
