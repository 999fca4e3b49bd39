//! How the app sits on the desktop: tray, start with the system, links.

use care4w_client::Problem;
use tauri::{AppHandle, State};

use super::phone;
use crate::core::Core;
use crate::staying::{self, DesktopState, Staying};

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let done = tauri::async_runtime::spawn_blocking(work).await;
    done.map_err(|_| Problem::new("INTERNAL", "Something went wrong. Try again."))
}

#[tauri::command]
#[specta::specta]
pub async fn desktop(app: AppHandle) -> Result<DesktopState, Problem> {
    apart(move || staying::desktop(&app)).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_close_to_tray(staying: State<'_, Staying>, on: bool) -> Result<(), Problem> {
    staying.set_close_to_tray(on)
}

#[tauri::command]
#[specta::specta]
pub async fn set_start_at_login(app: AppHandle, on: bool) -> Result<(), Problem> {
    apart(move || staying::set_start_at_login(&app, on)).await?
}

#[tauri::command]
#[specta::specta]
pub async fn set_call_links_at_once(core: State<'_, Core>, on: bool) -> Result<(), Problem> {
    phone(&core).set_call_links_at_once(on)
}
