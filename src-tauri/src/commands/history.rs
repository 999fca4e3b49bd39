//! The calls that were.

use care4w_client::Problem;
use care4w_client::history::{HistoryCall, HistoryCursor, KnownPeer};
use tauri::{AppHandle, State};

use super::phone;
use crate::core::Core;
use crate::export;

#[tauri::command]
#[specta::specta]
pub async fn history(
    core: State<'_, Core>,
    search: String,
    before: Option<HistoryCursor>,
) -> Result<Vec<HistoryCall>, Problem> {
    phone(&core).history(&search, before.as_ref()).await
}

#[tauri::command]
#[specta::specta]
pub async fn history_suggest(core: State<'_, Core>, typed: String) -> Result<Vec<KnownPeer>, Problem> {
    phone(&core).suggest(&typed).await
}

#[tauri::command]
#[specta::specta]
pub async fn history_seen(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).history_seen().await
}

#[tauri::command]
#[specta::specta]
pub async fn history_clear(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).history_clear().await
}

/// Writes all calls into a file, and gives its path.
#[tauri::command]
#[specta::specta]
pub async fn history_export(app: AppHandle, core: State<'_, Core>) -> Result<String, Problem> {
    let table = phone(&core).history_table().await?;
    let written = tauri::async_runtime::spawn_blocking(move || export::write_calls(&app, &table)).await;
    written.map_err(|_| Problem::new("INTERNAL", "The calls could not be written."))?
}
