//! Where new versions come from. It is put into the program when it is built for people (`cargo xtask package`); a program that was
//! built otherwise has none of it and asks nobody.

use care4w_client::defaults::{UPDATE_BYTES, UPDATE_LIST_BYTES, UPDATE_LIST_TIME, UPDATE_TIME};
use care4w_client::fetch::Bounds;
use serde::Deserialize;
use tauri::{Config, Url};

/// The plugin's name, and that of its part of `tauri.conf.json`.
const PLUGIN: &str = "updater";

/// Where the list of a new version's files is, and the page that a person is led to.
#[derive(Clone)]
pub struct Channel {
    /// The list, over https.
    pub list: Url,
    /// The page, over https.
    pub page: Option<Url>,
}

/// Of the plugin's configuration what is read here too; `page` is ours.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Configured {
    pubkey: String,
    endpoints: Vec<Url>,
    page: Option<Url>,
}

impl Channel {
    /// What was configured when this program was built; none without a key, whoever may be asked.
    pub fn of(config: &Config) -> Option<Self> {
        let configured: Configured = serde_json::from_value(config.plugins.0.get(PLUGIN)?.clone()).ok()?;
        let list = configured.endpoints.into_iter().next()?;
        let page = configured.page.filter(|page| page.scheme() == "https");
        (!configured.pubkey.trim().is_empty()).then_some(Self { list, page })
    }
}

/// What the list may take.
pub fn list_bounds() -> Bounds {
    Bounds { bytes: UPDATE_LIST_BYTES, time: UPDATE_LIST_TIME, plain_here: cfg!(debug_assertions) }
}

/// What a new version may take.
pub fn version_bounds() -> Bounds {
    Bounds { bytes: UPDATE_BYTES, time: UPDATE_TIME, plain_here: cfg!(debug_assertions) }
}

/// Has a debug build look where a test says, by a key of that test. What is given to people reads nothing of it.
#[cfg(debug_assertions)]
pub fn of_a_test(config: &mut Config) {
    let Ok(text) = std::env::var("CARE4W_TEST_UPDATES") else { return };
    if let (Ok(serde_json::Value::Object(given)), Some(serde_json::Value::Object(plugin))) =
        (serde_json::from_str(&text), config.plugins.0.get_mut(PLUGIN))
    {
        plugin.extend(given);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn channel(plugin: serde_json::Value) -> Option<Channel> {
        let config = json!({ "identifier": "org.care4w.test", "plugins": { "updater": plugin } });
        Channel::of(&serde_json::from_value(config).unwrap())
    }

    #[test]
    fn a_program_without_a_key_or_an_address_has_nobody_to_ask() {
        let list = "https://updates.example.org/latest.json";
        let page = "https://updates.example.org/";
        let found = channel(json!({ "pubkey": "key", "endpoints": [list], "page": page })).unwrap();
        assert_eq!((found.list.as_str(), found.page.unwrap().as_str()), (list, page));
        assert!(channel(json!({ "pubkey": "", "endpoints": [list], "page": page })).is_none());
        assert!(channel(json!({ "pubkey": " ", "endpoints": [list] })).is_none());
        assert!(channel(json!({ "pubkey": "key", "endpoints": [] })).is_none());
        assert!(channel(json!({ "pubkey": "key" })).is_none());
        assert!(channel(json!(null)).is_none());
    }

    #[test]
    fn what_this_repository_configures_asks_nobody_and_lets_nothing_pass() {
        let config: serde_json::Value = serde_json::from_str(include_str!("../../../tauri.conf.json")).unwrap();
        assert!(channel(config["plugins"]["updater"].clone()).is_none(), "the key comes when it is built");
        let plugin = &config["plugins"]["updater"];
        assert_eq!(plugin["requireSignedVersion"], true, "an older version under a new number");
        for danger in [
            "dangerousInsecureTransportProtocol",
            "dangerousAcceptInvalidCerts",
            "dangerousAcceptInvalidHostnames",
            "allowDowngrades",
        ] {
            assert!(plugin[danger].is_null(), "{danger}");
        }
    }

    #[test]
    fn a_person_is_led_to_https_alone() {
        let plain = json!({ "pubkey": "key", "endpoints": ["https://example.org/"], "page": "http://example.org/" });
        assert!(channel(plain).unwrap().page.is_none());
    }
}
