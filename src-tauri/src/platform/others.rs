//! Windows and macOS.

use tauri::{AppHandle, Builder, Manager, WebviewWindow, WebviewWindowBuilder, Wry};
use tauri_plugin_autostart::ManagerExt;

use crate::shortcut::ShortcutSource;

use crate::notification::{self, Choice, Notification, Topic};
use crate::window;

/// Whether a tray icon is to be seen: these systems always have a place for it.
pub fn tray_is_seen() -> bool {
    true
}

/// Nothing is to be said to these systems' web views.
pub fn set_up_web_view() {}

/// Opens an address in the browser.
pub fn open_in_browser(address: &str) -> std::io::Result<()> {
    open::that_detached(address)
}

/// Brings a window to the front.
pub fn bring_to_front(window: &WebviewWindow) -> tauri::Result<()> {
    window.set_focus()
}

/// Adds what starts the app with the system.
pub fn with_autostart(builder: Builder<Wry>, profile: Option<&str>) -> Builder<Wry> {
    let entry = tauri_plugin_autostart::Builder::new().app_name(super::entry_name(profile));
    builder.plugin(entry.args(super::entry_arguments(profile)).build())
}

/// The window as it is: on Windows the page itself is asked for over something like a network, and on macOS a proxy wants its newest
/// version. The content policy holds on both.
pub fn without_network<'a>(
    window: WebviewWindowBuilder<'a, Wry, AppHandle>,
) -> WebviewWindowBuilder<'a, Wry, AppHandle> {
    window
}

/// Whether the app may put a new version in its own place: here there is no package manager that brought it.
pub fn replaces_itself(_app: &AppHandle) -> bool {
    true
}

/// The system.
pub fn system_name() -> String {
    std::env::consts::OS.to_owned()
}

/// The desktop, which is the system's.
pub fn desktop_name() -> String {
    system_name()
}

/// Where the number comes from when the keys of the whole desktop are pressed: what is selected elsewhere would have to be
/// copied behind the person's back.
pub fn shortcut_source() -> ShortcutSource {
    ShortcutSource::Clipboard
}

/// What was copied last.
pub fn selected_text() -> Option<String> {
    arboard::Clipboard::new().and_then(|mut clipboard| clipboard.get_text()).ok()
}

/// Whether the app starts with the system; none: that cannot be told.
pub fn starts_at_login(app: &AppHandle, _profile: Option<&str>) -> Option<bool> {
    app.autolaunch().is_enabled().ok()
}

/// Starts the app with the system from now on, or does not.
pub fn set_start_at_login(app: &AppHandle, _profile: Option<&str>, on: bool) -> Result<(), Box<dyn std::error::Error>> {
    let autostart = app.autolaunch();
    Ok(if on { autostart.enable() } else { autostart.disable() }?)
}

/// Tauri's word that it shall not be focused is enough here.
pub fn leave_keyboard_alone(_window: &WebviewWindow) {}

/// What is shown outside of the windows.
///
/// The libraries that are kept for these systems cannot take a notification back, and one of a call must go with the
/// call: there the ring window alone tells of it. What was missed stays true, and is told.
pub struct Desktop(AppHandle);

impl Desktop {
    /// Shows nothing yet.
    pub fn open(app: &AppHandle) -> Self {
        Self(app.clone())
    }

    /// Has the system tell something.
    pub fn tell(&self, notification: Notification) {
        if notification.topic == Topic::Call {
            return;
        }
        let app = self.0.clone();
        // It waits for what is chosen.
        std::thread::spawn(move || {
            let mut shown = notify_rust::Notification::new();
            shown.summary(&notification.title).body(&notification.body).appname("Care4W");
            #[cfg(windows)]
            shown.app_id(&app.config().identifier);
            for (_, words) in &notification.choices {
                // A Mac gives back the words, and Windows what stands before them.
                shown.action(words, words);
            }
            let about = notification.about.clone();
            let told = shown.show().map(|handle| {
                handle.wait_for_action(|key| {
                    let choice =
                        notification.choices.iter().find(|(_, words)| *words == key).map(|(choice, _)| *choice);
                    match choice {
                        Some(choice) => notification::choose(&app, &about, choice),
                        None if key == "default" => notification::choose(&app, &about, Choice::Open),
                        None => {}
                    }
                });
            });
            if let Err(error) = told {
                tracing::debug!(%error, "the system told nothing");
            }
        });
    }

    /// What is told of a topic holds no more: it goes by itself here.
    pub fn take_back(&self, _topic: Topic) {}

    /// Shows a count on the app's icon; with 0 none. Windows has a place for a picture only, and the tray has one.
    pub fn set_badge(&self, count: u32) {
        let count = (count > 0).then_some(i64::from(count));
        let Some(window) = self.0.get_webview_window(window::MAIN) else { return };
        if let Err(error) = window.set_badge_count(count) {
            tracing::debug!(%error, "no count is shown on the icon");
        }
    }
}
