//! A media end: its socket, and what goes in and out there.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::{Bytes, BytesMut};
use rtc::{
    rtcp::{reception_report::ReceptionReport, sender_report::SenderReport},
    rtp,
    shared::marshal::{Marshal, Unmarshal},
};
use tokio::net::UdpSocket;

use super::{
    Codec, Description, Sound,
    description::{Own, Setup},
    keys::Keys,
    lite::Lite,
    stream::{Incoming, Outgoing, Piece, frame, prepared},
};
use crate::{FaultKind, Heard};

/// How long a packet's sound lasts.
const PACKET: Duration = Duration::from_millis(20);
/// How often reports go out.
const REPORTS: Duration = Duration::from_secs(1);

/// Tells of a violation.
pub(crate) type Tell = Arc<dyn Fn(FaultKind, &str) + Send + Sync>;

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
    core: Mutex<Core>,
}

struct Core {
    lite: Lite,
    keys: Keys,
    remote: Option<Description>,
    address: SocketAddr,
    descriptions: u64,
    /// Whether this end begins the handshake, once that is settled.
    client: Option<bool>,
    source: Source,
    /// What is played, for which codec, and how far it is.
    playing: Option<(Codec, Vec<i16>, usize)>,
    outgoing: Outgoing,
    incoming: Incoming,
    last_codec: Option<Codec>,
    dropping: bool,
    closed: bool,
    outbox: Vec<(BytesMut, SocketAddr)>,
    reported: Option<Instant>,
    tell: Tell,
}

