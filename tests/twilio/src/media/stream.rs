//! The two directions of sound at a media end: what goes out, and what came. No I/O, no clock.

use std::collections::HashMap;

use bytes::Bytes;
use rtc::rtp;

use super::{
    codec::{Decoder, Encoder, from_mu_law, to_mu_law},
    description::Codec,
    sound::Sound,
};

/// Rate at which Opus is recorded and played, in Hz: what wide-band speech needs.
const WIDE: u32 = 16_000;
/// By their events (RFC 4733, 3.2).
pub(super) const DIGITS: &str = "0123456789*#ABCD";
/// How many packets a digit has.
pub(super) const DIGIT_PACKETS: u16 = 6;
/// Recordings end here.
const LONGEST: usize = WIDE as usize * 600;

/// Rate of a codec's sound here, in Hz.
fn rate(codec: Codec) -> u32 {
    if codec == Codec::Opus { WIDE } else { 8_000 }
}

/// A packet's worth of what came from one end, on its way to another.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub codec: Codec,
    pub payload: Bytes,
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
}

/// What goes out.
pub(super) struct Outgoing {
    pub ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Differences to the numbers of what is handed on, by its codec's clock.
    offset: Option<(u16, u32)>,
    encoder: Option<(u32, Encoder)>,
    decoder: Option<Decoder>,
    pub packets: u32,
    pub octets: u32,
}

impl Outgoing {
    pub fn new() -> Self {
        Self {
            ssrc: rand::random(),
            sequence: rand::random(),
            timestamp: rand::random(),
            offset: None,
            encoder: None,
            decoder: None,
            packets: 0,
            octets: 0,
        }
    }

    /// The timestamp of what comes next.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// The packet of the next 20 ms of `sound`, which begins at the sample `at` of the codec's rate; sound that is over is
    /// silence.
    pub fn play(&mut self, kind: u8, codec: Codec, sound: &[i16], at: usize) -> Option<rtp::Packet> {
        let length = rate(codec) as usize / 50;
        let mut frame: Vec<i16> = sound.iter().skip(at).take(length).copied().collect();
        frame.resize(length, 0);
        let payload = self.encode(codec, rate(codec), &frame)?;
        self.offset = None;
        Some(self.packet(kind, codec.clock() / 50, at == 0, payload))
    }

    /// Silence, said by nothing: its time passes.
    pub fn pause(&mut self, codec: Codec) {
        self.timestamp = self.timestamp.wrapping_add(codec.clock() / 50);
        self.offset = None;
    }

    /// A packet of a digit (RFC 4733): it has sounded for so many packets' time, of [`DIGIT_PACKETS`]. The time of what is
    /// spoken passes meanwhile.
    pub fn digit(&mut self, kind: u8, event: u8, packets: u16) -> rtp::Packet {
        const TICKS: u16 = 160; // 20 ms of 8 kHz
        let [high, low] = (packets * TICKS).to_be_bytes();
        let over = if packets == DIGIT_PACKETS { 0x80 } else { 0 };
        let mut packet = self.packet(kind, u32::from(TICKS), packets == 1, vec![event, over | 10, high, low].into());
        let before = u32::from((packets - 1) * TICKS);
        packet.header.timestamp = packet.header.timestamp.wrapping_sub(before);
        self.offset = None;
        packet
    }

    /// Hands on what came from an end, as `codec`.
    pub fn hand_on(&mut self, kind: u8, codec: Codec, piece: &Piece) -> Option<rtp::Packet> {
        let scaled = u64::from(piece.timestamp) * u64::from(codec.clock()) / u64::from(piece.codec.clock());
        #[allow(clippy::cast_possible_truncation)]
        let scaled = scaled as u32;
        let (sequence, timestamp) = *self
            .offset
            .get_or_insert_with(|| (self.sequence.wrapping_sub(piece.sequence), self.timestamp.wrapping_sub(scaled)));
        let payload = if codec == piece.codec { piece.payload.clone() } else { self.convert(codec, piece)? };
        let mut packet = self.packet(kind, 0, piece.marker, payload);
        // Gaps and disorder are handed on too.
        packet.header.sequence_number = piece.sequence.wrapping_add(sequence);
        packet.header.timestamp = scaled.wrapping_add(timestamp);
        self.sequence = packet.header.sequence_number.wrapping_add(1);
        self.timestamp = packet.header.timestamp.wrapping_add(codec.clock() / 50);
        Some(packet)
    }

