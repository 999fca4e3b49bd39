//! Sends one call's frames and digits, and hands on what comes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use care4w_audio::Codec;
use rtc::rtp;
use tokio::sync::mpsc;
use tokio::time::{self, MissedTickBehavior};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::description::PayloadTypes;
use super::digits::DigitReader;
use super::engine::Engine;
use super::packets::{DigitPacket, Packets, event_of};
use crate::defaults::{CONNECT_TIME, DIGIT_GAP, DIGIT_TIME, DIGIT_WAIT, RELAY_NUDGE, SEND_SPACING};
use crate::{AgreeOnCodec, EncodedFrame, MediaPorts, ReceivePacket, RtpAudio};

/// Between two packets of a digit (RFC 4733, 2.5.1.2: the packetisation time of the sound).
const DIGIT_STEP: Duration = Duration::from_millis(20);

/// The last packet of a digit goes out three times (RFC 4733, 2.5.1.4).
const DIGIT_ENDS: u8 = 3;

/// What the sending task, the receiving task and the call share.
#[derive(Default)]
pub(crate) struct Flow {
    /// Whether what is sent arrives. Before that it would be lost, the codec's first packets with it.
    pub up: AtomicBool,
    /// Whether the other end wants no sound now: it holds.
    pub unwanted: AtomicBool,
    /// Whether this end holds.
    pub held: AtomicBool,
    /// Whether packets may go through a relay.
    pub may_relay: AtomicBool,
    /// Whether the sound is G.711; else it is Opus.
    narrow: AtomicBool,
    /// Who makes the sound has to know, too.
    agreed: OnceLock<AgreeOnCodec>,
    /// Packets sent.
    pub sent: AtomicU64,
    /// Packets received.
    pub received: AtomicU64,
}

impl Flow {
    fn open(&self) -> bool {
        let shut = self.unwanted.load(Ordering::Relaxed) || self.held.load(Ordering::Relaxed);
        self.up.load(Ordering::Relaxed) && !shut
    }

    /// What is sent and received.
    pub fn codec(&self) -> Codec {
        if self.narrow.load(Ordering::Relaxed) { Codec::Pcmu } else { Codec::Opus }
    }

    fn agree(&self, codec: Codec) {
        self.narrow.store(codec == Codec::Pcmu, Ordering::Relaxed);
        if let Some(agreed) = self.agreed.get() {
            agreed(codec);
        }
    }
}

/// Begins to send a call's sound; digits go into what this gives.
pub(crate) fn begin(
    engine: &Engine,
    types: PayloadTypes,
    flow: &Arc<Flow>,
    media: MediaPorts,
) -> mpsc::UnboundedSender<String> {
    let (digits, digits_rx) = mpsc::unbounded_channel();
    flow.agreed.set(media.agreed).ok();
    flow.agree(types.preferred());
    if engine.may_relay {
        flow.may_relay.store(true, Ordering::Relaxed);
        tokio::spawn(hurry(Arc::clone(&engine.track), Arc::clone(flow)));
    }
    let packets = Packets::new(engine.ssrc, types, rand::random(), rand::random());
    tokio::spawn(send(packets, Arc::clone(&engine.track), Arc::clone(flow), media.outgoing, digits_rx));
    digits
}

/// Sends until both channels are closed.
async fn send(
    mut packets: Packets,
    track: Arc<TrackLocalStaticRTP>,
    flow: Arc<Flow>,
    mut frames: mpsc::Receiver<EncodedFrame>,
    mut digits: mpsc::UnboundedReceiver<String>,
) {
    let mut dialling = Dialling::default();
    let mut spacing = Spacing::default();
    let mut step = time::interval(DIGIT_STEP);
    step.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) if frame.payload.is_empty() => packets.pause(&frame),
                Some(frame) if flow.open() => {
                    packets.set_codec(flow.codec());
                    if let Some(packet) = packets.frame(frame) {
                        if let Some(at) = spacing.leave(Instant::now()) {
                            time::sleep_until(at.into()).await;
                        }
                        write(&track, &flow, packet).await;
                    }
                }
                // Too early to arrive, or not wanted: the sound goes on where it would be.
                Some(frame) => packets.skip(&frame),
                None => return,
            },
            Some(more) = digits.recv() => dialling.queue.extend(more.chars()),
            _ = step.tick(), if dialling.busy() => {
                for packet in dialling.step(&mut packets) {
                    write(&track, &flow, packet).await;
                }
            }
        }
    }
}