impl MediaEnd {
    /// Binds a socket and begins to listen at it.
    pub async fn open(ip: IpAddr, tell: Tell) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0)).await?;
        let core = Core {
            lite: Lite::new(),
            keys: Keys::new().map_err(std::io::Error::other)?,
            remote: None,
            address: socket.local_addr()?,
            descriptions: 0,
            client: None,
            source: Source::Nothing,
            playing: None,
            outgoing: Outgoing::new(),
            incoming: Incoming::default(),
            last_codec: None,
            dropping: false,
            closed: false,
            outbox: Vec::new(),
            reported: None,
            tell,
        };
        let end = Self(Arc::new(Shared { socket, core: Mutex::new(core) }));
        tokio::spawn(run(Arc::clone(&end.0)));
        Ok(end)
    }

    /// The answer to a client's offer; to a later one, with new ICE credentials, its restart.
    pub fn answer(&self, offer: Description) -> String {
        let mut core = self.core();
        match &core.remote {
            Some(before) if before.ufrag != offer.ufrag => core.lite.restart(&offer.ufrag),
            Some(_) => {}
            None => core.lite.set_remote(&offer.ufrag),
        }
        // As Twilio does; an offer that is passive or active leaves no choice.
        let client = *core.client.get_or_insert(offer.setup != Setup::Active);
        let sdp = core.own(|own| own.answer(&offer, if client { "active" } else { "passive" }));
        core.remote = Some(offer);
        core.begin();
        drop(core);
        self.flush();
        sdp
    }

    /// Whether a description brings other ICE credentials than the one before.
    pub fn is_new(&self, description: &Description) -> bool {
        self.core().remote.as_ref().is_none_or(|before| before.ufrag != description.ufrag)
    }

    /// An offer to a client.
    pub fn offer(&self) -> String {
        self.core().own(|own| own.offer())
    }

    /// The client's answer to it.
    pub fn take_answer(&self, answer: Description) {
        let mut core = self.core();
        core.lite.set_remote(&answer.ufrag);
        core.client.get_or_insert(answer.setup == Setup::Passive);
        core.remote = Some(answer);
        core.begin();
        drop(core);
        self.flush();
    }

    /// What goes out from now on.
    pub fn send(&self, source: Source) {
        let mut core = self.core();
        core.playing = None;
        core.source = source;
    }

    /// Two ends hear each other.
    pub fn bridge(&self, other: &Self) {
        self.send(Source::Bridge(WeakEnd(Arc::downgrade(&other.0))));
        other.send(Source::Bridge(WeakEnd(Arc::downgrade(&self.0))));
    }

    /// From now on what comes is thrown away and nothing goes out: a path that died.
    pub fn set_dropping(&self, dropping: bool) {
        self.core().dropping = dropping;
    }

    /// What came so far.
    pub fn heard(&self) -> Heard {
        let core = self.core();
        let incoming = &core.incoming;
        Heard {
            sound: incoming.recording(),
            digits: incoming.digits.clone(),
            packets: incoming.packets.clone(),
            octets: incoming.octets,
            connected: core.keys.are_ready(),
        }
    }

    /// Forgets the recording so far.
    pub fn forget(&self) {
        self.core().incoming.forget();
    }

    /// Closes: the client's DTLS is told, and nothing comes in any more.
    pub fn close(&self) {
        let mut core = self.core();
        core.keys.close(Instant::now());
        core.collect();
        core.closed = true;
        core.source = Source::Nothing;
        drop(core);
        self.flush();
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        lock(&self.0)
    }

    fn flush(&self) {
        flush(&self.0);
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Core> {
    shared.core.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Core {
    fn own(&mut self, write: impl FnOnce(&Own<'_>) -> String) -> String {
        self.descriptions += 1;
        write(&Own {
            credentials: self.lite.credentials(),
            fingerprint: self.keys.fingerprint(),
            address: self.address,
            ssrc: self.outgoing.ssrc,
            version: self.descriptions,
        })
    }

    /// Begins the handshake, once it is known who with, how, and where.
    fn begin(&mut self) {
        let (Some(remote), Some(client)) = (&self.remote, self.client) else { return };
        if self.keys.is_started() || (client && self.lite.selected().is_none()) {
            return;
        }
        if self.keys.start(client, &remote.fingerprint, Instant::now()).is_err() {
            (self.tell)(FaultKind::Description, "no handshake can begin with it");
        }
        self.collect();
    }

    /// What the handshake wants to send.
    fn collect(&mut self) {
        while let Some(packet) = self.keys.poll() {
            self.post(packet);
        }
    }

    fn post(&mut self, packet: BytesMut) {
        if let (Some(to), false) = (self.lite.selected(), self.dropping) {
            self.outbox.push((packet, to));
        }
    }

    /// Takes a packet by its first octet (RFC 7983); gives what is to be handed on.
    fn take(&mut self, packet: &[u8], from: SocketAddr, now: Instant) -> Vec<Piece> {
        if self.dropping {
            return Vec::new();
        }
        match packet.first() {
            Some(0..=3) => {
                let checked = self.lite.check(packet, from);
                if checked.controlled {
                    (self.tell)(FaultKind::NotControlling, "a check with ICE-CONTROLLED");
                }
                if let Some(answer) = checked.answer {
                    self.outbox.push((BytesMut::from(&answer[..]), from));
                }
                self.begin();
            }
            Some(20..=63) => {
                // Afterwards it is a late or a repeated packet.
                if self.keys.handshake(packet, now).is_err() && !self.keys.are_ready() {
                    (self.tell)(FaultKind::Description, "the DTLS handshake failed");
                }
                self.collect();
            }
            // RFC 5761, 4: payload types of RTCP.
            Some(128..=191) if packet.get(1).is_some_and(|kind| (192..=223).contains(kind)) => {
                self.keys.open_report(packet);
            }
            Some(128..=191) => return self.take_sound(packet),
            _ => {}
        }
        Vec::new()
    }

    fn take_sound(&mut self, packet: &[u8]) -> Vec<Piece> {
        let Some(mut opened) = self.keys.open(packet) else { return Vec::new() };
        let Ok(packet) = rtp::Packet::unmarshal(&mut opened) else { return Vec::new() };
        let kind = packet.header.payload_type;
        let codecs = self.remote.iter().flat_map(|remote| &remote.codecs);
        let Some((_, codec)) = codecs.copied().find(|(number, _)| *number == kind) else { return Vec::new() };
        if codec != Codec::TelephoneEvent {
            self.last_codec = Some(codec);
        }
        self.incoming.take(codec, &packet);
        let header = &packet.header;
        vec![Piece {
            codec,
            payload: packet.payload.clone(),
            sequence: header.sequence_number,
            timestamp: header.timestamp,
            marker: header.marker,
        }]
    }

    /// The payload type and codec in which this end speaks: the client's own, if it speaks.
    fn speaks(&self, wanted: Option<Codec>) -> Option<(u8, Codec)> {
        let remote = self.remote.as_ref()?;
        let number = |codec| remote.codecs.iter().copied().find(|(_, known)| *known == codec);
        wanted.and_then(number).or_else(|| self.last_codec.and_then(number)).or_else(|| Some(remote.preferred()))
    }

    fn hand_on(&mut self, piece: &Piece) {
        if let Some((kind, codec)) = self.speaks(Some(piece.codec)) {
            if let Some(packet) = self.outgoing.hand_on(kind, codec, piece) {
                self.send(&packet);
            }
        }
    }

    fn send(&mut self, packet: &rtp::Packet) {
        if let Some(protected) = packet.marshal().ok().and_then(|packet| self.keys.protect(&packet)) {
            self.post(protected);
        }
    }

    fn tick(&mut self, now: Instant) {
        if self.keys.tick(now).is_err() {
            (self.tell)(FaultKind::Description, "the DTLS handshake was not answered");
        }
        self.collect();
        if !self.keys.are_ready() {
            return;
        }
        if let (Source::Play(sound), Some((kind, codec))) = (self.source.clone(), self.speaks(None)) {
            if self.playing.as_ref().is_none_or(|(before, ..)| *before != codec) {
                let at = self.playing.as_ref().map_or(0, |(before, _, at)| at / frame(*before) * frame(codec));
                self.playing = Some((codec, prepared(&sound, codec), at));
            }
            if let Some((_, samples, at)) = &mut self.playing {
                let packet = self.outgoing.play(kind, codec, samples, *at);
                *at += frame(codec);
                if let Some(packet) = packet {
                    self.send(&packet);
                }
            }
        } else if matches!(self.source, Source::Nothing) {
            if let Some((_, codec)) = self.speaks(None) {
                self.outgoing.pause(codec);
            }
        }
        if self.reported.is_none_or(|before| now - before >= REPORTS) {
            self.reported = Some(now);
            self.report();
        }
    }

    fn report(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // NTP counts from 1900, in fractions of 2⁻³² s.
        let ntp_time =
            (since.as_secs() + 2_208_988_800) << 32 | (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        let mut reports = Vec::new();
        if let (Some(ssrc), Some((highest, lost))) = (self.incoming.ssrc, self.incoming.counts()) {
            reports.push(ReceptionReport {
                ssrc,
                total_lost: lost.min(0x7f_ffff),
                last_sequence_number: highest,
                ..ReceptionReport::default()
            });
        }
        let report = SenderReport {
            ssrc: self.outgoing.ssrc,
            ntp_time,
            rtp_time: self.outgoing.timestamp(),
            packet_count: self.outgoing.packets,
            octet_count: self.outgoing.octets,
            reports,
            profile_extensions: Bytes::new(),
        };
        if let Some(protected) = report.marshal().ok().and_then(|report| self.keys.protect_report(&report)) {
            self.post(protected);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    use super::super::{description::tests::OFFER, lite::tests::check};
    use super::*;

    #[tokio::test]
    async fn a_thousand_packets_of_garbage_upset_nothing() {
        let end = MediaEnd::open([127, 0, 0, 1].into(), Arc::new(|_, _| {})).await.unwrap();
        // Active: the handshake may begin with any packet.
        end.answer(Description::read(&OFFER.replace("actpass", "active")).unwrap());
        let mut dice = StdRng::seed_from_u64(20);
        let from = "127.0.0.1:9".parse().unwrap();
        for index in 0..1_000 {
            let mut packet: Vec<u8> = (0..dice.random_range(1..300)).map(|_| dice.random()).collect();
            packet[0] = [0, 1, 20, 22, 63, 128, 144, 191, 255][index % 9];
            // The header of a handshake record, before it becomes nonsense.
            if packet[0] == 22 && packet.len() > 13 {
                let length = u16::try_from(packet.len() - 13).unwrap().to_be_bytes();
                packet[1..13].copy_from_slice(&[254, 253, 0, 0, 0, 0, 0, 0, 0, 0, length[0], length[1]]);
            }
            end.core().take(&packet, from, Instant::now());
        }
        let mut core = end.core();
        let password = core.lite.credentials().password.clone();
        let right = check(&core.lite, &[], &password, "abcd");
        core.outbox.clear();
        core.take(&right, from, Instant::now());
        assert_eq!(core.outbox.len(), 1, "a check is answered as ever");
    }
}