    fn convert(&mut self, codec: Codec, piece: &Piece) -> Option<Bytes> {
        let samples = match piece.codec {
            Codec::Pcmu => piece.payload.iter().map(|code| from_mu_law(*code)).collect(),
            Codec::Opus => {
                if self.decoder.is_none() {
                    self.decoder = Decoder::new(8_000);
                }
                self.decoder.as_mut()?.decode(&piece.payload)?
            }
            Codec::TelephoneEvent => return None,
        };
        self.encode(codec, 8_000, &samples)
    }

    fn encode(&mut self, codec: Codec, rate: u32, samples: &[i16]) -> Option<Bytes> {
        match codec {
            Codec::Pcmu => Some(samples.iter().map(|sample| to_mu_law(*sample)).collect::<Vec<_>>().into()),
            Codec::Opus => {
                if self.encoder.as_ref().is_none_or(|(known, _)| *known != rate) {
                    self.encoder = Some((rate, Encoder::new(rate)?));
                }
                Some(self.encoder.as_mut()?.1.encode(samples)?.into())
            }
            Codec::TelephoneEvent => None,
        }
    }

    fn packet(&mut self, kind: u8, lasts: u32, marker: bool, payload: Bytes) -> rtp::Packet {
        let mut packet = rtp::Packet::default();
        packet.header.version = 2;
        packet.header.marker = marker;
        packet.header.payload_type = kind;
        packet.header.sequence_number = self.sequence;
        packet.header.timestamp = self.timestamp;
        packet.header.ssrc = self.ssrc;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(lasts);
        self.packets += 1;
        self.octets = self.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or(0));
        packet.payload = payload;
        packet
    }
}

/// What came.
#[derive(Default)]
pub(super) struct Incoming {
    sound: Sound,
    decoder: Option<Decoder>,
    /// Timestamp of the recording's beginning, by the codec that it is of.
    began: Option<(Codec, u32)>,
    /// The event that was read last: its timestamp.
    event: Option<u32>,
    pub digits: String,
    /// Packets by codec.
    pub packets: HashMap<Codec, u64>,
    pub octets: u64,
    pub ssrc: Option<u32>,
    highest: Option<u32>,
    first: u32,
}

impl Incoming {
    /// Takes a packet: records its sound, or reads its digit.
    pub fn take(&mut self, codec: Codec, packet: &rtp::Packet) {
        *self.packets.entry(codec).or_default() += 1;
        self.octets += packet.payload.len() as u64;
        self.ssrc = Some(packet.header.ssrc);
        self.count(packet.header.sequence_number);
        match codec {
            Codec::TelephoneEvent => self.read_digit(packet),
            _ => self.record(codec, packet),
        }
    }

    fn count(&mut self, sequence: u16) {
        let Some(highest) = self.highest else {
            self.first = u32::from(sequence);
            self.highest = Some(self.first);
            return;
        };
        let ahead = sequence.wrapping_sub(u16::try_from(highest & 0xffff).unwrap_or(0));
        if ahead < 0x8000 {
            self.highest = Some(highest.wrapping_add(u32::from(ahead)));
        }
    }

    /// The highest sequence number with its cycles, and how many packets before it are missing.
    pub fn counts(&self) -> Option<(u32, u32)> {
        let highest = self.highest?;
        let expected = u64::from(highest.wrapping_sub(self.first)) + 1;
        let lost = expected.saturating_sub(self.packets.values().sum());
        Some((highest, u32::try_from(lost).unwrap_or(u32::MAX)))
    }

    fn read_digit(&mut self, packet: &rtp::Packet) {
        let Some(event) = packet.payload.first() else { return };
        let digit = DIGITS.chars().nth(usize::from(*event));
        if self.event.replace(packet.header.timestamp) != Some(packet.header.timestamp) {
            self.digits.extend(digit);
        }
    }