async fn write(track: &TrackLocalStaticRTP, flow: &Flow, packet: rtp::Packet) {
    // An error means that the connection is gone: its state says so by itself.
    if track.write_rtp(packet).await.is_ok() {
        flow.sent.fetch_add(1, Ordering::Relaxed);
        if flow.may_relay.load(Ordering::Relaxed) {
            nudge(track).await;
        }
    }
}

/// Lets the library's loop run once. What it sends through a relay it leaves in a queue until the loop runs again for
/// another reason: 600 ms of a set-up, and up to 20 ms of every packet. A report without content wakes it and is not
/// sent. `false` when the connection is gone.
async fn nudge(track: &TrackLocalStaticRTP) -> bool {
    track.write_rtcp(Vec::new()).await.is_ok()
}

/// Nudges until the path is up.
async fn hurry(track: Arc<TrackLocalStaticRTP>, flow: Arc<Flow>) {
    let mut step = time::interval(RELAY_NUDGE);
    step.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + CONNECT_TIME;
    while !flow.up.load(Ordering::Relaxed) && Instant::now() < end && nudge(&track).await {
        step.tick().await;
    }
}

/// Keeps packets of sound apart that become ready at once: after the machine stood still, up to half a second of them. Routers
/// with short queues drop what comes in a bunch.
#[derive(Debug, Default)]
struct Spacing {
    last: Option<Instant>,
}

impl Spacing {
    /// When the packet that is ready `now` is to leave; `None` for at once.
    fn leave(&mut self, now: Instant) -> Option<Instant> {
        let at = self.last.map_or(now, |last| now.max(last + SEND_SPACING));
        self.last = Some(at);
        (at > now).then_some(at)
    }
}

/// Digits that are being sent. One `step` is [`DIGIT_STEP`] of time.
#[derive(Default)]
struct Dialling {
    queue: VecDeque<char>,
    sounding: Option<DigitPacket>,
    pause: Duration,
    /// Where the last digit ended, by the codec's clock.
    ended: Option<u32>,
}

impl Dialling {
    fn busy(&self) -> bool {
        self.sounding.is_some() || !self.pause.is_zero() || !self.queue.is_empty()
    }

    fn step(&mut self, packets: &mut Packets) -> Vec<rtp::Packet> {
        if !self.pause.is_zero() {
            self.pause = self.pause.saturating_sub(DIGIT_STEP);
            return Vec::new();
        }
        let Some(mut digit) = self.sounding.take().or_else(|| self.next(packets.timestamp())) else {
            return Vec::new();
        };
        let ticks = |time: Duration| u16::try_from(time.as_millis() as u32 * packets.clock_khz()).unwrap_or(u16::MAX);
        digit.lasted = digit.lasted.saturating_add(ticks(DIGIT_STEP));
        digit.over = digit.lasted >= ticks(DIGIT_TIME);
        let times = if digit.over { DIGIT_ENDS } else { 1 };
        let sent = (0..times).filter_map(|_| packets.digit(digit)).collect();
        if digit.over {
            self.pause = DIGIT_GAP;
            self.ended = Some(digit.began.wrapping_add(digit.lasted.into()));
        } else {
            self.sounding = Some(DigitPacket { first: false, ..digit });
        }
        sent
    }

    /// The next digit begins where the sound is, and after the last one: without a microphone the sound stands still, and
    /// digits that begin in one moment are one digit to whom hears them.
    fn next(&mut self, sound: u32) -> Option<DigitPacket> {
        let digit = self.queue.pop_front()?;
        let began = self.ended.filter(|ended| (ended.wrapping_sub(sound) as i32) > 0).unwrap_or(sound);
        match event_of(digit) {
            Some(event) => Some(DigitPacket { event, began, lasted: 0, first: true, over: false }),
            None => {
                self.pause = DIGIT_WAIT;
                None
            }
        }
    }
}

