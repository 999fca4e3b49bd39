//! Staying when the window goes: closing to the tray, starting out of sight, starting with the system.

use std::sync::Arc;

use care4w_client::Problem;
use care4w_client::store::Store;
use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, Manager, WebviewWindow};
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_window_state::{AppHandleExt, StateFlags};

use crate::arguments::ProfileName;
use crate::platform;
use crate::tray::Tray;
use crate::window;

/// The store's key of the wish to close to the tray.
const CLOSE_TO_TRAY: &str = "desktop/closeToTray";

/// What of a window's place is remembered. Whether it is seen is decided by how the app is started.
pub const PLACE: StateFlags = StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED);

/// How the app stays on this desktop.
#[derive(Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DesktopState {
    /// Whether a tray icon is to be seen here. Without one, closing the window quits.
    tray: bool,
    /// Whether closing the window leaves the phone running in the tray.
    close_to_tray: bool,
    /// Whether the app starts with the system; none: that cannot be told here.
    start_at_login: Option<bool>,
}

/// What was chosen about staying.
pub struct Staying {
    store: Arc<dyn Store>,
}

impl Staying {
    /// As it was chosen before.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    fn close_to_tray(&self) -> bool {
        self.store.get(CLOSE_TO_TRAY).and_then(|value| value.as_bool()).unwrap_or(true)
    }

    /// Whether closing the window leaves the phone running in the tray, from now on.
    pub fn set_close_to_tray(&self, on: bool) -> Result<(), Problem> {
        self.store.set(CLOSE_TO_TRAY, on.into()).map_err(|error| Problem::new(error.code(), error.to_string()))
    }
}

/// The plugin that starts the app with the system: a profile of its own has an entry of its own.
pub fn autostart(profile: Option<&ProfileName>) -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let builder = tauri_plugin_autostart::Builder::new().arg("--minimized");
    match profile {
        None => builder.app_name("care4w").build(),
        Some(profile) => {
            builder.app_name(format!("care4w-{}", profile.as_str())).args(["--profile", profile.as_str()]).build()
        }
    }
}

/// How the app stays here. Asks the system: not on the window's thread.
pub fn desktop(app: &AppHandle) -> DesktopState {
    DesktopState {
        tray: tray_is_seen(app),
        close_to_tray: app.state::<Staying>().close_to_tray(),
        start_at_login: app.autolaunch().is_enabled().ok(),
    }
}

/// Starts the app with the system from now on, or does not.
pub fn set_start_at_login(app: &AppHandle, on: bool) -> Result<(), Problem> {
    let autostart = app.autolaunch();
    let done = if on { autostart.enable() } else { autostart.disable() };
    done.map_err(|error| {
        tracing::warn!(%error, "starting with the system could not be changed");
        Problem::new("NOT_AVAILABLE", "This system doesn't let Care4W start by itself.")
    })
}

fn tray_is_seen(app: &AppHandle) -> bool {
    app.state::<Tray>().is_there() && platform::tray_is_seen()
}

/// Shows the window that was opened out of sight; or, of an app that starts minimised, leaves it in the tray, where there
/// is one.
pub fn appear(app: &AppHandle, minimized: bool) {
    if !minimized {
        window::show(app);
        return;
    }
    let app = app.clone();
    std::thread::spawn(move || {
        if !tray_is_seen(&app) {
            window::show_minimized(&app);
        }
    });
}

/// The window is to close: it goes to the tray, or takes the app with it. A window that cannot be brought back must not
/// go anywhere, so the tray is asked for each time.
pub fn close(window: &WebviewWindow) {
    let (app, window) = (window.app_handle().clone(), window.clone());
    std::thread::spawn(move || {
        if !(app.state::<Staying>().close_to_tray() && tray_is_seen(&app)) {
            app.exit(0);
            return;
        }
        // A window that is not seen has no place.
        if let Err(error) = app.save_window_state(PLACE) {
            tracing::debug!(%error, "the window's place is not remembered");
        }
        if let Err(error) = window.hide() {
            tracing::warn!(%error, "the window could not go to the tray");
        }
    });
}
