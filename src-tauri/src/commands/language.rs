//! Which language the window and the tray speak.

use care4w_client::Problem;
use tauri::{AppHandle, Manager, State};

use crate::core::Core;
use crate::messages::{self, Language, SpokenLanguage};
use crate::tray::Tray;

#[tauri::command]
#[specta::specta]
pub fn language(core: State<'_, Core>) -> SpokenLanguage {
    messages::speak(core.store().as_ref())
}

/// Speaks this language from now on; with none, the system's.
#[tauri::command]
#[specta::specta]
pub async fn set_language(
    app: AppHandle,
    core: State<'_, Core>,
    language: Option<Language>,
) -> Result<SpokenLanguage, Problem> {
    let spoken = messages::choose(core.store().as_ref(), language);
    app.state::<Tray>().show(&app, &core.state());
    spoken
}
