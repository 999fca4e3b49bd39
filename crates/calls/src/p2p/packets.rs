//! RTP packets of one call's sound (RFC 3550, RFC 7587, RFC 3551) and its digits (RFC 4733).
//!
//! Invariant: sequence numbers rise by one with every packet whatever its kind; the timestamp rises by what each
//! frame lasts, by the codec's clock. No I/O, no clock.

use bytes::Bytes;
use care4w_audio::Codec;
use rtc::rtp;

use super::description::PayloadTypes;
use crate::EncodedFrame;

/// Makes the packets of one stream.
#[derive(Debug)]
pub(crate) struct Packets {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    types: PayloadTypes,
    codec: Codec,
    first: bool,
}

/// One of the packets that make up a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DigitPacket {
    /// The event of the digit ([`event_of`]).
    pub event: u8,
    /// The timestamp at which the digit began: all its packets carry it.
    pub began: u32,
    /// How long it has sounded, by the codec's clock.
    pub lasted: u16,
    /// Whether this is its first packet.
    pub first: bool,
    /// Whether the digit is over.
    pub over: bool,
}

impl Packets {
    /// A stream that begins anywhere, as RFC 3550 (5.1) wants it.
    pub fn new(ssrc: u32, types: PayloadTypes, sequence: u16, timestamp: u32) -> Self {
        Self { ssrc, sequence, timestamp, types, codec: types.preferred(), first: true }
    }

    /// What the frames from now on are.
    pub fn set_codec(&mut self, codec: Codec) {
        self.first |= self.codec != codec;
        self.codec = codec;
    }

    /// Ticks of the codec's clock in a millisecond.
    pub fn clock_khz(&self) -> u32 {
        self.codec.clock_khz()
    }

    /// The packet of a frame; `None` for one of another codec than what was agreed on, made before the sound knew of it.
    pub fn frame(&mut self, frame: EncodedFrame) -> Option<rtp::Packet> {
        let Some(kind) = self.types.sound(self.codec).filter(|_| self.fits(&frame)) else {
            self.skip(&frame);
            return None;
        };
        let first = std::mem::take(&mut self.first);
        let marker = frame.starts_talkspurt || first;
        let lasts = self.ticks(&frame);
        let packet = self.packet(kind, marker, self.timestamp, Bytes::from(frame.payload));
        self.timestamp = self.timestamp.wrapping_add(lasts);
        Some(packet)
    }

    /// A sample of G.711 is a byte. An Opus frame is told by nothing; there is no other before it.
    fn fits(&self, frame: &EncodedFrame) -> bool {
        self.codec == Codec::Opus || frame.payload.len() == self.ticks(frame) as usize
    }

    fn ticks(&self, frame: &EncodedFrame) -> u32 {
        frame.samples * self.clock_khz() / 48
    }

    /// A pause of the speaker's that is not sent (DTX): its time passes. The encoder knows where speech begins again.
    pub fn pause(&mut self, frame: &EncodedFrame) {
        self.timestamp = self.timestamp.wrapping_add(self.ticks(frame));
    }

    /// A frame that is not sent: its time passes all the same, and what comes after it begins anew.
    pub fn skip(&mut self, frame: &EncodedFrame) {
        self.timestamp = self.timestamp.wrapping_add(self.ticks(frame));
        self.first = true;
    }

    /// The timestamp that the next frame will carry.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// A packet of a digit; `None` when the other end takes no telephone events.
    pub fn digit(&mut self, digit: DigitPacket) -> Option<rtp::Packet> {
        const VOLUME: u8 = 10; // −10 dBm0, as most phones send
        let kind = self.types.events(self.codec)?;
        let [high, low] = digit.lasted.to_be_bytes();
        let flags = if digit.over { 0x80 | VOLUME } else { VOLUME };
        let payload = Bytes::from(vec![digit.event, flags, high, low]);
        Some(self.packet(kind, digit.first, digit.began, payload))
    }

