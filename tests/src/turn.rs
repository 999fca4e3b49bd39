//! A TURN server (coturn) with short-lived credentials, as an operator would run it beside ours.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{Namespace, Process, server::last_lines, wait};

/// The port that TURN has (RFC 8656, 3.1).
const PORT: u16 = 3478;

/// A running TURN server on a machine of its own.
pub struct Turn {
    address: Ipv4Addr,
    folder: TempDir,
    _process: Process,
}

impl Turn {
    /// Starts one at `address` of `machine`, which knows credentials by `secret`.
    pub fn start(machine: &Namespace, address: Ipv4Addr, secret: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("c4w-turn-").tempdir()?;
        let log = folder.path().join("turn.log");
        let file = folder.path().join("turnserver.conf");
        fs::write(
            &file,
            format!(
                "listening-ip={address}\nrelay-ip={address}\nlistening-port={PORT}\nrealm=care4w\nuse-auth-secret\n\
                 static-auth-secret={secret}\nfingerprint\nno-tls\nno-dtls\nno-cli\nlog-file=stdout\nsimple-log\n\
                 pidfile={0}/pid\nuserdb={0}/db\nverbose\n",
                folder.path().display()
            ),
        )?;
        let mut command = machine.command("turnserver");
        command.arg("-c").arg(&file);
        let mut process = Process::start_logged("turnserver", &mut command, &log)?;
        wait::until(Duration::from_secs(10), "the TURN server", || {
            if process.ended()?.is_some() {
                bail!("turnserver ended: {}", last_lines(&log));
            }
            // It listens on TCP with the same port, and there one can tell.
            let there = machine.on_thread(move || Ok(TcpStream::connect((IpAddr::from(address), PORT)).is_ok()));
            Ok(there?.then_some(()))
        })?;
        Ok(Self { address, folder, _process: process })
    }

    /// The server's settings that name it.
    pub fn settings(&self, secret: &str) -> String {
        format!("[ice]\nturn = [\"turn:{}:{PORT}?transport=udp\"]\nsecret = \"{secret}\"\n", self.address)
    }

    /// The same, and that it is a STUN server too, which every TURN server is.
    pub fn settings_with_stun(&self, secret: &str) -> String {
        format!("{}stun = [\"stun:{}:{PORT}\"]\n", self.settings(secret), self.address)
    }

    /// What it logged.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.folder.path().join("turn.log")).context("the TURN server has no log")
    }
}
