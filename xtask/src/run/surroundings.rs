//! What a desktop gives an app (display, sound, keychain), and private ones where there is none.

use std::{path::Path, process::Command};

use anyhow::Result;
use care4w_tests::{Display, Environment, Keychain, Process, SoundServer, desk::SOUND_CARD, keychain};

use crate::{program, say, system_packages::Purpose};

/// What was missing, and stands in for it.
pub struct Surroundings {
    display: Option<Display>,
    sound: Option<SoundServer>,
    keychain: Option<Keychain>,
}

impl Surroundings {
    /// What the app needs installed to run here.
    pub fn needed_packages() -> &'static [Purpose] {
        if has_display() && has_sound() && has_keychain() { &[Purpose::Build] } else { &[Purpose::Build, Purpose::Run] }
    }

    /// Starts what is missing, and says so. The secrets of an own keychain lie in `folder`.
    pub fn complete(folder: &Path) -> Result<Self> {
        let display = if has_display() {
            None
        } else {
            let display = Display::start()?;
            say::line(&format!("there is no display: the app opens on a virtual one ({})", display.name()));
            Some(display)
        };
        let sound = if has_sound() {
            None
        } else {
            say::line("there is no sound server: a private one with a silent sound card stands in");
            Some(SoundServer::start(&[SOUND_CARD])?)
        };
        let keychain = if has_keychain() {
            None
        } else {
            say::line("there is no keychain: a private one stands in (.care4w/run/keychain)");
            Some(Keychain::start(&folder.join("keychain"))?)
        };
        Ok(Self { display, sound, keychain })
    }

    /// For the app.
    pub fn environment(&self) -> Environment {
        let display = self.display.as_ref().map(Display::environment);
        let sound = self.sound.as_ref().map(SoundServer::environment);
        let keychain = self.keychain.as_ref().map(Keychain::environment);
        [display, sound, keychain].into_iter().flatten().flatten().collect()
    }

    /// The virtual display, when there is one.
    pub fn own_display(&self) -> Option<&Display> {
        self.display.as_ref()
    }

    /// Everything that stands in, to see whether it lives.
    pub fn processes(&mut self) -> impl Iterator<Item = &mut Process> {
        let display = self.display.iter_mut().map(Display::process);
        let sound = self.sound.iter_mut().flat_map(SoundServer::processes);
        display.chain(sound).chain(self.keychain.iter_mut().flat_map(Keychain::processes))
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn has_display() -> bool {
    !cfg!(target_os = "linux") || is_set("WAYLAND_DISPLAY") || (is_set("DISPLAY") && display_answers())
}

/// Whether somebody listens at the local display that `DISPLAY` names; one of another machine is believed.
fn display_answers() -> bool {
    let display = std::env::var("DISPLAY").unwrap_or_default();
    let Some(number) = display.strip_prefix(':').and_then(|rest| rest.split('.').next()) else { return true };
    #[cfg(unix)]
    {
        let socket = format!("/tmp/.X11-unix/X{number}");
        if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
            return true;
        }
        // Some servers listen on the abstract socket alone.
        let listening = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
        listening.lines().any(|line| line.ends_with(&format!("@{socket}")))
    }
    #[cfg(not(unix))]
    {
        !number.is_empty()
    }
}

/// Whether `name` lies in the user's runtime folder.
fn in_runtime_folder(name: &str) -> bool {
    std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join(name).exists())
}

/// A PulseAudio server, or PipeWire's that speaks like one.
fn has_sound() -> bool {
    !cfg!(target_os = "linux") || is_set("PULSE_SERVER") || in_runtime_folder("pulse/native")
}

fn has_keychain() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let address = match std::env::var("DBUS_SESSION_BUS_ADDRESS") {
        Ok(address) if !address.is_empty() => address,
        _ if in_runtime_folder("bus") => {
            let folder = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
            format!("unix:path={folder}/bus")
        }
        _ => return false,
    };
    // A desktop may start its keychain only when somebody asks for it.
    program::find("dbus-send").is_some()
        && (keychain::answers(&address).unwrap_or(false) || is_started_on_demand(&address))
}

fn is_started_on_demand(address: &str) -> bool {
    let output = Command::new("dbus-send")
        .arg(format!("--bus={address}"))
        .args(["--print-reply=literal", "--dest=org.freedesktop.DBus", "/"])
        .arg("org.freedesktop.DBus.ListActivatableNames")
        .output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("org.freedesktop.secrets"))
}
