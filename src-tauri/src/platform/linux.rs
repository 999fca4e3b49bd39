//! Linux, where a desktop may have no tray.

use std::path::{Path, PathBuf};
use std::{fs, io};

use tauri::{AppHandle, Builder, Manager, Wry};
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

/// Nothing is to be added: the entry is a file. Tauri's own plugin writes it below HOME wherever the settings are, and
/// a path with a space as two words.
pub fn with_autostart(builder: Builder<Wry>, _profile: Option<&str>) -> Builder<Wry> {
    builder
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
