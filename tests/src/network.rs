//! A network between namespaces, carried by this process: every machine has point-to-point devices (TUN), and what it
//! sends comes out of the other one's device after the path between them did to it what it does.
//!
//! This kernel has no `netem`; what a path does is [`crate::impairment`]. Packets are carried as they are, so whatever
//! speaks IPv4 works: WebRTC, TURN, a browser.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    net::Ipv4Addr,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use rustix::ioctl;

use crate::{
    impairment::{Impairer, Impairment},
    namespace::Namespace,
};

/// Largest packet; what Ethernet takes.
const MTU: usize = 1_500;

/// Where an IPv4 header names the protocol of what it carries, and UDP's number (RFC 791, 3.1; RFC 768).
const PROTOCOL: usize = 9;
const UDP: u8 = 17;

/// The network. Every machine reaches every other one at first.
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    began: Instant,
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    devices: HashMap<Ipv4Addr, Arc<File>>,
    paths: HashMap<(Ipv4Addr, Ipv4Addr), Impairer>,
    cut: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Between these, UDP is dropped and everything else passes, as by a strict firewall.
    without_udp: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Packets that ended at a cut.
    cut_off: u64,
    /// Packets on their way, the earliest first; the number keeps the order of those that arrive at once.
    travelling: BinaryHeap<Reverse<(Duration, u64, Vec<u8>)>>,
    sent: u64,
    over: bool,
}

impl Network {
    /// One without machines.
    pub fn new() -> Self {
        let shared = Arc::new(Shared { began: Instant::now(), state: Mutex::default(), more: Condvar::new() });
        let own = Arc::clone(&shared);
        thread::spawn(move || own.deliver());
        Self { shared }
    }

    /// Plugs a machine in: its device `device` gets this address, and everything that it sends goes out there.
    pub fn plug(&self, machine: &Namespace, device: &str, address: Ipv4Addr) -> Result<()> {
        let name = device.to_owned();
        let file = Arc::new(machine.on_thread(move || tun(&name))?);
        machine.ip(&["address", "add", &format!("{address}/32"), "dev", device])?;
        machine.ip(&["link", "set", device, "mtu", &MTU.to_string(), "up"])?;
        machine.ip(&["route", "replace", "default", "dev", device, "src", &address.to_string()])?;
        self.shared.state().devices.insert(address, Arc::clone(&file));
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || shared.collect(&file, address));
        Ok(())
    }

    /// What the path between two addresses does from now on, each way with dice of its own.
    pub fn impair(&self, one: Ipv4Addr, other: Ipv4Addr, what: Impairment) {
        let mut state = self.shared.state();
        state.paths.insert((one, other), Impairer::new(what));
        state.paths.insert((other, one), Impairer::new(Impairment { seed: what.seed.wrapping_add(1), ..what }));
    }

    /// What one way does from now on; the way back is as it was.
    pub fn impair_way(&self, from: Ipv4Addr, to: Ipv4Addr, what: Impairment) {
        self.shared.state().paths.insert((from, to), Impairer::new(what));
    }

    /// Nothing passes between the two any more, either way.
    pub fn cut(&self, one: Ipv4Addr, other: Ipv4Addr) {
        self.shared.state().cut.extend([(one, other), (other, one)]);
    }

    /// Nothing passes from the one to the other any more; the way back is as it was.
    pub fn cut_way(&self, from: Ipv4Addr, to: Ipv4Addr) {
        self.shared.state().cut.push((from, to));
    }

    /// What is sent over UDP passes between the two no more, either way.
    pub fn block_udp(&self, one: Ipv4Addr, other: Ipv4Addr) {
        self.shared.state().without_udp.extend([(one, other), (other, one)]);
    }

    /// How many packets ended where a path was cut.
    pub fn cut_off(&self) -> u64 {
        self.shared.state().cut_off
    }

    /// It passes again.
    pub fn mend(&self, one: Ipv4Addr, other: Ipv4Addr) {
        self.shared.state().cut.retain(|&path| path != (one, other) && path != (other, one));
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.shared.state().over = true;
        self.shared.more.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what a machine sends from one of its addresses, until its device goes with its namespace.
    fn collect(&self, device: &File, own: Ipv4Addr) {
        let mut buffer = [0; MTU];
        let mut device = device;
        while let Ok(length) = device.read(&mut buffer) {
            let packet = &buffer[..length];
            let Some((from, to)) = addresses(packet) else { continue };
            let mut state = self.state();
            if state.over {
                return;
            }
            // As on a real network, nobody speaks for another address.
            if from != own {
                continue;
            }
            if packet[PROTOCOL] == UDP && state.without_udp.contains(&(from, to)) {
                continue;
            }
            if state.cut.contains(&(from, to)) {
                state.cut_off += 1;
                continue;
            }
            let now = self.began.elapsed();
            let arrives = match state.paths.get_mut(&(from, to)) {
                Some(path) => path.pass(now),
                None => Some(now),
            };
            if let Some(arrives) = arrives {
                state.sent += 1;
                let number = state.sent;
                state.travelling.push(Reverse((arrives, number, packet.to_vec())));
                self.more.notify_one();
            }
        }
    }

    /// Lets every packet arrive at its time.
    fn deliver(&self) {
        let mut state = self.state();
        while !state.over {
            let now = self.began.elapsed();
            let due = state.travelling.peek().map(|Reverse((arrives, ..))| arrives.saturating_sub(now));
            match due {
                Some(Duration::ZERO) => {
                    let Some(Reverse((_, _, packet))) = state.travelling.pop() else { continue };
                    let device = addresses(&packet).and_then(|(_, to)| state.devices.get(&to).cloned());
                    drop(state);
                    if let Some(device) = device {
                        // A device that is down takes nothing, as a real one.
                        let _ = (&*device).write(&packet);
                    }
                    state = self.state();
                }
                Some(wait) => {
                    state = self.more.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
                None => state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Source and destination of an IPv4 packet (RFC 791, 3.1).
fn addresses(packet: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let header = packet.get(..20).filter(|header| header[0] >> 4 == 4)?;
    let address = |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
    Some((address(12), address(16)))
}

/// Opens a new TUN device in the calling thread's namespace (the kernel's `networking/tuntap.rst`). It goes with the
/// last descriptor.
fn tun(name: &str) -> Result<File> {
    /// `TUNSETIFF`, `_IOW('T', 202, int)`.
    const SET_INTERFACE: ioctl::Opcode = 0x4004_54ca;
    /// `IFF_TUN | IFF_NO_PI`: bare IP packets.
    const FLAGS: u16 = 0x0001 | 0x1000;
    /// `struct ifreq`.
    #[repr(C)]
    struct Request {
        name: [u8; 16],
        flags: u16,
        rest: [u8; 22],
    }
    let file = OpenOptions::new().read(true).write(true).open("/dev/net/tun").context("no /dev/net/tun")?;
    let mut request = Request { name: [0; 16], flags: FLAGS, rest: [0; 22] };
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    // SAFETY: the kernel reads one `struct ifreq`, which `Request` is laid out as, and keeps nothing of it.
    unsafe { ioctl::ioctl(&file, ioctl::Setter::<SET_INTERFACE, Request>::new(request)) }
        .with_context(|| format!("the device {name} cannot be made"))?;
    Ok(file)
}
