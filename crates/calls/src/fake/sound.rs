//! Sound without a sound card, for tests: it counts what is open and what rings, and speaks while it is started.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use care4w_audio::tones::Tone;
use care4w_audio::{Codec, DeviceSelector, Direction, Health, Levels, Notice, ReceiveStats};

use crate::{
    EncodedFrame, NetworkReport, Processing, RtpAudio, SendFrame, Sound, SoundError, SoundFactory, SoundSettings,
    Volume,
};

/// Between two frames of a fake microphone.
const FRAME: Duration = Duration::from_millis(20);

/// The fake. Clones share what is counted.
#[derive(Clone, Default)]
pub struct FakeSound(Arc<Counts>);

#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    opened: AtomicUsize,
    ringing: AtomicUsize,
    rung: AtomicUsize,
    no_microphone: AtomicBool,
    muted: AtomicBool,
    on_hold: AtomicBool,
    looks: AtomicUsize,
    state: Mutex<FakeState>,
}

#[derive(Default)]
struct FakeState {
    processing: Processing,
    volume: Volume,
    low_delay: bool,
    health: Health,
    notices: Vec<Notice>,
}

impl Counts {
    fn state(&self) -> MutexGuard<'_, FakeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeSound {
    /// Sound that works.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on the microphone cannot be opened.
    pub fn break_microphone(&self) {
        self.0.no_microphone.store(true, Ordering::SeqCst);
    }

    /// How many calls' sounds are open.
    pub fn open_now(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }

    /// How many calls' sounds were opened so far.
    pub fn opened(&self) -> usize {
        self.0.opened.load(Ordering::SeqCst)
    }

    /// Whether the sound opened last sends short packets.
    pub fn low_delay(&self) -> bool {
        self.0.state().low_delay
    }

    /// How many tones play.
    pub fn ringing_now(&self) -> usize {
        self.0.ringing.load(Ordering::SeqCst)
    }

    /// How many tones were begun so far.
    pub fn rung(&self) -> usize {
        self.0.rung.load(Ordering::SeqCst)
    }

    /// Whether the hold tone plays.
    pub fn on_hold(&self) -> bool {
        self.0.on_hold.load(Ordering::SeqCst)
    }

    /// What is done to the microphone's sound.
    pub fn processing(&self) -> Processing {
        self.0.state().processing
    }

    /// How loud the other end is played.
    pub fn volume(&self) -> Volume {
        self.0.state().volume
    }

    /// How often it was asked how the microphone does.
    pub fn looks(&self) -> usize {
        self.0.looks.load(Ordering::SeqCst)
    }

    /// What the microphone and the computer are like from now on.
    pub fn set_health(&self, health: Health) {
        self.0.state().health = health;
    }

    /// Something befalls a device.
    pub fn befall(&self, notice: Notice) {
        self.0.state().notices.push(notice);
    }

    /// Whether the call was muted last.
    pub fn muted(&self) -> bool {
        self.0.muted.load(Ordering::SeqCst)
    }
}

impl SoundFactory for FakeSound {
    fn open(&self, settings: &SoundSettings, send: SendFrame) -> Result<Arc<dyn Sound>, SoundError> {
        if self.0.no_microphone.load(Ordering::SeqCst) {
            return Err(SoundError::Microphone("NO_DEVICE".to_owned()));
        }
        self.0.state().low_delay = settings.low_delay;
        self.0.open.fetch_add(1, Ordering::SeqCst);
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(FakeCall {
            counts: Arc::clone(&self.0),
            send: Mutex::new(Some(send)),
            closed: Arc::default(),
            heard: Mutex::default(),
        }))
    }

    fn device_name(&self, direction: Direction, device: &DeviceSelector) -> Option<String> {
        Some(format!("{direction:?} {device}"))
    }

    fn tone(&self, _: Tone, _: &DeviceSelector) -> Result<Box<dyn Send>, SoundError> {
        self.0.ringing.fetch_add(1, Ordering::SeqCst);
        self.0.rung.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(FakeTone(Arc::clone(&self.0))))
    }
}

struct FakeTone(Arc<Counts>);

impl Drop for FakeTone {
    fn drop(&mut self) {
        self.0.ringing.fetch_sub(1, Ordering::SeqCst);
    }
}

struct FakeCall {
    counts: Arc<Counts>,
    send: Mutex<Option<SendFrame>>,
    closed: Arc<AtomicBool>,
    heard: Mutex<ReceiveStats>,
}

impl FakeCall {
    fn heard(&self) -> std::sync::MutexGuard<'_, ReceiveStats> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sound for FakeCall {
    fn start(&self) {
        let Some(mut send) = self.send.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let closed = Arc::clone(&self.closed);
        std::thread::spawn(move || {
            while !closed.load(Ordering::SeqCst) {
                send(EncodedFrame { payload: vec![1; 40], samples: 960, starts_talkspurt: false });
                std::thread::sleep(FRAME);
            }
        });
    }

    fn receive(&self, packet: RtpAudio) {
        let mut heard = self.heard();
        heard.received += 1;
        heard.first_audio.get_or_insert_with(Instant::now);
        heard.buffer_ms = packet.arrived.elapsed().as_secs_f64() * 1_000.0;
    }

    fn set_muted(&self, muted: bool) {
        self.counts.muted.store(muted, Ordering::SeqCst);
    }

    fn set_microphone(&self, _: DeviceSelector) -> Result<(), SoundError> {
        if self.counts.no_microphone.load(Ordering::SeqCst) {
            return Err(SoundError::Microphone("NO_DEVICE".to_owned()));
        }
        Ok(())
    }

    fn set_speaker(&self, _: DeviceSelector) -> Result<(), SoundError> {
        Ok(())
    }

    fn levels(&self) -> Levels {
        Levels::default()
    }

    fn stats(&self) -> ReceiveStats {
        *self.heard()
    }

    fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.counts.state().notices)
    }

    fn play_digit(&self, _: char) {}

    fn set_volume(&self, volume: Volume) {
        self.counts.state().volume = volume;
    }

    fn set_processing(&self, processing: Processing) {
        self.counts.state().processing = processing;
    }

    fn health(&self) -> Health {
        self.counts.looks.fetch_add(1, Ordering::SeqCst);
        self.counts.state().health
    }

    fn set_on_hold(&self, on_hold: bool) {
        self.counts.on_hold.store(on_hold, Ordering::SeqCst);
    }

    fn report(&self, _: NetworkReport) {}

    fn set_codec(&self, _: Codec) {}

    fn close(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            self.counts.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
