//! Keys that work in every program and bring the number that is selected there into the dialler. Off until the person
//! wants it. Nothing is copied for them: what they selected, or copied themselves, is read when they press the keys.

use std::sync::{Arc, Mutex, mpsc};

use care4w_client::Problem;
use care4w_client::store::Store;
use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, Manager, Wry};
use tauri_plugin_global_shortcut::{Builder, GlobalShortcut, Modifiers, Shortcut as Keys, ShortcutState as Stroke};

use crate::core::Core;
use crate::{platform, window};

/// The store's key of whether it is wanted.
const ON: &str = "desktop/shortcut";
/// The store's key of which keys they are.
const KEYS: &str = "desktop/shortcutKeys";
/// P as in phone. No desktop that we know of uses it.
const DEFAULT_KEYS: &str = "Control+Alt+KeyP";

/// Where the number comes from when the keys are pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "each system makes one of these")]
pub enum ShortcutSource {
    /// From what is selected.
    Selection,
    /// From what was copied: this system shows nobody what is selected elsewhere.
    Clipboard,
    /// There are no such keys here: Wayland gives none to a program by itself.
    Nothing,
}

/// How it stands with the keys.
#[derive(Clone, Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ShortcutState {
    /// Where the number comes from.
    source: ShortcutSource,
    /// Whether they are wanted.
    on: bool,
    /// Which they are: `Control+Alt+KeyP`, the last of them by its place on the keyboard (UI Events KeyboardEvent code).
    keys: String,
    /// Why they do nothing although they are wanted.
    problem: Option<Problem>,
}

/// The keys, as they were chosen.
pub struct Shortcut {
    store: Arc<dyn Store>,
    problem: Mutex<Option<Problem>>,
}

impl Shortcut {
    /// Takes the keys, if that is wanted. Who has them already is found out beside the start.
    pub fn open(app: &AppHandle, store: Arc<dyn Store>) -> Self {
        let shortcut = Self { store, problem: Mutex::new(None) };
        let (on, keys) = shortcut.chosen();
        if on && platform::shortcut_source() != ShortcutSource::Nothing {
            let app = app.clone();
            std::thread::spawn(move || {
                let taken = take(&app, &keys);
                app.state::<Self>().says(taken.err());
            });
        }
        shortcut
    }

    fn chosen(&self) -> (bool, String) {
        let on = self.store.get(ON).and_then(|value| value.as_bool()).unwrap_or(false);
        let keys = self.store.get(KEYS).and_then(|value| value.as_str().map(str::to_owned));
        (on, keys.unwrap_or_else(|| DEFAULT_KEYS.to_owned()))
    }

    fn says(&self, problem: Option<Problem>) {
        *self.problem.lock().expect("no one panics with the problem locked") = problem;
    }

    /// How it stands.
    pub fn state(&self) -> ShortcutState {
        let (on, keys) = self.chosen();
        let problem = self.problem.lock().expect("no one panics with the problem locked").clone();
        ShortcutState { source: platform::shortcut_source(), on, keys, problem }
    }

    /// Takes these keys from now on, or gives them back. Keys that cannot be had leave everything as it was.
    ///
    /// # Errors
    /// `SHORTCUT_UNREADABLE` for what is no combination of keys, or one that typing needs; `SHORTCUT_TAKEN` where another
    /// program has it; `NOT_AVAILABLE` on Wayland; `STORE_NOT_WRITTEN` when it holds for this run alone.
    pub fn set(&self, app: &AppHandle, on: bool, keys: &str) -> Result<ShortcutState, Problem> {
        let read = read(keys)?;
        if on && platform::shortcut_source() == ShortcutSource::Nothing {
            return Err(Problem::new("NOT_AVAILABLE", "This desktop gives no keys to a program by itself."));
        }
        let (was_on, before) = self.chosen();
        give_back(app, &before);
        if on && let Err(problem) = take(app, &read.into_string()) {
            if was_on {
                self.says(take(app, &before).err());
            }
            return Err(problem);
        }
        self.says(None);
        for kept in [self.store.set(ON, on.into()), self.store.set(KEYS, read.into_string().into())] {
            kept.map_err(|error| Problem::new(error.code(), error.to_string()))?;
        }
        Ok(self.state())
    }
}

/// Reads a combination. One without Control, Alt or Super is what people type texts with.
fn read(keys: &str) -> Result<Keys, Problem> {
    let read = keys.parse::<Keys>().ok();
    read.filter(|keys| keys.mods.intersects(Modifiers::CONTROL | Modifiers::ALT | Modifiers::SUPER)).ok_or_else(|| {
        Problem::new("SHORTCUT_UNREADABLE", "Choose keys together with Ctrl, Alt or the key of the system.")
    })
}

fn take(app: &AppHandle, keys: &str) -> Result<(), Problem> {
    let keys = read(keys)?;
    let taken = plugged_in(app).and_then(|()| {
        let shortcuts = app.state::<GlobalShortcut<Wry>>();
        let pressed = |app: &AppHandle, _: &Keys, event: tauri_plugin_global_shortcut::ShortcutEvent| {
            if event.state == Stroke::Pressed {
                let app = app.clone();
                // Whoever holds the selection may take their time.
                std::thread::spawn(move || dial_selected(&app));
            }
        };
        Ok(shortcuts.on_shortcut(keys, pressed)?)
    });
    taken.map_err(|error| {
        tracing::warn!(%error, "the keys of the whole desktop can't be had");
        Problem::new("SHORTCUT_TAKEN", "Another program has these keys. Choose others.")
    })
}

fn give_back(app: &AppHandle, keys: &str) {
    let Some(shortcuts) = app.try_state::<GlobalShortcut<Wry>>() else { return };
    if let Err(error) = shortcuts.unregister_all() {
        tracing::warn!(%error, "the keys of the whole desktop can't be given back");
    }
    // Under X11 the library does not send that off before it has something to ask of the display (global-hotkey 0.8), and other programs
    // would not get the keys until then. To give them back again begins with a question; other systems may call it an error.
    if let Ok(keys) = read(keys) {
        shortcuts.unregister(keys).ok();
    }
}

/// The plugin looks for keys twenty times a second as long as it is there: only for who wants it.
fn plugged_in(app: &AppHandle) -> Result<(), Box<dyn std::error::Error>> {
    if app.try_state::<GlobalShortcut<Wry>>().is_some() {
        return Ok(());
    }
    let (done, plugged) = mpsc::channel();
    let handle = app.clone();
    // A Mac wants it made where the windows are.
    app.run_on_main_thread(move || {
        done.send(handle.plugin(Builder::new().build())).ok();
    })?;
    Ok(plugged.recv()??)
}

fn dial_selected(app: &AppHandle) {
    let text = platform::selected_text().unwrap_or_default();
    // A number may be broken over two lines; a link may not.
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    window::show(app);
    app.state::<Core>().phone().offer_destination(&line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_typing_needs_are_left_alone() {
        for keys in ["KeyP", "Shift+KeyP", "", "Control", "Control+", "Control+Nonsense", "KeyP+Control+KeyQ"] {
            assert_eq!(read(keys).unwrap_err().code, "SHORTCUT_UNREADABLE", "{keys}");
        }
        for keys in [DEFAULT_KEYS, "Alt+F9", "Control+Shift+Digit1", "Super+Space"] {
            assert!(read(keys).is_ok(), "{keys}");
        }
    }

    #[test]
    fn keys_are_kept_as_they_are_read() {
        let kept = read("alt+CONTROL+KeyP").unwrap().into_string();
        assert_eq!(read(&kept).unwrap(), read(DEFAULT_KEYS).unwrap());
    }
}