/// Hands on the packets of a track until it ends; `first` is called with the first one of the sound, `dialled` with
/// each digit.
pub(crate) async fn receive(
    track: Arc<dyn TrackRemote>,
    types: PayloadTypes,
    flow: Arc<Flow>,
    incoming: ReceivePacket,
    first: impl FnOnce() + Send,
    dialled: impl Fn(char) + Send + Sync,
) {
    let mut first = Some(first);
    let mut digits = DigitReader::default();
    while let Some(event) = track.poll().await {
        match event {
            TrackRemoteEvent::OnRtpPacket(packet) if types.is_event(packet.header.payload_type) => {
                let header = &packet.header;
                if let Some(digit) = digits.take(header.sequence_number, header.timestamp, &packet.payload) {
                    dialled(digit);
                }
            }
            TrackRemoteEvent::OnRtpPacket(packet) => {
                let arrived = Instant::now();
                let Some(codec) = types.codec(packet.header.payload_type) else { continue };
                // Of two codecs in its answer, the other end sends the one that it wants to receive, too.
                if codec != flow.codec() {
                    flow.agree(codec);
                }
                flow.received.fetch_add(1, Ordering::Relaxed);
                incoming(RtpAudio {
                    sequence: digits.renumber(packet.header.sequence_number),
                    timestamp: packet.header.timestamp.wrapping_mul(48 / codec.clock_khz()),
                    payload: packet.payload.to_vec(),
                    arrived,
                });
                if let Some(first) = first.take() {
                    first();
                }
            }
            TrackRemoteEvent::OnEnded => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use rtc::media_stream::MediaStreamTrack;
    use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;

    use super::*;

    #[test]
    fn sound_leaves_at_once_and_what_was_kept_by_a_stall_leaves_apart_and_soon() {
        let (mut spacing, began) = (Spacing::default(), Instant::now());
        let at = |ms: u64| began + Duration::from_millis(ms);
        // Packets of 10 ms, made a little late or early as on any machine.
        for ready in [0, 12, 19, 33, 40] {
            assert_eq!(spacing.leave(at(ready)), None);
        }
        // Half a second of 20 ms is ready at once; each waits for the one before.
        let mut now = at(540);
        let left: Vec<Instant> = (0..25)
            .map(|_| {
                now = spacing.leave(now).unwrap_or(now);
                now
            })
            .collect();
        assert!(left.windows(2).all(|pair| pair[1] - pair[0] == SEND_SPACING));
        assert!(now - at(540) < Duration::from_millis(150), "it has caught up after {:?}", now - at(540));
        assert_eq!(spacing.leave(now + Duration::from_millis(20)), None, "and all is as before");
    }

    #[test]
    fn digits_without_any_sound_between_them_begin_one_after_another_also_over_the_end_of_the_clock() {
        let mut packets = Packets::new(1, PayloadTypes::wide(111, Some(110)), 0, u32::MAX - 100);
        let mut dialling = Dialling { queue: "555".chars().collect(), ..Dialling::default() };
        let mut began = Vec::new();
        while dialling.busy() {
            began.extend(dialling.step(&mut packets).iter().filter(|p| p.header.marker).map(|p| p.header.timestamp));
        }
        let first = u32::MAX - 100;
        assert_eq!(began, [first, first.wrapping_add(4_800), first.wrapping_add(9_600)]);
    }

    #[tokio::test]
    async fn what_is_ready_at_once_does_not_leave_at_once() {
        let flow = Arc::new(Flow { up: AtomicBool::new(true), ..Flow::default() });
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "care4w".to_owned(),
            "care4w-audio".to_owned(),
            "microphone".to_owned(),
            RtpCodecKind::Audio,
            Vec::new(),
        )));
        // The machine would have to stand still for five seconds to make all of them late.
        let (frames, waiting) = mpsc::channel(1_000);
        for _ in 0..1_000 {
            frames.try_send(EncodedFrame { payload: vec![1; 60], samples: 960, starts_talkspurt: false }).unwrap();
        }
        let (_digits, dialled) = mpsc::unbounded_channel();
        let packets = Packets::new(1, PayloadTypes::wide(111, Some(110)), 0, 0);
        let mut sending = pin!(tokio::task::unconstrained(send(packets, track, flow, waiting, dialled)));
        assert!(std::future::poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await.is_pending());
        assert!(frames.capacity() < 1_000, "each waits for the one before: {} left", frames.capacity());
        assert!(frames.capacity() > 0, "the first one does not wait");
    }

    #[test]
    fn a_digit_goes_out_every_20_ms_and_its_end_three_times() {
        let mut packets = Packets::new(1, PayloadTypes::wide(111, Some(110)), 0, 0);
        let mut dialling = Dialling { queue: "5w".chars().collect(), ..Dialling::default() };
        let mut sent = Vec::new();
        let mut steps = 0;
        while dialling.busy() {
            sent.extend(dialling.step(&mut packets));
            steps += 1;
        }
        let lasted: Vec<_> = sent.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect();
        assert_eq!(lasted, [960, 1_920, 2_880, 3_840, 4_800, 4_800, 4_800]);
        assert_eq!(sent.iter().filter(|p| p.header.marker).count(), 1, "only the first packet is marked");
        assert_eq!(sent.iter().filter(|p| p.payload[1] & 0x80 != 0).count(), 3, "three ends");
        let time = DIGIT_TIME + DIGIT_GAP + DIGIT_STEP + DIGIT_WAIT;
        assert_eq!(DIGIT_STEP * steps, time, "the digit, its gap, and the wait with the step that began it");
    }
}
