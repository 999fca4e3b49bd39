//! The report for whoever helps.

use care4w_client::Problem;
use tauri::{AppHandle, Manager};

use crate::diagnostics::Report;
use crate::export;

/// Writes the report: plain text, which names nobody.
#[tauri::command]
#[specta::specta]
pub async fn diagnostics(app: AppHandle) -> Result<String, Problem> {
    let written = tauri::async_runtime::spawn_blocking(move || app.state::<Report>().write(&app)).await;
    written.map_err(|_| Problem::new("INTERNAL", "The report could not be written."))
}

/// Saves the report as it was shown last, and gives the file's path.
#[tauri::command]
#[specta::specta]
pub async fn diagnostics_save(app: AppHandle) -> Result<String, Problem> {
    let saved =
        tauri::async_runtime::spawn_blocking(move || export::write_report(&app, &app.state::<Report>().shown())).await;
    saved.map_err(|_| Problem::new("INTERNAL", "The report could not be saved."))?
}
