//! What a media end does with its packets. No socket and no clock.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::{Bytes, BytesMut};
use rtc::{
    rtcp::{reception_report::ReceptionReport, sender_report::SenderReport},
    rtp,
    shared::marshal::{Marshal, Unmarshal},
};

use super::{
    Codec, Description,
    description::Own,
    end::Source,
    keys::Keys,
    lite::Lite,
    stream::{DIGIT_PACKETS, DIGITS, Incoming, Outgoing, Piece, frame, prepared},
};
use crate::FaultKind;

/// How often reports go out.
const REPORTS: Duration = Duration::from_secs(1);

/// Tells of a violation.
pub(crate) type Tell = Arc<dyn Fn(FaultKind, &str) + Send + Sync>;

/// One end's connectivity, keys and streams.
pub(super) struct Transport {
    pub lite: Lite,
    pub keys: Keys,
    pub remote: Option<Description>,
    pub address: SocketAddr,
    pub descriptions: u64,
    /// Whether this end begins the handshake, once that is settled.
    pub client: Option<bool>,
    pub source: Source,
    /// What is played, for which codec, and how far it is.
    pub playing: Option<(Codec, Vec<i16>, usize)>,
    /// Digits to send, and of how many packets the first one has gone out.
    pub digits: (VecDeque<char>, u16),
    pub outgoing: Outgoing,
    pub incoming: Incoming,
    pub last_codec: Option<Codec>,
    pub pcmu_alone: bool,
    pub dropping: bool,
    pub closed: bool,
    pub outbox: Vec<(BytesMut, SocketAddr)>,
    pub reported: Option<Instant>,
    pub tell: Tell,
}

impl Transport {
    /// An end at `address` that knows nobody yet.
    pub fn new(address: SocketAddr, pcmu_alone: bool, tell: Tell) -> Result<Self, rtc::shared::error::Error> {
        Ok(Self {
            lite: Lite::new(),
            keys: Keys::new()?,
            remote: None,
            address,
            descriptions: 0,
            client: None,
            source: Source::Nothing,
            playing: None,
            digits: Default::default(),
            outgoing: Outgoing::new(),
            incoming: Incoming::default(),
            last_codec: None,
            pcmu_alone,
            dropping: false,
            closed: false,
            outbox: Vec::new(),
            reported: None,
            tell,
        })
    }

    /// Whether this end knows it.
    pub fn knows(&self, codec: Codec) -> bool {
        codec != Codec::Opus || !self.pcmu_alone
    }

    pub fn own(&mut self, write: impl FnOnce(&Own<'_>) -> String) -> String {
        self.descriptions += 1;
        write(&Own {
            credentials: self.lite.credentials(),
            fingerprint: self.keys.fingerprint(),
            address: self.address,
            ssrc: self.outgoing.ssrc,
            version: self.descriptions,
            pcmu_alone: self.pcmu_alone,
        })
    }

    /// Begins the handshake, once it is known who with, how, and where.
    pub fn begin(&mut self) {
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
    pub fn collect(&mut self) {
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
    pub fn take(&mut self, packet: &[u8], from: SocketAddr, now: Instant) -> Vec<Piece> {
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

    pub fn hand_on(&mut self, piece: &Piece) {
        if let Some((kind, codec)) = self.speaks(Some(piece.codec))
            && let Some(packet) = self.outgoing.hand_on(kind, codec, piece)
        {
            self.send(&packet);
        }
    }

    fn send(&mut self, packet: &rtp::Packet) {
        if let Some(protected) = packet.marshal().ok().and_then(|packet| self.keys.protect(&packet)) {
            self.post(protected);
        }
    }

    pub fn tick(&mut self, now: Instant) {
        if self.keys.tick(now).is_err() {
            (self.tell)(FaultKind::Description, "the DTLS handshake was not answered");
        }
        self.collect();
        if !self.keys.are_ready() {
            return;
        }
        if self.press() {
            // In place of the sound.
        } else if let (Source::Play(sound), Some((kind, codec))) = (self.source.clone(), self.speaks(None)) {
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
        } else if matches!(self.source, Source::Nothing)
            && let Some((_, codec)) = self.speaks(None)
        {
            self.outgoing.pause(codec);
        }
        if self.reported.is_none_or(|before| now - before >= REPORTS) {
            self.reported = Some(now);
            self.report();
        }
    }

    /// The next packet of a digit that is being sent; whether there is one.
    fn press(&mut self) -> bool {
        let Some((kind, Codec::TelephoneEvent)) = self.speaks(Some(Codec::TelephoneEvent)) else { return false };
        let (waiting, packets) = &mut self.digits;
        let Some(event) = waiting.front().and_then(|digit| DIGITS.find(*digit)) else { return false };
        *packets += 1;
        let packet = self.outgoing.digit(kind, event as u8, *packets);
        if *packets == DIGIT_PACKETS {
            waiting.pop_front();
            *packets = 0;
        }
        self.send(&packet);
        true
    }

    fn report(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // NTP counts from 1900, in fractions of 2⁻³² s.
        let ntp_time =
            ((since.as_secs() + 2_208_988_800) << 32) | ((u64::from(since.subsec_nanos()) << 32) / 1_000_000_000);
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

    #[test]
    fn a_thousand_packets_of_garbage_upset_nothing() {
        let address = "127.0.0.1:10000".parse().unwrap();
        let mut end = Transport::new(address, false, Arc::new(|_, _| {})).unwrap();
        // The handshake may begin with any packet.
        end.lite.set_remote("abcd");
        end.client = Some(false);
        end.remote = Some(Description::read(OFFER).unwrap());
        end.begin();
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
            end.take(&packet, from, Instant::now());
        }
        let password = end.lite.credentials().password.clone();
        let right = check(&end.lite, &[], &password, "abcd");
        end.outbox.clear();
        end.take(&right, from, Instant::now());
        assert_eq!(end.outbox.len(), 1, "a check is answered as ever");
    }
}
