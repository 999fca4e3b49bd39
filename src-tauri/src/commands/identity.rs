//! Who one is, who may find one, whom one has blocked, and the end of it all.

use care4w_client::Problem;
use care4w_client::app_state::{BlockedPerson, Discoverable};
use serde::Deserialize;
use specta::Type;
use tauri::State;

use super::phone;
use crate::core::Core;

/// A change of password.
#[derive(Deserialize, Type)]
pub struct PasswordInput {
    current: String,
    next: String,
}

#[tauri::command]
#[specta::specta]
pub async fn set_display_name(core: State<'_, Core>, name: String) -> Result<(), Problem> {
    phone(&core).set_display_name(&name).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_discoverable(core: State<'_, Core>, discoverable: Discoverable) -> Result<(), Problem> {
    phone(&core).set_discoverable(discoverable).await
}

#[tauri::command]
#[specta::specta]
pub async fn blocked(core: State<'_, Core>) -> Result<Vec<BlockedPerson>, Problem> {
    phone(&core).blocked().await
}

#[tauri::command]
#[specta::specta]
pub async fn block(
    core: State<'_, Core>,
    care4w_id: String,
    name: Option<String>,
) -> Result<Vec<BlockedPerson>, Problem> {
    phone(&core).block(&care4w_id, name).await
}

#[tauri::command]
#[specta::specta]
pub async fn unblock(core: State<'_, Core>, care4w_id: String) -> Result<Vec<BlockedPerson>, Problem> {
    phone(&core).unblock(&care4w_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn change_password(core: State<'_, Core>, input: PasswordInput) -> Result<(), Problem> {
    phone(&core).change_password(input.current, input.next).await
}

#[tauri::command]
#[specta::specta]
pub async fn forgot_password(core: State<'_, Core>, email: String) -> Result<(), Problem> {
    phone(&core).forgot_password(&email).await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub async fn sign_out_everywhere(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).sign_out_everywhere().await
}

#[tauri::command]
#[specta::specta]
pub async fn delete_account(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).delete_account().await
}
