//! What the core tells the window.

use care4w_client::AppState;
use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, Manager};
use tauri_specta::Event;

use crate::being_called::BeingCalled;
use crate::core::Core;
use crate::tray::Tray;

/// The whole picture, whenever something in it changed.
#[derive(Clone, Debug, Serialize, Type, Event)]
pub struct StateChanged(pub AppState);

/// Sends every new picture to the window, of whichever phone there is. Ends the app on SIGTERM, so that a call is
/// hung up.
pub fn forward(app: &AppHandle) {
    let handle = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut phones = handle.state::<Core>().phones();
        loop {
            let phone = phones.borrow_and_update().clone();
            let (mut state, mut missed) = (phone.state(), phone.missed_calls());
            loop {
                let picture = state.borrow_and_update().clone();
                handle.state::<Tray>().show(&handle, &picture);
                handle.state::<BeingCalled>().follow(&handle, &picture);
                if let Err(error) = StateChanged(picture).emit(&handle) {
                    tracing::debug!(%error, "the window did not get a picture");
                }
                tokio::select! {
                    changed = state.changed() => if changed.is_err() { break },
                    // Of more than can be told at once the last ones are.
                    call = missed.recv() => if let Ok(call) = call {
                        handle.state::<BeingCalled>().missed(&call, &state.borrow());
                    },
                    changed = phones.changed() => {
                        if changed.is_err() { return; }
                        break;
                    }
                }
            }
        }
    });
    #[cfg(unix)]
    {
        let handle = app.clone();
        tauri::async_runtime::spawn(async move {
            use tokio::signal::unix::{SignalKind, signal};
            if let Ok(mut terminate) = signal(SignalKind::terminate()) {
                terminate.recv().await;
                handle.exit(0);
            }
        });
    }
}
