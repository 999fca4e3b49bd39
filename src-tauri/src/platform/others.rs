//! Windows and macOS.

use tauri::{AppHandle, Builder, Wry};
use tauri_plugin_autostart::ManagerExt;

/// Whether a tray icon is to be seen: these systems always have a place for it.
pub fn tray_is_seen() -> bool {
    true
}

/// Adds what starts the app with the system.
pub fn with_autostart(builder: Builder<Wry>, profile: Option<&str>) -> Builder<Wry> {
    let entry = tauri_plugin_autostart::Builder::new().app_name(super::entry_name(profile));
    builder.plugin(entry.args(super::entry_arguments(profile)).build())
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
