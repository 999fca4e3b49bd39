//! Linux, where a desktop may have no tray.

use zbus::blocking::{Connection, Proxy};

/// Whether a tray icon is to be seen: somebody on the session bus shows status-notifier items. Asks the bus: not to be
/// called where nothing may wait.
pub fn tray_is_seen() -> bool {
    let seen = || -> zbus::Result<bool> {
        let bus = Connection::session()?;
        let watcher = "org.kde.StatusNotifierWatcher";
        let watcher = Proxy::new(&bus, watcher, "/StatusNotifierWatcher", watcher)?;
        watcher.get_property("IsStatusNotifierHostRegistered")
    };
    seen().unwrap_or_else(|error| {
        tracing::debug!(%error, "there is no tray here");
        false
    })
}
