//! New versions of the app.

use care4w_client::Problem;
use tauri::{AppHandle, State};

use crate::updates::{self, Updates, UpdatesState};

#[tauri::command]
#[specta::specta]
pub fn updates(updates: State<'_, Updates>) -> UpdatesState {
    updates.state()
}

#[tauri::command]
#[specta::specta]
pub async fn set_look_for_updates(updates: State<'_, Updates>, on: bool) -> Result<(), Problem> {
    updates.set_looks(on)
}

/// Looks now, whatever was chosen about looking by itself.
#[tauri::command]
#[specta::specta]
pub async fn look_for_updates(app: AppHandle) -> Result<UpdatesState, Problem> {
    updates::look(&app).await
}

/// Installs what was found, and starts it.
#[tauri::command]
#[specta::specta]
pub async fn install_update(app: AppHandle) -> Result<(), Problem> {
    updates::install(&app).await
}

/// Opens the page of new versions in the browser.
#[tauri::command]
#[specta::specta]
pub async fn open_updates_page(updates: State<'_, Updates>) -> Result<(), Problem> {
    updates.open_page()
}