    fn packet(&mut self, kind: u8, marker: bool, timestamp: u32, payload: Bytes) -> rtp::Packet {
        let mut packet = rtp::Packet::default();
        packet.header.version = 2;
        packet.header.marker = marker;
        packet.header.payload_type = kind;
        packet.header.sequence_number = self.sequence;
        packet.header.timestamp = timestamp;
        packet.header.ssrc = self.ssrc;
        packet.payload = payload;
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

/// The telephone event of a digit (RFC 4733, 3.2).
pub(crate) fn event_of(digit: char) -> Option<u8> {
    match digit.to_ascii_uppercase() {
        digit @ '0'..='9' => Some(digit as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        digit @ 'A'..='D' => Some(digit as u8 - b'A' + 12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> PayloadTypes {
        PayloadTypes::wide(111, Some(110))
    }

    fn frame(samples: u32, starts_talkspurt: bool) -> EncodedFrame {
        EncodedFrame { payload: vec![1, 2, 3], samples, starts_talkspurt }
    }

    #[test]
    fn sequence_numbers_and_timestamps_wrap_around() {
        let mut packets = Packets::new(7, types(), u16::MAX, u32::MAX - 959);
        let first = packets.frame(frame(960, false)).unwrap();
        let second = packets.frame(frame(960, false)).unwrap();
        assert_eq!((first.header.sequence_number, first.header.timestamp), (u16::MAX, u32::MAX - 959));
        assert_eq!((second.header.sequence_number, second.header.timestamp), (0, 0));
        assert!(first.header.marker && !second.header.marker, "the first packet of a stream is marked");
    }

    #[test]
    fn a_frame_that_is_not_sent_takes_time_but_no_number() {
        let mut packets = Packets::new(7, types(), 5, 1_000);
        packets.frame(frame(960, false)).unwrap();
        packets.skip(&frame(960, false));
        let next = packets.frame(frame(960, false)).unwrap().header;
        assert_eq!((next.sequence_number, next.timestamp, next.marker), (6, 1_000 + 2 * 960, true));
    }

    #[test]
    fn a_pause_takes_time_but_no_number_and_what_comes_after_it_is_marked_only_if_it_is_speech() {
        let mut packets = Packets::new(7, types(), 5, 1_000);
        packets.frame(frame(960, true)).unwrap();
        let pause = EncodedFrame { payload: Vec::new(), samples: 960, starts_talkspurt: false };
        packets.pause(&pause);
        let noise = packets.frame(frame(960, false)).unwrap().header;
        packets.pause(&pause);
        let speech = packets.frame(frame(960, true)).unwrap().header;
        assert_eq!((noise.sequence_number, noise.timestamp, noise.marker), (6, 1_000 + 2 * 960, false));
        assert_eq!((speech.sequence_number, speech.timestamp, speech.marker), (7, 1_000 + 4 * 960, true));
    }

    #[test]
    fn a_digit_shares_the_sequence_and_keeps_the_time_at_which_it_began() {
        let mut packets = Packets::new(7, types(), 5, 1_000);
        packets.frame(frame(960, false)).unwrap();
        let began = packets.timestamp();
        let digit = DigitPacket { event: 11, began, lasted: 960, first: true, over: false };
        let start = packets.digit(digit).unwrap();
        packets.frame(frame(960, false)).unwrap();
        let end = packets.digit(DigitPacket { lasted: 4_800, first: false, over: true, ..digit }).unwrap();
        assert_eq!((start.header.sequence_number, end.header.sequence_number), (6, 8));
        assert_eq!((start.header.timestamp, end.header.timestamp), (1_960, 1_960));
        assert_eq!(&end.payload[..], [11, 0x8a, 0x12, 0xc0]);
    }

    #[test]
    fn digits_are_not_sent_to_an_end_that_does_not_take_them() {
        let mut packets = Packets::new(7, PayloadTypes::wide(111, None), 5, 0);
        assert!(packets.digit(DigitPacket { event: 1, began: 0, lasted: 960, first: true, over: false }).is_none());
    }

    #[test]
    fn g_711_goes_by_its_own_clock_and_a_frame_of_another_codec_is_not_sent_as_it() {
        let gateway = "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n";
        let mut packets = Packets::new(7, PayloadTypes::of_gateway(gateway).unwrap(), 5, 1_000);
        let narrow = || EncodedFrame { payload: vec![0xff; 160], samples: 960, starts_talkspurt: false };
        assert!(packets.frame(frame(960, true)).is_none(), "Opus of before the answer");
        let first = packets.frame(narrow()).unwrap().header;
        let began = packets.timestamp();
        let digit = DigitPacket { event: 5, began, lasted: 160, first: true, over: false };
        let digit = packets.digit(digit).unwrap().header;
        let second = packets.frame(narrow()).unwrap().header;
        assert_eq!((first.payload_type, first.sequence_number, first.timestamp, first.marker), (0, 5, 1_160, true));
        assert_eq!((digit.payload_type, digit.sequence_number, digit.timestamp), (101, 6, 1_320));
        assert_eq!((second.sequence_number, second.timestamp, second.marker), (7, 1_320, false));
    }

    #[test]
    fn every_dialled_character_has_its_event() {
        let events: Vec<_> = "0123456789*#abcD".chars().map(|digit| event_of(digit).unwrap()).collect();
        assert_eq!(events, (0..16).collect::<Vec<u8>>());
        assert_eq!(event_of('w'), None);
    }
}