    fn record(&mut self, codec: Codec, packet: &rtp::Packet) {
        let rate = rate(codec);
        let decoded = match codec {
            Codec::Pcmu => Some(packet.payload.iter().map(|code| from_mu_law(*code)).collect()),
            _ => {
                if self.decoder.is_none() {
                    self.decoder = Decoder::new(rate);
                }
                self.decoder.as_mut().and_then(|decoder| decoder.decode(&packet.payload))
            }
        };
        let Some(samples) = decoded else { return };
        // Another codec than before begins anew, behind what there is.
        let began = match self.began {
            Some((known, began)) if known == codec => began,
            _ => {
                self.sound = self.sound.at_or(rate);
                #[allow(clippy::cast_possible_truncation)]
                let before = (self.sound.samples.len() as u64 * u64::from(codec.clock()) / u64::from(rate)) as u32;
                let began = packet.header.timestamp.wrapping_sub(before);
                self.began = Some((codec, began));
                began
            }
        };
        let since = packet.header.timestamp.wrapping_sub(began);
        let at = u64::from(since) * u64::from(rate) / u64::from(codec.clock());
        let Ok(at) = usize::try_from(at) else { return };
        if at + samples.len() > LONGEST {
            return;
        }
        let all = &mut self.sound.samples;
        if all.len() < at + samples.len() {
            all.resize(at + samples.len(), 0);
        }
        all[at..at + samples.len()].copy_from_slice(&samples);
    }

    /// What was recorded so far.
    pub fn recording(&self) -> Sound {
        self.sound.clone()
    }

    /// Forgets what was recorded; the next packet begins anew.
    pub fn forget(&mut self) {
        self.sound = Sound::default();
        self.began = None;
    }
}

impl Sound {
    fn at_or(&self, rate: u32) -> Self {
        if self.samples.is_empty() { Self { rate, samples: Vec::new() } } else { self.at(rate) }
    }
}

/// The samples of a sound as `codec` plays them.
pub(super) fn prepared(sound: &Sound, codec: Codec) -> Vec<i16> {
    sound.at(rate(codec)).samples
}

/// How many samples of a codec's sound are 20 ms.
pub(super) fn frame(codec: Codec) -> usize {
    rate(codec) as usize / 50
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_is_recorded_at_the_other_end() {
        for codec in [Codec::Opus, Codec::Pcmu] {
            let (mut out, mut incoming) = (Outgoing::new(), Incoming::default());
            let sound = prepared(&Sound::tone(440.0, 400), codec);
            for index in 0..20 {
                let packet = out.play(9, codec, &sound, index * frame(codec)).unwrap();
                // One is lost: its time is silent.
                if index != 7 {
                    incoming.take(codec, &packet);
                }
            }
            let recording = incoming.recording();
            assert_eq!(recording.samples.len(), sound.len());
            assert!(recording.purity(440.0) > 0.8, "{codec:?}: {}", recording.purity(440.0));
            assert_eq!(incoming.counts().unwrap().1, 1);
        }
    }

    #[test]
    fn ends_with_other_codecs_hear_each_other() {
        for (from, to) in [(Codec::Opus, Codec::Pcmu), (Codec::Pcmu, Codec::Opus), (Codec::Opus, Codec::Opus)] {
            let (mut said, mut bridge, mut heard) = (Outgoing::new(), Outgoing::new(), Incoming::default());
            let sound = prepared(&Sound::tone(440.0, 400), from);
            for index in 0..20 {
                let packet = said.play(9, from, &sound, index * frame(from)).unwrap();
                let piece = Piece {
                    codec: from,
                    payload: packet.payload,
                    sequence: packet.header.sequence_number,
                    timestamp: packet.header.timestamp,
                    marker: false,
                };
                heard.take(to, &bridge.hand_on(8, to, &piece).unwrap());
            }
            let purity = heard.recording().purity(440.0);
            assert!(purity > 0.8, "{from:?} → {to:?}: {purity}");
        }
    }

    #[test]
    fn a_digit_is_read_once_whatever_its_packets() {
        let mut incoming = Incoming::default();
        for (timestamp, event) in [(10, 5), (10, 5), (10, 5), (900, 5), (900, 5), (2_000, 11)] {
            let mut packet = rtp::Packet::default();
            packet.header.timestamp = timestamp;
            packet.payload = Bytes::from(vec![event, 0x8a, 0, 160]);
            incoming.take(Codec::TelephoneEvent, &packet);
        }
        assert_eq!(incoming.digits, "55#");
    }
}
