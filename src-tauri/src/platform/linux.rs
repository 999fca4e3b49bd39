//! Linux, where a desktop may have no tray.

mod desktop;
mod web_view;

use std::path::{Path, PathBuf};
use std::{fs, io};

use arboard::{Clipboard, GetExtLinux as _, LinuxClipboardKind};
use gtk::prelude::{Cast as _, GtkWindowExt as _, WidgetExt as _};
use tauri::{AppHandle, Builder, Manager, WebviewWindow, WebviewWindowBuilder, Wry};
use zbus::blocking::{Connection, Proxy};

pub use desktop::Desktop;
pub use web_view::{open_in_browser, set_up_web_view};

use crate::shortcut::ShortcutSource;

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

/// Has a window that is not shown yet come up without the keyboard (EWMH: `_NET_WM_USER_TIME` 0). Tauri only says that it
/// takes no input until it is painted, and a window manager may give it the focus then.
pub fn leave_keyboard_alone(window: &WebviewWindow) {
    match window.gtk_window() {
        Ok(window) => window.set_focus_on_map(false),
        Err(error) => tracing::debug!(%error, "the window may take the keyboard"),
    }
}

/// Brings a window to the front, as somebody asked for it just now. Tauri does not say when that was, and window managers that keep
/// windows from coming up by themselves (xfwm4 is one) take it for something older than the last key that was pressed elsewhere.
pub fn bring_to_front(window: &WebviewWindow) -> tauri::Result<()> {
    let shown = window.gtk_window()?;
    match shown.window().and_then(|surface| surface.downcast::<gdkx11::X11Window>().ok()) {
        Some(surface) => {
            shown.present_with_time(gdkx11::functions::x11_get_server_time(&surface));
            Ok(())
        }
        None => window.set_focus(),
    }
}

/// Nothing is to be added: the entry is a file. Tauri's own plugin writes it below HOME wherever the settings are, and
/// a path with a space as two words.
pub fn with_autostart(builder: Builder<Wry>, _profile: Option<&str>) -> Builder<Wry> {
    builder
}

/// A window whose web view reaches no network, whatever is in it: all of it goes to a proxy that is not there. WebKit connects to where a
/// link leads when it is pressed, and no content policy forbids that. The app's own page and its commands are no network.
pub fn without_network<'a>(
    window: WebviewWindowBuilder<'a, Wry, AppHandle>,
) -> WebviewWindowBuilder<'a, Wry, AppHandle> {
    // The port "discard" (RFC 863), below those that anybody may listen on.
    window.proxy_url(tauri::Url::parse("socks5://127.0.0.1:9").expect("a literal address"))
}

/// Whether the app may put a new version in its own place: as an AppImage, which is a file of the person's. What came in a package is
/// the package manager's, and what was built from sources is whose sources they are.
pub fn replaces_itself(app: &AppHandle) -> bool {
    // Where an AppImage's own starter mounts what is in it. The variable alone may have come from another program.
    let mounted = std::env::temp_dir().join(".mount_").display().to_string();
    let runs = std::env::current_exe().is_ok_and(|program| program.display().to_string().starts_with(&mounted));
    runs && app.env().appimage.is_some()
}

/// The distribution and its version (os-release).
pub fn system_name() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    format!("Linux, {}", name.unwrap_or("unknown").trim_matches('"'))
}

/// The desktop, and what draws its windows.
pub fn desktop_name() -> String {
    let says = |name| std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
    format!("{}, {}", says("XDG_CURRENT_DESKTOP"), says("XDG_SESSION_TYPE"))
}

/// Where the number comes from when the keys of the whole desktop are pressed. X11 gives such keys to whoever asks, and shows what
/// is selected; Wayland does neither.
pub fn shortcut_source() -> ShortcutSource {
    let says = |name: &str, what: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| what(&value));
    let wayland =
        says("WAYLAND_DISPLAY", |value| !value.is_empty()) || says("XDG_SESSION_TYPE", |kind| kind == "wayland");
    if wayland { ShortcutSource::Nothing } else { ShortcutSource::Selection }
}

/// What is selected in whichever program: the primary selection of X11. Waits for that program.
pub fn selected_text() -> Option<String> {
    let read = || Clipboard::new()?.get().clipboard(LinuxClipboardKind::Primary).text();
    read().inspect_err(|error| tracing::debug!(%error, "nothing is selected")).ok()
}

/// Whether the app starts with the system; none: that cannot be told.
pub fn starts_at_login(app: &AppHandle, profile: Option<&str>) -> Option<bool> {
    Some(entry(app, profile).ok()?.is_file())
}

/// Starts the app with the system from now on, or does not (XDG Desktop Application Autostart).
pub fn set_start_at_login(app: &AppHandle, profile: Option<&str>, on: bool) -> Result<(), Box<dyn std::error::Error>> {
    let entry = entry(app, profile)?;
    if !on {
        return match fs::remove_file(entry) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        };
    }
    let program = app.env().appimage.map_or_else(std::env::current_exe, |image| Ok(image.into()))?;
    let command = command_line(&program, &super::entry_arguments(profile)).ok_or("the program's path is no text")?;
    fs::create_dir_all(entry.parent().ok_or("an entry lies in a folder")?)?;
    let text = format!("[Desktop Entry]\nType=Application\nName=Care4W\nExec={command}\nTerminal=false\n");
    Ok(fs::write(entry, text)?)
}

fn entry(app: &AppHandle, profile: Option<&str>) -> tauri::Result<PathBuf> {
    Ok(app.path().config_dir()?.join(format!("autostart/{}.desktop", super::entry_name(profile))))
}

/// The `Exec` of an entry (Desktop Entry Specification): a path with other than plain characters stands in quotes.
fn command_line(program: &Path, arguments: &[&str]) -> Option<String> {
    let path = program.to_str().filter(|path| !path.contains(char::is_control))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
    let program = if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        let mut quoted = String::from("\"");
        for c in path.chars() {
            match c {
                // A string of the file escapes the backslash of the quoting once more.
                '"' | '`' | '$' => quoted.extend(["\\\\", c.encode_utf8(&mut [0; 4])]),
                '\\' => quoted.push_str("\\\\\\\\"),
                '%' => quoted.push_str("%%"),
                c => quoted.push(c),
            }
        }
        quoted + "\""
    };
    Some([&[program.as_str()], arguments].concat().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_odd_characters_is_one_word_of_the_command() {
        let line = |path: &str| command_line(Path::new(path), &["--minimized"]).unwrap();
        assert_eq!(line("/usr/bin/care4w"), "/usr/bin/care4w --minimized");
        assert_eq!(line("/opt/my apps/care4w"), "\"/opt/my apps/care4w\" --minimized");
        assert_eq!(line("/opt/50%/$x/care4w"), "\"/opt/50%%/\\\\$x/care4w\" --minimized");
        assert_eq!(command_line(Path::new("/opt/a\nExec=b"), &[]), None);
    }
}
