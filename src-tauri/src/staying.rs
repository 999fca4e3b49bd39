//! Staying when the window goes: closing to the tray, starting out of sight, starting with the system.

use std::sync::Arc;

use care4w_client::Problem;
use care4w_client::store::Store;
use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, Manager, WebviewWindow};
use tauri_plugin_window_state::AppHandleExt;

use crate::arguments::ProfileName;
use crate::tray::Tray;
use crate::{place, platform, window};

/// The store's key of the wish to close to the tray.
const CLOSE_TO_TRAY: &str = "desktop/closeToTray";

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
    profile: Option<String>,
}

impl Staying {
    /// As it was chosen before in this profile.
    pub fn new(store: Arc<dyn Store>, profile: Option<&ProfileName>) -> Self {
        Self { store, profile: profile.map(|profile| profile.as_str().to_owned()) }
    }

    fn close_to_tray(&self) -> bool {
        self.store.get(CLOSE_TO_TRAY).and_then(|value| value.as_bool()).unwrap_or(true)
    }

    /// Whether closing the window leaves the phone running in the tray, from now on.
    pub fn set_close_to_tray(&self, on: bool) -> Result<(), Problem> {
        self.store.set(CLOSE_TO_TRAY, on.into()).map_err(|error| Problem::new(error.code(), error.to_string()))
    }
}

/// How the app stays here. Asks the system: not on the window's thread.
pub fn desktop(app: &AppHandle) -> DesktopState {
    DesktopState {
        tray: tray_is_seen(app),
        close_to_tray: app.state::<Staying>().close_to_tray(),
        start_at_login: platform::starts_at_login(app, app.state::<Staying>().profile.as_deref()),
    }
}

/// Starts the app with the system from now on, or does not.
pub fn set_start_at_login(app: &AppHandle, on: bool) -> Result<(), Problem> {
    let staying = app.state::<Staying>();
    platform::set_start_at_login(app, staying.profile.as_deref(), on).map_err(|error| {
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
    place::note(app);
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
        if let Err(error) = app.save_window_state(place::PLACE) {
            tracing::debug!(%error, "the window's place is not remembered");
        }
        place::note(&app);
        if let Err(error) = window.hide() {
            tracing::warn!(%error, "the window could not go to the tray");
        }
    });
}
