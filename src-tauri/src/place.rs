//! Where the window was: the plugin remembers that of a window that is seen, and this that of one in the tray.

use std::path::PathBuf;
use std::sync::Mutex;

use tauri::{AppHandle, Manager};
use tauri_plugin_window_state::{AppHandleExt, StateFlags};

/// What of a window's place is remembered. Whether it is seen is decided by how the app is started.
pub const PLACE: StateFlags = StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED);

/// While the window is in the tray: what the file of its place held when it went. A window that is not seen has no
/// place, and the system puts it anywhere when it comes back.
#[derive(Default)]
pub struct PlaceInTray(Mutex<Option<Vec<u8>>>);

/// The window is out of sight: its place is the one that the file tells now.
pub fn note(app: &AppHandle) {
    let place = file_of_place(app).and_then(|file| std::fs::read(file).ok());
    *app.state::<PlaceInTray>().0.lock().expect("no one panics with the place locked") = place;
}

/// Whether the window comes back from the tray, and must be put where it was.
pub fn comes_back(app: &AppHandle) -> bool {
    app.state::<PlaceInTray>().0.lock().expect("no one panics with the place locked").take().is_some()
}

/// The app ends. If the window is in the tray, the place that it had is what is remembered.
pub fn keep(app: &AppHandle) {
    let place = app.state::<PlaceInTray>().0.lock().expect("no one panics with the place locked").take();
    let (Some(place), Some(file)) = (place, file_of_place(app)) else { return };
    if let Err(error) = std::fs::write(file, place) {
        tracing::debug!(%error, "the window's place is not remembered");
    }
}

fn file_of_place(app: &AppHandle) -> Option<PathBuf> {
    Some(app.path().app_config_dir().ok()?.join(app.filename()))
}
