//! The network between two phones, as a cable that can be cut: every candidate that passes the exchange is replaced
//! by a socket of the cable's own, which carries what comes to the one behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::UdpSocket;

/// Stands before one phone: what is sent to `socket` goes to `phone`.
struct Plug {
    socket: Arc<UdpSocket>,
    port: u16,
    phone: Arc<Mutex<Option<SocketAddr>>>,
}

/// One network. What was plugged in before [`Cable::cut`] stays dead; what is plugged in after it works, as a phone's
/// new address does when it changes networks.
#[derive(Default)]
pub struct Cable {
    plugs: Mutex<Option<[Plug; 2]>>,
    dead: Mutex<Arc<AtomicBool>>,
}

impl Cable {
    /// The candidate to show to the other end instead; `None` for one that does not lead over this cable.
    pub fn pass(&self, end: usize, candidate: &str) -> Option<String> {
        let mut words: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        if words.get(4).map(String::as_str) != Some("127.0.0.1") {
            return None;
        }
        let address = SocketAddr::new([127, 0, 0, 1].into(), words[5].parse().unwrap());
        let mut plugs = self.plugs.lock().unwrap();
        let plugs = plugs.get_or_insert_with(|| self.plug_in());
        *plugs[end].phone.lock().unwrap() = Some(address);
        words[5] = plugs[end].port.to_string();
        Some(words.join(" "))
    }

    /// Everything that is plugged in now carries nothing any more.
    pub fn cut(&self) {
        let mut dead = self.dead.lock().unwrap();
        dead.store(true, Ordering::SeqCst);
        *dead = Arc::default();
        *self.plugs.lock().unwrap() = None;
    }

    /// Sends a phone something that the other one did not say, from the address at which it knows the other one.
    pub async fn forge(&self, end: usize, datagram: &[u8]) {
        let (socket, phone) = {
            let plugs = self.plugs.lock().unwrap();
            let plugs = plugs.as_ref().unwrap();
            (Arc::clone(&plugs[1 - end].socket), plugs[end].phone.lock().unwrap().unwrap())
        };
        socket.send_to(datagram, phone).await.unwrap();
    }

    fn plug_in(&self) -> [Plug; 2] {
        let dead = Arc::clone(&self.dead.lock().unwrap());
        let plugs = [plug(), plug()];
        for (end, other) in [(0, 1), (1, 0)] {
            tokio::spawn(carry(
                Arc::clone(&plugs[end].socket),
                Arc::clone(&plugs[other].socket),
                Arc::clone(&plugs[end].phone),
                Arc::clone(&dead),
            ));
        }
        plugs
    }
}

fn plug() -> Plug {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = socket.local_addr().unwrap().port();
    Plug { socket: Arc::new(UdpSocket::from_std(socket).unwrap()), port, phone: Arc::default() }
}

/// What comes in for a phone leaves through the other's socket, so that each sees the address that it was told.
async fn carry(
    socket: Arc<UdpSocket>,
    other: Arc<UdpSocket>,
    phone: Arc<Mutex<Option<SocketAddr>>>,
    dead: Arc<AtomicBool>,
) {
    let mut buffer = [0; 2_000];
    while let Ok((length, _)) = socket.recv_from(&mut buffer).await {
        let phone = *phone.lock().unwrap();
        if let (Some(phone), false) = (phone, dead.load(Ordering::SeqCst)) {
            other.send_to(&buffer[..length], phone).await.ok();
        }
    }
}
