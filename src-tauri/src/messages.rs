//! The words that the system shows for the app (tray, notifications), out of the window's own message file.

use std::collections::HashMap;
use std::sync::LazyLock;

const ENGLISH: &str = include_str!("../../ui/src/messages/en.json");

static MESSAGES: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| serde_json::from_str(ENGLISH).expect("the message file is an object of texts"));

/// The message of a key; the key itself where there is none.
pub fn say(key: &'static str) -> &'static str {
    MESSAGES.get(key).map_or(key, String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_tray_is_in_the_message_file() {
        let source = include_str!("tray.rs");
        let keys: Vec<&str> = source.split("say(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(keys.len() >= 5, "{keys:?}");
        for key in keys {
            assert!(MESSAGES.contains_key(key), "{key}");
        }
    }
}
