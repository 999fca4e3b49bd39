use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtrb::{Consumer, Producer, RingBuffer};

use super::Waker;
use super::callback::{CaptureCallback, PlaybackCallback, Signal};
use crate::defaults::{
    CARD_TAPS, PLAYBACK_MARGIN_DECAY, PLAYBACK_MARGIN_MAX_MS, PLAYBACK_MARGIN_STEP_MS, RING, SAMPLE_RATE, STEP_SAMPLES,
};
use crate::resample::Resampler;

fn ring(rate: u32) -> (Producer<f32>, Consumer<f32>) {
    RingBuffer::new((RING.as_secs_f64() * f64::from(rate)) as usize)
}

fn signal(rate: u32, waker: Arc<Waker>) -> Arc<Signal> {
    let signal = Signal { waker, ..Signal::default() };
    signal.period.store(rate as usize / 100, Ordering::Relaxed);
    Arc::new(signal)
}

/// The engine's end of a microphone.
pub struct CardMicrophone {
    ring: Consumer<f32>,
    signal: Arc<Signal>,
    resampler: Resampler,
    ready: Vec<f32>,
    raw: Vec<f32>,
    /// Keeps the card open.
    pub stream: Option<Box<dyn Any + Send>>,
}

impl CardMicrophone {
    /// A ring at the card's rate, and the callback that fills it. `None` for a rate that cannot be.
    pub fn new(rate: u32, channels: usize, waker: Arc<Waker>) -> Option<(Self, CaptureCallback)> {
        let (producer, consumer) = ring(rate);
        let signal = signal(rate, waker);
        let callback = CaptureCallback { ring: producer, channels, signal: signal.clone() };
        let microphone = Self {
            ring: consumer,
            signal,
            resampler: Resampler::new(rate, SAMPLE_RATE, CARD_TAPS)?,
            ready: Vec::new(),
            raw: Vec::new(),
            stream: None,
        };
        Some((microphone, callback))
    }

    /// Fills one step, if a whole one is there.
    pub fn read(&mut self, out: &mut [f32; STEP_SAMPLES]) -> bool {
        self.raw.resize(self.ring.slots(), 0.0);
        if self.ring.pop_entire_slice(&mut self.raw).is_ok() {
            self.resampler.push(&self.raw, &mut self.ready);
        }
        if self.ready.len() < STEP_SAMPLES {
            return false;
        }
        out.copy_from_slice(&self.ready[..STEP_SAMPLES]);
        self.ready.drain(..STEP_SAMPLES);
        true
    }

    /// Throws away all but the newest step.
    pub fn catch_up(&mut self) {
        let mut step = [0.0; STEP_SAMPLES];
        while self.read(&mut step) {}
    }

    /// How often the card called.
    pub fn calls(&self) -> u32 {
        self.signal.calls.load(Ordering::Acquire)
    }
}

/// The engine's end of a speaker: keeps just so much in the ring that the card's next call finds enough.
pub struct CardSpeaker {
    ring: Producer<f32>,
    capacity: usize,
    rate: u32,
    signal: Arc<Signal>,
    resampler: Resampler,
    made: Vec<f32>,
    margin_ms: u32,
    failed_before: u32,
    settled: Option<Instant>,
    /// Keeps the card open.
    pub stream: Option<Box<dyn Any + Send>>,
}

impl CardSpeaker {
    /// A ring at the card's rate, and the callback that empties it. `None` for a rate that cannot be.
    pub fn new(rate: u32, channels: usize, waker: Arc<Waker>) -> Option<(Self, PlaybackCallback)> {
        let (producer, consumer) = ring(rate);
        let signal = signal(rate, waker);
        let callback = PlaybackCallback { ring: consumer, channels, signal: signal.clone(), most: usize::MAX };
        let speaker = Self {
            capacity: producer.slots(),
            ring: producer,
            rate,
            signal,
            resampler: Resampler::new(SAMPLE_RATE, rate, CARD_TAPS)?,
            made: Vec::new(),
            margin_ms: 0,
            failed_before: 0,
            settled: None,
            stream: None,
        };
        Some((speaker, callback))
    }

    /// Whether another step is due.
    pub fn wants(&self) -> bool {
        let period = self.signal.period.load(Ordering::Relaxed);
        let margin = (self.margin_ms * (self.rate / 1_000)) as usize;
        self.held() < (period + margin).min(self.capacity / 2)
    }

    /// How long sound that is written now waits until the card takes it: behind what the ring holds, and, since it is
    /// written when the card has just called, for its next call.
    pub fn lead(&self) -> Duration {
        let waits = self.held() + self.signal.period.load(Ordering::Relaxed).min(self.capacity);
        Duration::from_secs_f64(waits as f64 / f64::from(self.rate))
    }

    /// Puts sound into the ring; what finds no room is dropped.
    pub fn write(&mut self, sound: &[f32]) {
        self.made.clear();
        self.resampler.push(sound, &mut self.made);
        let _no_room = self.ring.push_partial_slice(&self.made);
    }

    /// Widens the margin when the ring ran dry, and narrows it after a while without.
    pub fn settle(&mut self, now: Instant) {
        let failed = self.signal.failed.load(Ordering::Relaxed);
        let settled = *self.settled.get_or_insert(now);
        if failed != self.failed_before {
            // Before the first second is over, cards ask unevenly: they fill their own buffers.
            if self.failed_before > 0 || self.calls() > 50 {
                self.margin_ms = (self.margin_ms + PLAYBACK_MARGIN_STEP_MS).min(PLAYBACK_MARGIN_MAX_MS);
            }
            self.failed_before = failed;
            self.settled = Some(now);
        } else if now.saturating_duration_since(settled) > PLAYBACK_MARGIN_DECAY {
            self.margin_ms = self.margin_ms.saturating_sub(PLAYBACK_MARGIN_STEP_MS);
            self.settled = Some(now);
        }
    }

    /// How often the card called.
    pub fn calls(&self) -> u32 {
        self.signal.calls.load(Ordering::Acquire)
    }

    fn held(&self) -> usize {
        self.capacity - self.ring.slots()
    }
}
