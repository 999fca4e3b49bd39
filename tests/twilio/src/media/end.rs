//! A media end: its socket, and what goes in and out there.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::net::UdpSocket;

use super::{
    Codec, Description, Sound,
    description::Setup,
    stream::Piece,
    transport::{Tell, Transport},
};
use crate::Heard;

/// How long a packet's sound lasts.
const PACKET: Duration = Duration::from_millis(20);
/// What a media end sends.
#[derive(Clone)]
pub(crate) enum Source {
    /// Nothing.
    Nothing,
    /// A sound once, then silence. Packets go all the while.
    Play(Arc<Sound>),
    /// What it receives.
    Echo,
    /// What another end receives, which gets what this one does.
    Bridge(WeakEnd),
}

/// One call's end on the side of the gateway. Clones are the same end; it is closed by [`MediaEnd::close`].
#[derive(Clone)]
pub(crate) struct MediaEnd(Arc<Shared>);

/// A media end that another one knows and does not keep.
#[derive(Clone)]
pub(crate) struct WeakEnd(Weak<Shared>);

struct Shared {
    socket: UdpSocket,
    transport: Mutex<Transport>,
}

impl MediaEnd {
    /// Binds a socket and begins to listen at it.
    pub async fn open(ip: IpAddr, pcmu_alone: bool, tell: Tell) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0)).await?;
        let transport = Transport::new(socket.local_addr()?, pcmu_alone, tell).map_err(std::io::Error::other)?;
        let end = Self(Arc::new(Shared { socket, transport: Mutex::new(transport) }));
        tokio::spawn(run(Arc::clone(&end.0)));
        Ok(end)
    }

    /// The answer to a client's offer; to a later one, with new ICE credentials, its restart.
    pub fn answer(&self, mut offer: Description) -> String {
        let mut transport = self.transport();
        offer.codecs.retain(|(_, codec)| transport.knows(*codec));
        match &transport.remote {
            Some(before) if before.ufrag != offer.ufrag => transport.lite.restart(&offer.ufrag),
            Some(_) => {}
            None => transport.lite.set_remote(&offer.ufrag),
        }
        // As Twilio does; an offer that is passive or active leaves no choice.
        let client = *transport.client.get_or_insert(offer.setup != Setup::Active);
        let sdp = transport.own(|own| own.answer(&offer, if client { "active" } else { "passive" }));
        transport.remote = Some(offer);
        transport.begin();
        drop(transport);
        self.flush();
        sdp
    }

    /// Whether a description brings other ICE credentials than the one before.
    pub fn is_new(&self, description: &Description) -> bool {
        self.transport().remote.as_ref().is_none_or(|before| before.ufrag != description.ufrag)
    }

    /// An offer to a client.
    pub fn offer(&self) -> String {
        self.transport().own(|own| own.offer())
    }

    /// The client's answer to it.
    pub fn take_answer(&self, answer: Description) {
        let mut transport = self.transport();
        transport.lite.set_remote(&answer.ufrag);
        transport.client.get_or_insert(answer.setup == Setup::Passive);
        transport.remote = Some(answer);
        transport.begin();
        drop(transport);
        self.flush();
    }

    /// What goes out from now on.
    pub fn send(&self, source: Source) {
        let mut transport = self.transport();
        transport.playing = None;
        transport.source = source;
    }

    /// Sends digits in the sound, as the client takes them.
    pub fn press(&self, digits: &str) {
        self.transport().digits.0.extend(digits.chars());
    }

    /// Two ends hear each other.
    pub fn bridge(&self, other: &Self) {
        self.send(Source::Bridge(WeakEnd(Arc::downgrade(&other.0))));
        other.send(Source::Bridge(WeakEnd(Arc::downgrade(&self.0))));
    }

    /// From now on what comes is thrown away and nothing goes out: a path that died.
    pub fn set_dropping(&self, dropping: bool) {
        self.transport().dropping = dropping;
    }

    /// Where this end is, and from where its client sends.
    pub fn addresses(&self) -> (SocketAddr, Option<SocketAddr>) {
        let transport = self.transport();
        (transport.address, transport.lite.selected())
    }

    /// What came so far.
    pub fn heard(&self) -> Heard {
        let transport = self.transport();
        let incoming = &transport.incoming;
        Heard {
            sound: incoming.recording(),
            digits: incoming.digits.clone(),
            packets: incoming.packets.clone(),
            octets: incoming.octets,
            connected: transport.keys.are_ready(),
        }
    }

    /// Forgets the recording so far.
    pub fn forget(&self) {
        self.transport().incoming.forget();
    }

    /// Closes: the client's DTLS is told, and nothing comes in any more.
    pub fn close(&self) {
        let mut transport = self.transport();
        transport.keys.close(Instant::now());
        transport.collect();
        transport.closed = true;
        transport.source = Source::Nothing;
        drop(transport);
        self.flush();
    }

    fn transport(&self) -> MutexGuard<'_, Transport> {
        lock(&self.0)
    }

    fn flush(&self) {
        flush(&self.0);
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Transport> {
    shared.transport.lock().unwrap_or_else(PoisonError::into_inner)
}

fn flush(shared: &Shared) {
    let outbox = std::mem::take(&mut lock(shared).outbox);
    for (packet, to) in outbox {
        // A packet that does not go out is one that is lost.
        shared.socket.try_send_to(&packet, to).ok();
    }
}

async fn run(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(PACKET);
    let mut buffer = vec![0; 2_048];
    loop {
        let pieces = tokio::select! {
            received = shared.socket.recv_from(&mut buffer) => match received {
                Ok((length, from)) => lock(&shared).take(&buffer[..length], from, Instant::now()),
                // A port of the other end's that is closed: it comes back or it does not.
                Err(_) => Vec::new(),
            },
            _ = ticks.tick() => {
                lock(&shared).tick(Instant::now());
                Vec::new()
            }
        };
        hand_on(&shared, &pieces);
        flush(&shared);
        if lock(&shared).closed {
            return;
        }
    }
}

/// Never holds two ends' locks at once.
fn hand_on(shared: &Arc<Shared>, pieces: &[Piece]) {
    if pieces.is_empty() {
        return;
    }
    let source = lock(shared).source.clone();
    let (to, echoes) = match source {
        Source::Echo => (Some(Arc::clone(shared)), true),
        Source::Bridge(WeakEnd(other)) => (other.upgrade(), false),
        Source::Nothing | Source::Play(_) => return,
    };
    let Some(to) = to else { return };
    for piece in pieces.iter().filter(|piece| !echoes || piece.codec != Codec::TelephoneEvent) {
        lock(&to).hand_on(piece);
    }
    flush(&to);
}
