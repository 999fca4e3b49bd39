//! The sound of calls: hold, figures, what is chosen, and the test before the first call.

use care4w_client::Problem;
use care4w_client::app_state::{CallStats, SoundChange, SoundTest, SoundTestKind};
use tauri::State;

use super::{call_id, phone};
use crate::core::Core;

#[tauri::command]
#[specta::specta]
pub async fn call_hold(core: State<'_, Core>, call_id: String, held: bool) -> Result<(), Problem> {
    phone(&core).set_held(self::call_id(&call_id)?, held).await
}

#[tauri::command]
#[specta::specta]
pub async fn call_stats(core: State<'_, Core>) -> Result<Option<CallStats>, Problem> {
    Ok(phone(&core).call_stats().await)
}

#[tauri::command]
#[specta::specta]
pub async fn set_sound(core: State<'_, Core>, change: SoundChange) -> Result<(), Problem> {
    phone(&core).set_sound(change).await
}

#[tauri::command]
#[specta::specta]
pub async fn sound_test_start(core: State<'_, Core>, kind: SoundTestKind) -> Result<(), Problem> {
    phone(&core).sound_test_start(kind)
}

#[tauri::command]
#[specta::specta]
pub async fn sound_test_stop(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).sound_test_stop();
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn sound_test(core: State<'_, Core>) -> Result<Option<SoundTest>, Problem> {
    Ok(phone(&core).sound_test())
}
