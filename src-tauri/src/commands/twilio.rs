//! Which calls go over Twilio, and calls between two telephones.

use care4w_client::Problem;
use tauri::State;

use super::phone;
use crate::core::Core;

#[tauri::command]
#[specta::specta]
pub async fn set_free_calls(core: State<'_, Core>, on: bool) -> Result<(), Problem> {
    phone(&core).set_free_calls(on)
}

#[tauri::command]
#[specta::specta]
pub async fn ring_my_phone(core: State<'_, Core>, text: String, country: String) -> Result<(), Problem> {
    phone(&core).ring_my_phone(&text, Some(&country)).await
}

#[tauri::command]
#[specta::specta]
pub async fn ring_cancel(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).ring_cancel().await
}

#[tauri::command]
#[specta::specta]
pub async fn ring_dismiss(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).ring_dismiss();
    Ok(())
}
