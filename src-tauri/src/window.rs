//! The window.

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};

/// Its name in Tauri and in `capabilities/`.
pub const MAIN: &str = "main";

/// Opens the window: 400 × 680, no smaller than 340 × 520 (LOOK).
pub fn open(app: &AppHandle, minimized: bool) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Care4W")
        .inner_size(400.0, 680.0)
        .min_inner_size(340.0, 520.0)
        .data_directory(app.path().app_local_data_dir()?.join("webview"))
        .build()?;
    if minimized {
        window.minimize()?;
    }
    Ok(())
}

/// Brings the window to the front: somebody started the app again.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        for shown in [window.unminimize(), window.show(), window.set_focus()] {
            if let Err(error) = shown {
                tracing::debug!(%error, "the window could not be brought to the front");
            }
        }
    }
}
