use std::time::{Duration, Instant};

use serde::Serialize;

use crate::defaults::{LEVEL_FLOOR_DBFS, SILENT_PEAK, STEP};
use crate::levels::Meter;

/// How the microphone and this computer do, whatever of the sound is sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// How loud the microphone is after processing and before mute, as RMS over about the last tenth of a second, in
    /// dBFS.
    pub microphone_dbfs: f32,
    /// Whether a microphone card gave nothing at all, not even noise, for the last whole second.
    pub microphone_silent: bool,
    /// By how much of the last whole second the sound's thread was behind, in percent: this computer is too busy.
    pub late_percent: f32,
}

impl Default for Health {
    fn default() -> Self {
        Self { microphone_dbfs: LEVEL_FLOOR_DBFS, microphone_silent: false, late_percent: 0.0 }
    }
}

/// Watches over both, second by second. No I/O; time comes in.
#[derive(Debug)]
pub struct HealthWatch {
    since: Instant,
    late: Duration,
    peak: f32,
    /// Whether a card was listened to in this second.
    card: bool,
    voice: Meter,
    health: Health,
}

impl HealthWatch {
    pub fn new(now: Instant) -> Self {
        let (late, peak, card) = (Duration::ZERO, 0.0, false);
        Self { since: now, late, peak, card, voice: Meter::default(), health: Health::default() }
    }

    /// The thread is at work at `now` and should have been at `due`.
    pub fn woke(&mut self, due: Instant, now: Instant) {
        let behind = now.saturating_duration_since(due);
        if behind > STEP {
            self.late += behind;
        }
        let past = now.saturating_duration_since(self.since);
        if past >= Duration::from_secs(1) {
            self.health.late_percent = (100.0 * self.late.as_secs_f32() / past.as_secs_f32()).min(100.0);
            self.health.microphone_silent = self.card && self.peak < SILENT_PEAK;
            (self.since, self.late, self.peak, self.card) = (now, Duration::ZERO, 0.0, false);
        }
    }

    /// A step of a card's sound as it came.
    pub fn captured(&mut self, step: &[f32]) {
        self.card = true;
        self.peak = step.iter().fold(self.peak, |peak, sample| peak.max(sample.abs()));
    }

    /// The same after processing; of a file too.
    pub fn cleaned(&mut self, step: &[f32]) {
        self.voice.hear(step);
    }

    pub fn health(&self) -> Health {
        Health { microphone_dbfs: self.voice.dbfs(), ..self.health }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_second_without_a_single_sound_is_silent_and_a_rooms_noise_is_not() {
        let start = Instant::now();
        for (sample, silent) in [(0.0, true), (0.5 * SILENT_PEAK, true), (2.0 * SILENT_PEAK, false)] {
            let mut watch = HealthWatch::new(start);
            watch.captured(&[0.0; 480]);
            watch.captured(&[-sample; 480]);
            watch.woke(start + SECOND, start + SECOND);
            assert_eq!(watch.health().microphone_silent, silent, "{sample}");
        }
    }

    #[test]
    fn without_a_card_no_microphone_is_silent() {
        let start = Instant::now();
        let mut watch = HealthWatch::new(start);
        watch.cleaned(&[0.0; 480]);
        watch.woke(start + SECOND, start + SECOND);
        assert!(!watch.health().microphone_silent, "a call without a microphone is meant to be silent");
    }

    #[test]
    fn a_thread_that_is_kept_waiting_is_late_by_that_share_of_the_second() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut watch = HealthWatch::new(start);
        watch.woke(at(100), at(110));
        watch.woke(at(200), at(400));
        watch.woke(at(1_000), at(1_000));
        assert!((watch.health().late_percent - 20.0).abs() < 0.1, "a step more or less is nothing: {watch:?}");
        watch.woke(at(2_000), at(2_000));
        assert_eq!(watch.health().late_percent, 0.0, "a second that went well clears it");
    }
}
