//! Which calls go over Twilio.

use care4w_client::Problem;
use tauri::State;

use super::phone;
use crate::core::Core;

#[tauri::command]
#[specta::specta]
pub async fn set_free_calls(core: State<'_, Core>, on: bool) -> Result<(), Problem> {
    phone(&core).set_free_calls(on)
}
