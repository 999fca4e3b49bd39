//! The words that the system shows for the app (tray, notifications), out of the window's own message files, in the
//! language that the window speaks.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU8, Ordering};

use care4w_client::Problem;
use care4w_client::locale;
use care4w_client::store::Store;
use serde::{Deserialize, Serialize};
use specta::Type;

/// The store's key of the language that was chosen.
const CHOSEN: &str = "desktop/language";

/// A language that there is a message file of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// Kiswahili.
    Sw,
}

type Messages = HashMap<String, String>;

static MESSAGES: LazyLock<[Messages; 3]> = LazyLock::new(|| {
    [
        include_str!("../../ui/src/messages/en.json"),
        include_str!("../../ui/src/messages/fr.json"),
        include_str!("../../ui/src/messages/sw.json"),
    ]
    .map(|file| serde_json::from_str(file).expect("a message file is an object of texts"))
});

/// What this process speaks: an index into [`Language::ALL`]. One window, one tray, one language.
static SPOKEN: AtomicU8 = AtomicU8::new(0);

impl Language {
    const ALL: [Self; 3] = [Self::En, Self::Fr, Self::Sw];

    /// The first of these BCP 47 tags that we speak; English where there is none.
    fn first_of(tags: &[String]) -> Self {
        let spoken = |tag: &String| match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "fr" => Some(Self::Fr),
            "sw" => Some(Self::Sw),
            _ => None,
        };
        tags.iter().find_map(spoken).unwrap_or(Self::En)
    }

    /// The message of a key; the key itself where there is none.
    fn say(self, key: &'static str) -> &'static str {
        MESSAGES[self as usize].get(key).map_or(key, String::as_str)
    }

    /// What everything is said in now.
    pub fn spoken() -> Self {
        Self::ALL[usize::from(SPOKEN.load(Ordering::Relaxed))]
    }
}

/// The message of a key in the language of the window; the key itself where there is none.
pub fn say(key: &'static str) -> &'static str {
    Language::spoken().say(key)
}

/// Which language is spoken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SpokenLanguage {
    /// What everything is said in.
    now: Language,
    /// What was chosen over the system's.
    chosen: Option<Language>,
    /// The languages of the system as BCP 47 tags, the most wanted first.
    system: Vec<String>,
}

impl SpokenLanguage {
    fn of(chosen: Option<Language>, system: Vec<String>) -> Self {
        Self { now: chosen.unwrap_or_else(|| Language::first_of(&system)), chosen, system }
    }
}

/// Speaks as was chosen before in this profile, else as the system does; says which language that is.
pub fn speak(store: &dyn Store) -> SpokenLanguage {
    let chosen = store.get(CHOSEN).and_then(|value| serde_json::from_value(value).ok());
    let spoken = SpokenLanguage::of(chosen, locale::languages());
    SPOKEN.store(spoken.now as u8, Ordering::Relaxed);
    spoken
}

/// Speaks this language from now on and in later runs; with none, the system's.
pub fn choose(store: &dyn Store, language: Option<Language>) -> Result<SpokenLanguage, Problem> {
    let kept = store.set(CHOSEN, serde_json::to_value(language).unwrap_or_default());
    let spoken = speak(store);
    kept.map_err(|error| Problem::new(error.code(), error.to_string()))?;
    Ok(spoken)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use care4w_client::store::MemoryStore;

    use super::*;

    fn sources() -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/src");
        let mut folders = vec![folder];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
                }
            }
        }
        found
    }

    #[test]
    fn every_word_that_the_system_shows_is_in_each_message_file() {
        let mut keys = 0;
        for (file, source) in sources() {
            for key in source.split("say(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                keys += 1;
                for messages in MESSAGES.iter() {
                    assert!(messages.contains_key(key), "{file}: {key}");
                }
            }
        }
        assert!(keys >= 5, "{keys}");
    }

    /// What of Tauri's and the system's takes words that a person reads.
    const SHOWN: [&str; 7] =
        ["MenuItem::new(", "MenuItem::with_id(", ".set_text(", ".set_tooltip(", ".summary(", ".body(", ".action("];

    #[test]
    fn what_the_system_shows_stands_in_no_source() {
        for (file, source) in sources() {
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            for shown in SHOWN {
                for call in source.split(shown).skip(1) {
                    let words = call.split(';').next().unwrap_or_default().split('"').skip(1).step_by(2);
                    let literal = words.filter(|text| text.split(' ').filter(|word| is_word(word)).count() > 1);
                    assert_eq!(literal.collect::<Vec<_>>(), [""; 0], "{file}, {shown}");
                }
            }
        }
    }

    fn is_word(text: &str) -> bool {
        text.len() > 1 && text.chars().all(char::is_alphabetic)
    }

    #[test]
    fn the_first_language_of_the_system_that_we_speak_is_spoken() {
        let first = |tags: &[&str]| Language::first_of(&tags.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(first(&["sw-KE", "en-KE"]), Language::Sw);
        assert_eq!(first(&["de-DE", "fr"]), Language::Fr);
        assert_eq!(first(&["de-DE"]), Language::En);
        assert_eq!(first(&[]), Language::En);
    }

    #[test]
    fn what_was_chosen_counts_before_the_system_and_is_remembered() {
        let spoken = SpokenLanguage::of(Some(Language::Sw), vec!["fr-FR".into()]);
        assert_eq!((spoken.now, spoken.chosen), (Language::Sw, Some(Language::Sw)));
        assert_eq!(SpokenLanguage::of(None, vec!["fr-FR".into()]).now, Language::Fr);

        let store = MemoryStore::default();
        assert_eq!(choose(&store, Some(Language::Sw)).unwrap().chosen, Some(Language::Sw));
        assert_eq!(speak(&store).now, Language::Sw);
        assert_eq!(choose(&store, None).unwrap().chosen, None);
        store.set(CHOSEN, "klingon".into()).unwrap();
        assert_eq!(speak(&store).chosen, None, "a file that somebody changed");
    }

    #[test]
    fn the_tray_is_labelled_in_each_language() {
        let said = Language::ALL.map(|language| language.say("tray.quit"));
        assert!(said.iter().all(|words| words.contains("Care4W")), "{said:?}");
        assert!(said[0] != said[1] && said[1] != said[2], "{said:?}");
    }
}
