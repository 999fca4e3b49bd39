//! Network namespaces: machines of their own on this one, with nothing but loopback until a [`crate::Network`] joins them.
//!
//! Making them takes root. A namespace goes when it is dropped; what a test that was killed left behind goes when the
//! next one is made, by the process id in its name.

use std::{
    fs::File,
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use anyhow::{Context as _, Result, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const PREFIX: &str = "c4w";

/// A network namespace.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one, with its loopback up.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        sweep();
        let name = format!("{PREFIX}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        ip(&["netns", "add", &name]).context("network namespaces are made by root alone")?;
        let namespace = Self { name };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// A command that runs in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Runs `ip` in it.
    pub fn ip(&self, arguments: &[&str]) -> Result<()> {
        ip(&[&["-n", &self.name], arguments].concat())
    }

    /// Runs `work` on a thread that stands in it for good: sockets and devices opened there belong to it.
    pub fn on_thread<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let file = self.file()?;
        let thread = thread::spawn(move || -> Result<T> {
            enter(&file)?;
            work()
        });
        thread.join().unwrap_or_else(|_| bail!("a thread in a namespace panicked"))
    }

    /// Makes a server of the machine reachable at the same loopback address in here, whatever becomes of the network:
    /// the line over which calls are signalled.
    pub fn bring(&self, server: SocketAddr) -> Result<()> {
        let listener = self.on_thread(move || Ok(TcpListener::bind(server)?))?;
        thread::spawn(move || {
            for here in listener.incoming().flatten() {
                let Ok(there) = TcpStream::connect(server) else { continue };
                join(here, there);
            }
        });
        Ok(())
    }

    /// Makes what listens in here on this port of its loopback reachable at the same address of the machine: a driver's
    /// door.
    pub fn open_out(&self, port: u16) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address)?;
        let namespace = self.file()?;
        thread::spawn(move || {
            if enter(&namespace).is_err() {
                return;
            }
            // The listener stays where it was opened; what this thread opens is in the namespace.
            for here in listener.incoming().flatten() {
                let Ok(there) = TcpStream::connect(address) else { continue };
                join(here, there);
            }
        });
        Ok(())
    }

    fn file(&self) -> Result<File> {
        let path = PathBuf::from("/run/netns").join(&self.name);
        File::open(&path).with_context(|| format!("{} is gone", path.display()))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = ip(&["netns", "del", &self.name]);
    }
}

/// Hands on what either sends.
fn join(here: TcpStream, there: TcpStream) {
    for (mut from, mut to) in both(here, there).into_iter().flatten() {
        thread::spawn(move || {
            // An end that closes or breaks off ends the other one alike.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}

fn both(here: TcpStream, there: TcpStream) -> io::Result<[(TcpStream, TcpStream); 2]> {
    let _ = (here.set_nodelay(true), there.set_nodelay(true));
    Ok([(here.try_clone()?, there.try_clone()?), (there, here)])
}

fn enter(namespace: &File) -> Result<()> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).context("no way into a namespace")
}

/// Deletes the namespaces of processes that are gone.
fn sweep() {
    for entry in std::fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('-');
        let (Some(PREFIX), Some(owner)) = (parts.next(), parts.next()) else { continue };
        if !PathBuf::from("/proc").join(owner).exists() {
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output().context("`ip` does not start")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
