//! The window.

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};
use tauri_plugin_window_state::WindowExt;

use crate::{links, place, platform};

/// Its name in Tauri and in `capabilities/`.
pub const MAIN: &str = "main";

/// Opens the window: 400 × 680 unless it had another place, no smaller than 340 × 520 (LOOK). One that is to be seen is so
/// from the start: on a desktop without a window manager nothing else gives it the focus. Closing it is left to `close`.
pub fn open(app: &AppHandle, visible: bool, close: fn(&WebviewWindow)) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Care4W")
        .inner_size(400.0, 680.0)
        .min_inner_size(340.0, 520.0)
        .visible(visible)
        .data_directory(app.path().app_local_data_dir()?.join("webview"));
    let window = links::confined(app, window).build()?;
    let closing = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            close(&closing);
        }
    });
    Ok(())
}

/// Whether the window is what the person works in now.
pub fn is_in_front(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN).is_some_and(|window| {
        window.is_focused().unwrap_or(false)
            && window.is_visible().unwrap_or(false)
            && !window.is_minimized().unwrap_or(false)
    })
}

/// Brings the window to the front: somebody started the app again, or asked the tray for it.
pub fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let comes_back = place::comes_back(app);
    // At once, before the system tells where it has put the window.
    let shown = app.run_on_main_thread(move || {
        let restored = || if comes_back { window.restore_state(place::PLACE) } else { Ok(()) };
        for shown in [window.unminimize(), window.show(), restored(), platform::bring_to_front(&window)] {
            if let Err(error) = shown {
                tracing::debug!(%error, "the window could not be brought to the front");
            }
        }
    });
    if let Err(error) = shown {
        tracing::debug!(%error, "the window could not be brought to the front");
    }
}

/// Shows the window where windows wait: the app started minimised, and there is no tray.
pub fn show_minimized(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        place::comes_back(app);
        for shown in [window.show(), window.minimize()] {
            if let Err(error) = shown {
                tracing::debug!(%error, "the window could not be minimised");
            }
        }
    }
}
