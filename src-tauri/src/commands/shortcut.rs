//! Keys that work in every program.

use care4w_client::Problem;
use tauri::{AppHandle, Manager, State};

use crate::shortcut::{Shortcut, ShortcutState};

#[tauri::command]
#[specta::specta]
pub fn shortcut(shortcut: State<'_, Shortcut>) -> ShortcutState {
    shortcut.state()
}

/// Takes these keys from now on, or gives them back.
#[tauri::command]
#[specta::specta]
pub async fn set_shortcut(app: AppHandle, on: bool, keys: String) -> Result<ShortcutState, Problem> {
    // It waits for the window's thread.
    let set = tauri::async_runtime::spawn_blocking(move || app.state::<Shortcut>().set(&app, on, &keys)).await;
    set.map_err(|_| Problem::new("INTERNAL", "The keys could not be changed."))?
}
