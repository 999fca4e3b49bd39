//! The one thread of a call's sound. It wakes when a card calls and at least every 10 ms, and works in steps of 10 ms.
//!
//! Each end has its own clock. A speaker's card is given as much as it takes, a microphone's card is emptied of what
//! it brings, and ends without a card follow the monotonic clock: so no ring can drift full or empty, and what is
//! left of drift, between the far microphone and this speaker, is the jitter buffer's to even out.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::Command;
use crate::defaults::{CAPTURE_STARVED, CLOSE_WAIT, DEVICE_SILENT, FRAME_SAMPLES, STEP, STEP_SAMPLES};
use crate::endpoint::{Microphone, Opened, Speaker};
use crate::g711;
use crate::health::HealthWatch;
use crate::levels::Meter;
use crate::notice::Notice;
use crate::opener::{DeviceEvent, Opener};
use crate::opus::Encoder;
use crate::pacer::Pacer;
use crate::packet::EncodedFrame;
use crate::playout::FarEnd;
use crate::priority;
use crate::processing::VoiceProcessing;
use crate::sending::Sending;
use crate::tones::{DigitTone, Synth, Tone};
use crate::volume::VolumeRamp;
use crate::{Codec, Direction, Levels, ReceiveStats};

/// Where encoded frames go.
pub type FrameSink = Box<dyn FnMut(EncodedFrame) + Send>;

/// Whether a card still calls.
#[derive(Debug)]
struct Watch {
    generation: u64,
    calls: u32,
    at: Instant,
}

impl Watch {
    fn new(generation: u64, now: Instant) -> Self {
        Self { generation, calls: 0, at: now }
    }

    /// How long the card has been silent.
    fn silent(&mut self, calls: u32, now: Instant) -> Duration {
        if calls != self.calls {
            self.calls = calls;
            self.at = now;
        }
        now.saturating_duration_since(self.at)
    }
}

pub struct Engine {
    opener: Opener,
    commands: Receiver<Command>,
    send: FrameSink,
    microphone: Microphone,
    speaker: Speaker,
    microphone_watch: Watch,
    speaker_watch: Watch,
    pacer: Pacer,
    processing: VoiceProcessing,
    encoder: Encoder,
    /// Encodes in its place, where the other end speaks G.711 alone.
    telephone: Option<g711::Encoder>,
    sending: Sending,
    far: FarEnd,
    digits: Vec<DigitTone>,
    /// Plays in the place of the other end, which holds.
    hold: Option<Synth>,
    volume: VolumeRamp,
    health: HealthWatch,
    frame: Vec<f32>,
    started: bool,
    hearing: bool,
    /// The next frame gets the marker bit.
    talkspurt: bool,
    starved: bool,
    first_audio: Option<Instant>,
    input: Meter,
    output: Meter,
}

impl Engine {
    #[expect(clippy::too_many_arguments, reason = "the parts of one engine, put together in one place")]
    pub fn new(
        opener: Opener,
        commands: Receiver<Command>,
        send: FrameSink,
        microphone: Opened<Microphone>,
        speaker: Opened<Speaker>,
        processing: VoiceProcessing,
        (encoder, sending): (Encoder, Sending),
        far: FarEnd,
    ) -> Self {
        let now = Instant::now();
        Self {
            opener,
            commands,
            send,
            microphone: microphone.device,
            speaker: speaker.device,
            microphone_watch: Watch::new(microphone.generation, now),
            speaker_watch: Watch::new(speaker.generation, now),
            pacer: Pacer::new(now),
            processing,
            encoder,
            telephone: None,
            sending,
            far,
            digits: Vec::new(),
            hold: None,
            volume: VolumeRamp::default(),
            health: HealthWatch::new(now),
            frame: Vec::with_capacity(FRAME_SAMPLES),
            started: false,
            hearing: false,
            talkspurt: true,
            starved: false,
            first_audio: None,
            input: Meter::default(),
            output: Meter::default(),
        }
    }

    /// Runs until [`Command::Close`].
    pub fn run(mut self) {
        self.opener.waker.adopt_current_thread();
        priority::raise();
        while self.obey() {
            let now = Instant::now();
            self.health.woke(self.pacer.next(), now);
            self.play_card(now);
            self.capture_card();
            let mut stepped = false;
            while let Some(due) = self.pacer.due(now) {
                self.step_without_card(due);
                stepped = true;
            }
            if stepped {
                self.watch(now);
                self.publish();
            }
            thread::park_timeout(self.pacer.until_next(Instant::now()) + self.patience());
        }
        close(self.microphone, self.speaker);
    }

