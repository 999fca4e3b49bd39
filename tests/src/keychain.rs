//! A private session bus with an unlocked keychain (Secret Service) on it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{Environment, Process, wait};

/// `dbus-daemon` with `gnome-keyring-daemon`, their files in a folder of their own.
///
/// The folder may outlive it: started again there, the same secrets are found.
pub struct Keychain {
    daemon: Process,
    bus: SessionBus,
}

/// A session bus of its own, with nothing on it: what a keychain's absence looks like.
pub struct SessionBus {
    process: Process,
    address: String,
    /// Of its socket. In a short path: a socket's name has at most 107 bytes.
    _socket: TempDir,
}

impl Keychain {
    /// Starts both with their files in `folder`; the keychain answers when this returns.
    pub fn start(folder: &Path) -> Result<Self> {
        let runtime = folder.join("runtime");
        let data = folder.join("data");
        for path in [&runtime, &data] {
            fs::create_dir_all(path)?;
        }
        private(&runtime)?;
        let bus = SessionBus::start(folder)?;

        let mut daemon = Process::start(
            "gnome-keyring-daemon",
            Command::new("gnome-keyring-daemon")
                .args(["--foreground", "--unlock", "--components=secrets"])
                .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
                .env("HOME", folder)
                .env("XDG_DATA_HOME", &data)
                .env("XDG_RUNTIME_DIR", &runtime)
                .env_remove("GNOME_KEYRING_CONTROL")
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(log(folder, "keyring.log")?),
        )?;
        let mut input = daemon.child().stdin.take().context("the keychain's input is a pipe")?;
        input.write_all(b"care4w\n").context("the keychain takes no password")?;
        drop(input);
        wait::until(Duration::from_secs(10), "the keychain", || Ok(answers(bus.address())?.then_some(())))?;
        Ok(Self { daemon, bus })
    }

    /// For processes that shall find this keychain.
    pub fn environment(&self) -> Environment {
        vec![("DBUS_SESSION_BUS_ADDRESS".into(), self.bus.address().to_owned())]
    }

    /// Everything that it runs, to see whether it lives.
    pub fn processes(&mut self) -> impl Iterator<Item = &mut Process> {
        [&mut self.bus.process, &mut self.daemon].into_iter()
    }
}

impl SessionBus {
    /// Starts it with its log in `folder`; it can be connected to when this returns.
    pub fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let socket = tempfile::Builder::new().prefix("c4w-bus-").tempdir()?;
        let file = socket.path().join("bus");
        let address = format!("unix:path={}", file.display());
        let process = Process::start(
            "dbus-daemon",
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--nopidfile", "--address", &address])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log(folder, "bus.log")?),
        )?;
        wait::until(Duration::from_secs(10), "the session bus", || Ok(file.exists().then_some(())))?;
        Ok(Self { process, address, _socket: socket })
    }

    /// What `DBUS_SESSION_BUS_ADDRESS` says of it.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Whether somebody keeps secrets on the bus at `address`.
pub fn answers(address: &str) -> Result<bool> {
    let output = Command::new("dbus-send")
        .arg(format!("--bus={address}"))
        .args(["--print-reply=literal", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"])
        .arg("string:org.freedesktop.secrets")
        .stderr(Stdio::null())
        .output()
        .context("dbus-send does not start")?;
    Ok(String::from_utf8_lossy(&output.stdout).contains("true"))
}

fn log(folder: &Path, name: &str) -> Result<fs::File> {
    let path: PathBuf = folder.join(name);
    fs::File::create(&path).with_context(|| format!("no log file {}", path.display()))
}

/// A runtime folder must be its owner's alone.
fn private(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
