//! Runs the tests before the first call: hear yourself, a tone, the network.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use care4w_audio::tones::Tone;
use care4w_calls::{CallState as LineState, EncodedFrame, LineError, RtpAudio, SoundFactory, SoundSettings};
use tokio::task;

use super::{Phone, sound};
use crate::Problem;
use crate::app_state::{SoundTest, SoundTestKind, SoundTestPhase};
use crate::defaults::TEST_STEP;
use crate::network::{Found, NetworkFindings, Udp};
use crate::sound_test::DeviceTest;

/// A test that runs, or that is over and still looked at.
#[derive(Clone)]
pub(super) struct Running {
    test: Arc<Mutex<DeviceTest>>,
    stop: Arc<AtomicBool>,
}

impl Running {
    fn with<T>(&self, f: impl FnOnce(&mut DeviceTest) -> T) -> T {
        f(&mut self.test.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Phone {
    /// Starts a test; one that runs is stopped first. How it goes is told by [`Phone::sound_test`].
    ///
    /// # Errors
    /// `LINE_BUSY` while there is a call.
    pub fn sound_test_start(&self, kind: SoundTestKind) -> Result<(), Problem> {
        if self.in_call() {
            return Err(LineError::Busy.into());
        }
        self.sound_test_stop();
        let running =
            Running { test: Arc::new(Mutex::new(DeviceTest::new(kind, Instant::now()))), stop: Arc::default() };
        *self.inner.sound_test.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.clone());
        let phone = self.clone();
        if kind == SoundTestKind::Network {
            tokio::spawn(async move { phone.test_network(&running).await });
            return Ok(());
        }
        let settings = sound::settings(SoundSettings::default(), &self.inner.state.borrow().sound);
        let factory = Arc::clone(&self.inner.sound);
        task::spawn_blocking(move || match kind {
            SoundTestKind::Speaker => play_tone(&phone, &running, &*factory, &settings),
            _ => hear_oneself(&phone, &running, &*factory, &settings),
        });
        Ok(())
    }

    /// Stops the test and forgets it.
    pub fn sound_test_stop(&self) {
        if let Some(running) = self.inner.sound_test.lock().unwrap_or_else(PoisonError::into_inner).take() {
            running.stop.store(true, Ordering::Release);
        }
    }

    /// How the test goes, or went; `None` without one.
    pub fn sound_test(&self) -> Option<SoundTest> {
        let running = self.inner.sound_test.lock().unwrap_or_else(PoisonError::into_inner).clone();
        running.map(|running| running.with(|test| test.shown().clone()))
    }

    fn in_call(&self) -> bool {
        self.inner.line.view().borrow().as_ref().is_some_and(|view| view.state != LineState::Ended)
    }

    async fn test_network(&self, running: &Running) {
        match self.network_findings().await {
            Ok(found) => running.with(|test| test.over(found.verdict())),
            Err(problem) => running.with(|test| test.fail(&problem.code, &problem.message)),
        }
    }

    /// Looks which ways to others there are from here, as a call would, and without one.
    ///
    /// # Errors
    /// When the server cannot be asked, or nobody is signed in.
    pub async fn network_findings(&self) -> Result<NetworkFindings, Problem> {
        // The first one may have to open the connection.
        self.server_config().await?;
        let asked = Instant::now();
        self.server_config().await?;
        let round_trip = asked.elapsed();
        let servers = self.ice_servers().await?;
        let offers = |scheme: &str| servers.iter().flat_map(|server| &server.urls).any(|url| url.starts_with(scheme));
        let (stun, turn) = (offers("stun:"), offers("turn:"));
        let reach = self.inner.p2p.probe(servers).await.unwrap_or_default();
        let found = |offered, works| match (offered, works) {
            (_, true) => Found::Works,
            (true, false) => Found::Fails,
            (false, false) => Found::NotOffered,
        };
        let udp = match (reach.udp_passes(), reach.udp_is_blocked()) {
            (true, _) => Udp::Passes,
            (false, true) => Udp::Blocked,
            (false, false) => Udp::Unknown,
        };
        Ok(NetworkFindings { round_trip, direct: found(stun, reach.direct), relay: found(turn, reach.relay), udp })
    }
}

const NO_DEVICE: (&str, &str) = ("DEVICE_FAILED", "The device can't be opened. Choose another one.");

/// Sleeps until the next step; whether the test goes on. A call that comes is more important.
fn goes_on(phone: &Phone, running: &Running) -> bool {
    thread::sleep(TEST_STEP);
    if phone.in_call() {
        running.with(|test| test.fail("LINE_BUSY", "A call came in."));
        return false;
    }
    !running.stopped()
}

fn play_tone(phone: &Phone, running: &Running, factory: &dyn SoundFactory, settings: &SoundSettings) {
    let Ok(_tone) = factory.tone(Tone::Greeting, &settings.speaker) else {
        return running.with(|test| test.fail(NO_DEVICE.0, NO_DEVICE.1));
    };
    while running.with(|test| test.hear(f32::MIN, Instant::now())) == SoundTestPhase::Playing {
        if !goes_on(phone, running) {
            return;
        }
    }
}

/// Records through everything that a call's sound goes through, the codec too, and plays it as a call would.
fn hear_oneself(phone: &Phone, running: &Running, factory: &dyn SoundFactory, settings: &SoundSettings) {
    let frames = Arc::new(Mutex::new(Vec::<EncodedFrame>::new()));
    let kept = Arc::clone(&frames);
    let only = |microphone: bool| SoundSettings {
        microphone: if microphone { settings.microphone.clone() } else { "none".parse().unwrap_or_default() },
        speaker: if microphone { "none".parse().unwrap_or_default() } else { settings.speaker.clone() },
        // What is recorded is played as it is.
        dtx: false,
        low_delay: false,
        ..settings.clone()
    };
    let keep = Box::new(move |frame| kept.lock().unwrap_or_else(PoisonError::into_inner).push(frame));
    let Ok(recording) = factory.open(&only(true), keep) else {
        return running.with(|test| test.fail(NO_DEVICE.0, NO_DEVICE.1));
    };
    recording.start();
    let mut on = true;
    while on
        && running.with(|test| test.hear(recording.health().microphone_dbfs, Instant::now()))
            == SoundTestPhase::Recording
    {
        on = goes_on(phone, running);
    }
    recording.close();
    if !on {
        return;
    }
    let Ok(playing) = factory.open(&only(false), Box::new(|_| {})) else {
        return running.with(|test| test.fail(NO_DEVICE.0, NO_DEVICE.1));
    };
    let frames = std::mem::take(&mut *frames.lock().unwrap_or_else(PoisonError::into_inner));
    let (mut frames, mut timestamp, mut sequence) = (frames.into_iter(), 0_u32, 0_u16);
    let began = Instant::now();
    while on && running.with(|test| test.hear(playing.levels().output_dbfs, Instant::now())) == SoundTestPhase::Playing
    {
        // As they would come over a network: each when the one before it is over.
        while Duration::from_micros(u64::from(timestamp) * 1_000 / 48) <= began.elapsed()
            && let Some(frame) = frames.next()
        {
            playing.receive(RtpAudio { sequence, timestamp, payload: frame.payload, arrived: Instant::now() });
            sequence = sequence.wrapping_add(1);
            timestamp = timestamp.wrapping_add(frame.samples);
        }
        on = goes_on(phone, running);
    }
    playing.close();
}