    /// How much later than the next step this thread need only wake by itself: cards wake it as often as steps are due.
    fn patience(&self) -> Duration {
        let woken = matches!((&self.microphone, &self.speaker), (Microphone::Card(_), Speaker::Card(_)));
        if woken && !self.starved { STEP / 2 } else { Duration::ZERO }
    }

    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Close) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
                Ok(Command::Start) => {
                    self.started = true;
                    self.hearing = true;
                }
                Ok(Command::Packet(packet)) => {
                    self.hearing = true;
                    self.far.receive(packet);
                }
                Ok(Command::Codec(codec)) => {
                    self.telephone = (codec == Codec::Pcmu).then(g711::Encoder::new);
                    self.far.set_codec(codec);
                }
                Ok(Command::Digit(digit)) => self.digits.extend(DigitTone::new(digit)),
                Ok(Command::Report(report)) => {
                    if let Some(plan) = self.sending.handle(report, Instant::now()) {
                        self.encoder.follow(plan);
                    }
                }
                Ok(Command::OnHold(true)) => {
                    self.hold.get_or_insert_with(|| Synth::new(Tone::Hold));
                }
                Ok(Command::OnHold(false)) => self.hold = None,
                Ok(Command::Volume(factor)) => self.volume.set(factor),
                Ok(Command::Processing(wanted)) => self.processing.set(wanted),
                Ok(Command::Dtx(on)) => self.encoder.set_dtx(on),
                Ok(Command::Microphone(opened)) => {
                    self.microphone_watch = Watch::new(opened.generation, Instant::now());
                    exchange(&mut self.microphone, opened.device);
                    self.opener.shared.notice(opened.notice);
                }
                Ok(Command::Speaker(opened)) => {
                    self.speaker_watch = Watch::new(opened.generation, Instant::now());
                    exchange(&mut self.speaker, opened.device);
                    self.opener.shared.notice(opened.notice);
                }
                Ok(Command::Lost(direction, generation)) => self.lost(direction, generation),
            }
        }
    }

    /// Gives a card what it will take next.
    fn play_card(&mut self, now: Instant) {
        while let Speaker::Card(card) = &self.speaker
            && card.wants()
        {
            let lead = card.lead();
            self.play(now, lead);
        }
        if let Speaker::Card(card) = &mut self.speaker {
            card.settle(now);
        }
    }

    /// Takes all that a card has brought.
    fn capture_card(&mut self) {
        let mut sound = [0.0; STEP_SAMPLES];
        while let Microphone::Card(card) = &mut self.microphone {
            if self.starved && card.calls() != self.microphone_watch.calls {
                // Silence was sent in its place: what it kept back meanwhile is past.
                card.catch_up();
                self.starved = false;
            }
            if !card.read(&mut sound) {
                break;
            }
            self.capture(&mut sound);
        }
    }

    fn step_without_card(&mut self, due: Instant) {
        if !matches!(self.speaker, Speaker::Card(_)) {
            self.play(due, Duration::ZERO);
        }
        let mut sound = [0.0; STEP_SAMPLES];
        match &mut self.microphone {
            Microphone::Card(_) if !self.starved => return,
            Microphone::Card(_) | Microphone::Silence => {}
            Microphone::File(_) | Microphone::Echo(_) if !self.started => return,
            Microphone::File(file) => file.read(&mut sound),
            Microphone::Echo(echo) => echo.read(&mut sound),
        }
        self.capture(&mut sound);
    }

    /// One step of the far side's sound to the speaker.
    fn play(&mut self, now: Instant, lead: Duration) {
        let mut sound = [0.0; STEP_SAMPLES];
        if self.hearing && self.far.render(&mut sound, now, lead) && self.first_audio.is_none() {
            self.first_audio = Some(now);
        }
        if let Microphone::Echo(echo) = &mut self.microphone {
            echo.hear(&sound);
        }
        if let Some(hold) = &mut self.hold {
            hold.fill(&mut sound);
        }
        self.volume.apply(&mut sound);
        self.digits.retain_mut(|digit| digit.mix(&mut sound));
        for sample in &mut sound {
            *sample = sample.clamp(-1.0, 1.0);
        }
        self.output.hear(&sound);
        self.processing.played(&sound);
        match &mut self.speaker {
            Speaker::Card(card) => card.write(&sound),
            Speaker::File(file) if self.hearing => {
                if !file.write(&sound) {
                    self.opener.shared.notice(Some(Notice::RecordingFailed));
                }
            }
            Speaker::File(_) | Speaker::Silence => {}
        }
    }

    /// One step of the microphone's sound to the far side.
    fn capture(&mut self, sound: &mut [f32; STEP_SAMPLES]) {
        if !self.started {
            return;
        }
        // A file or an echo line is in no room: there is no echo and no noise to take out, and its loudness is meant.
        if matches!(self.microphone, Microphone::Card(_)) {
            self.health.captured(&*sound);
            self.processing.clean(sound);
        }
        self.health.cleaned(&*sound);
        if self.opener.shared.muted.load(Ordering::Acquire) {
            // Also what was heard before the button was pressed and is not sent yet.
            sound.fill(0.0);
            self.frame.fill(0.0);
            self.talkspurt = true;
        }
        self.input.hear(&*sound);
        self.frame.extend_from_slice(sound);
        let packet = self.sending.plan().packet.samples();
        if self.frame.len() < packet {
            return;
        }
        // Packets that just became shorter leave one of the longer kind.
        let samples = self.frame.len() as u32;
        let encoded = match &mut self.telephone {
            Some(telephone) => Ok(telephone.encode(&self.frame)),
            None => self.encoder.encode(&self.frame),
        };
        self.frame.clear();
        match encoded {
            Ok(payload) => {
                let muted = self.opener.shared.muted.load(Ordering::Acquire);
                let pause = payload.is_empty() || (self.telephone.is_none() && self.encoder.is_pausing());
                let starts_talkspurt = self.talkspurt && !muted && !pause;
                self.talkspurt = (self.talkspurt && muted) || pause;
                (self.send)(EncodedFrame { payload, samples, starts_talkspurt });
            }
            Err(error) => tracing::warn!(%error, "a frame was not encoded"),
        }
    }

    fn watch(&mut self, now: Instant) {
        if let Microphone::Card(card) = &self.microphone {
            let silent = self.microphone_watch.silent(card.calls(), now);
            self.starved = self.started && silent > CAPTURE_STARVED;
            if silent > DEVICE_SILENT {
                self.lost(Direction::Input, self.microphone_watch.generation);
            }
        }
        if let Speaker::Card(card) = &self.speaker
            && self.speaker_watch.silent(card.calls(), now) > DEVICE_SILENT
        {
            self.lost(Direction::Output, self.speaker_watch.generation);
        }
    }

    /// A card went away: silence until the default takes its place.
    fn lost(&mut self, direction: Direction, generation: u64) {
        match direction {
            Direction::Input if generation == self.microphone_watch.generation => {
                self.microphone_watch.generation = 0;
                exchange(&mut self.microphone, Microphone::Silence);
            }
            Direction::Output if generation == self.speaker_watch.generation => {
                self.speaker_watch.generation = 0;
                exchange(&mut self.speaker, Speaker::Silence);
            }
            _ => return,
        }
        let _ = self.opener.events.send(DeviceEvent::Lost(direction));
    }

    fn publish(&self) {
        let stats = self.far.stats();
        let percent = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
        let stats = ReceiveStats {
            jitter_ms: stats.jitter_ms,
            loss_percent: percent(stats.lost, stats.lost + stats.received),
            recent_loss_percent: stats.recent_loss_percent,
            concealed_percent: percent(stats.concealed, stats.played),
            recovered_percent: percent(stats.recovered + stats.rebuilt, stats.played),
            buffer_ms: stats.delay.max(0) as f64 / 48.0,
            target_ms: stats.target as f64 / 48.0,
            received: stats.received,
            lost: stats.lost,
            first_audio: self.first_audio,
        };
        let levels = Levels { input_dbfs: self.input.dbfs(), output_dbfs: self.output.dbfs() };
        self.opener.shared.publish(stats, levels, self.health.health());
    }
}

/// Puts another device in a device's place. Letting go of the old one may take the system a while.
fn exchange<T: Send + 'static>(device: &mut T, other: T) {
    let old = std::mem::replace(device, other);
    thread::spawn(move || drop(old));
}

/// Closes the recording at once, and gives the system a moment to let go of its devices.
fn close(microphone: Microphone, speaker: Speaker) {
    let cards = matches!(microphone, Microphone::Card(_)) || matches!(speaker, Speaker::Card(_));
    if !cards {
        return drop((microphone, speaker));
    }
    let (done, closed) = mpsc::channel();
    let speaker = match speaker {
        file @ Speaker::File(_) => {
            drop(file);
            Speaker::Silence
        }
        other => other,
    };
    thread::spawn(move || {
        drop((microphone, speaker));
        let _ = done.send(());
    });
    // A sound server that hangs must not hang the call's end.
    let _ = closed.recv_timeout(CLOSE_WAIT);
}
