//! A hang-up said on the media path, as an RTCP BYE (RFC 3550, 6.6), so that it is heard without the server.
//!
//! SRTCP authenticates it: nobody outside the call can say it. A BYE alone says only that a stream ended, as when it
//! changes its SSRC after a collision (RFC 3550, 8.2); the call is over when its reason has the words of this room.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use care4w_protocol::signal::{Ended, HangUp};
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::goodbye::Goodbye;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use tokio::sync::{mpsc, watch};

use super::engine_event::EngineEvent;

const HUNG_UP: &[u8] = b"care4w: hung up";
const NO_PATH: &[u8] = b"care4w: no path";
const FAILED: &[u8] = b"care4w: failed";

/// The packets with which a stream's end leaves its call. A receiver report comes first, as in every compound packet
/// (RFC 3550, 6.1).
pub(super) fn packets(ssrc: u32, reason: HangUp) -> Vec<Box<dyn rtcp::Packet>> {
    let words = match reason {
        HangUp::Normal | HangUp::NoAnswer => HUNG_UP,
        HangUp::NoPath => NO_PATH,
        HangUp::Failed => FAILED,
    };
    let report = ReceiverReport { ssrc, ..Default::default() };
    vec![Box::new(report), Box::new(Goodbye { sources: vec![ssrc], reason: Bytes::from_static(words) })]
}

fn read(words: &[u8]) -> Option<Ended> {
    match words {
        HUNG_UP => Some(Ended::HungUp),
        NO_PATH => Some(Ended::NoPath),
        FAILED => Some(Ended::Failed),
        _ => None,
    }
}

/// Hears the other end's goodbye, counts our own, and passes everything on.
pub(super) struct GoodbyeListener {
    events: mpsc::UnboundedSender<EngineEvent>,
    /// The stream that the other end's newest packet was of.
    stream: Option<u32>,
    said: watch::Sender<u32>,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl GoodbyeListener {
    /// `said` counts the goodbyes that this end has sent.
    pub fn new(events: mpsc::UnboundedSender<EngineEvent>, said: watch::Sender<u32>) -> Self {
        Self { events, stream: None, said, read: VecDeque::new(), write: VecDeque::new() }
    }

    fn hear(&self, goodbye: &Goodbye) {
        let Some(ended) = read(&goodbye.reason) else { return };
        // From an end that was silent to this moment it can be of any stream.
        if self.stream.is_none_or(|stream| goodbye.sources.contains(&stream)) {
            // A call that is over needs to hear nothing.
            self.events.send(EngineEvent::Goodbye(ended)).ok();
        }
    }
}

fn goodbyes(packet: &Packet) -> impl Iterator<Item = &Goodbye> {
    let packets = if let Packet::Rtcp(packets) = packet { packets.as_slice() } else { &[] };
    packets.iter().filter_map(|packet| packet.as_any().downcast_ref())
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for GoodbyeListener {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(packet) = &message.message.packet {
            self.stream = Some(packet.header.ssrc);
        }
        for goodbye in goodbyes(&message.message.packet) {
            self.hear(goodbye);
        }
        self.read.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        let said = goodbyes(&message.message.packet).count();
        self.write.push_back(message);
        for _ in 0..said {
            self.said.send_modify(|said| *said = said.saturating_add(1));
        }
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }
}

impl Interceptor for GoodbyeListener {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use rtc::rtp;
    use rtc::shared::TransportContext;

    use super::*;

    struct Heard {
        listener: GoodbyeListener,
        events: mpsc::UnboundedReceiver<EngineEvent>,
    }

    impl Heard {
        fn nothing() -> Self {
            let (tx, events) = mpsc::unbounded_channel();
            Self { listener: GoodbyeListener::new(tx, watch::Sender::new(0)), events }
        }

        fn packet(&mut self, packet: Packet) {
            let now = Instant::now();
            let message = TaggedPacket { now, transport: TransportContext::default(), message: packet.into() };
            self.listener.handle_read(message).unwrap();
            assert!(self.listener.poll_read().is_some(), "everything is passed on");
        }

        fn sound(&mut self, ssrc: u32) {
            let mut packet = rtp::Packet::default();
            packet.header.ssrc = ssrc;
            self.packet(Packet::Rtp(packet));
        }

        fn bye(&mut self, ssrc: u32, words: &'static [u8]) -> Option<Ended> {
            let goodbye = Goodbye { sources: vec![ssrc], reason: Bytes::from_static(words) };
            self.packet(Packet::Rtcp(vec![Box::new(goodbye)]));
            match self.events.try_recv() {
                Ok(EngineEvent::Goodbye(ended)) => Some(ended),
                _ => None,
            }
        }
    }

    #[test]
    fn a_stream_that_ends_or_changes_its_ssrc_is_no_hang_up() {
        let mut heard = Heard::nothing();
        heard.sound(1);
        assert_eq!(heard.bye(1, b""), None, "a collision: the stream goes on under another SSRC");
        heard.sound(2);
        assert_eq!(heard.bye(1, HUNG_UP), None, "a stream that is gone");
        assert_eq!(heard.bye(2, b"RTP loop detected"), None);
        assert_eq!(heard.bye(2, HUNG_UP), Some(Ended::HungUp));
    }

    #[test]
    fn an_end_that_never_made_a_sound_is_heard_to_hang_up() {
        assert_eq!(Heard::nothing().bye(9, HUNG_UP), Some(Ended::HungUp));
    }

    #[test]
    fn every_way_to_leave_is_heard_as_what_it_is() {
        for (reason, ended) in [
            (HangUp::Normal, Ended::HungUp),
            (HangUp::NoAnswer, Ended::HungUp),
            (HangUp::NoPath, Ended::NoPath),
            (HangUp::Failed, Ended::Failed),
        ] {
            let mut heard = Heard::nothing();
            heard.packet(Packet::Rtcp(packets(4, reason)));
            assert!(matches!(heard.events.try_recv(), Ok(EngineEvent::Goodbye(said)) if said == ended));
        }
    }
}
