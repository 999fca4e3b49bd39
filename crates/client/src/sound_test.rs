//! Hearing oneself before the first call, and what is said of it. No I/O, no clock.
//!
//! Invariant: recording comes before playing, each lasts its time, and there is a verdict exactly when the test is over.
//!
//! Inputs: `hear` with the level of the moment, from whoever runs the devices; `fail` when one cannot be opened.

use std::time::Instant;

use crate::app_state::{SoundTest, SoundTestKind, SoundTestPhase, SoundVerdict};
use crate::defaults::{TEST_HEARD_DBFS, TEST_PLAY_TIME, TEST_QUIET_DBFS, TEST_RECORD_TIME, TEST_TONE_TIME};

/// A test of microphone or speaker.
#[derive(Debug)]
pub(crate) struct DeviceTest {
    test: SoundTest,
    since: Instant,
    loudest: f32,
}

impl DeviceTest {
    pub fn new(kind: SoundTestKind, now: Instant) -> Self {
        let phase = match kind {
            SoundTestKind::Speaker => SoundTestPhase::Playing,
            SoundTestKind::Microphone | SoundTestKind::Network => SoundTestPhase::Recording,
        };
        let test = SoundTest { kind, phase, level: -96, verdict: None };
        Self { test, since: now, loudest: f32::MIN }
    }

    /// The picture of it.
    pub fn shown(&self) -> &SoundTest {
        &self.test
    }

    /// Takes the level of the moment, in dBFS; the phase that the test is in from now on.
    pub fn hear(&mut self, dbfs: f32, now: Instant) -> SoundTestPhase {
        let past = now.saturating_duration_since(self.since);
        self.test.level = dbfs.clamp(-96.0, 0.0).round() as i32;
        match (self.test.phase, self.test.kind) {
            (SoundTestPhase::Recording, _) => {
                self.loudest = self.loudest.max(dbfs);
                if past >= TEST_RECORD_TIME {
                    self.test.phase = SoundTestPhase::Playing;
                    self.since = now;
                }
            }
            (SoundTestPhase::Playing, SoundTestKind::Speaker) if past >= TEST_TONE_TIME => {
                self.over(verdict(true, "OK", "You should have heard a tone. If not, choose another speaker."));
            }
            (SoundTestPhase::Playing, SoundTestKind::Microphone) if past >= TEST_PLAY_TIME => {
                let said = self.of_microphone();
                self.over(said);
            }
            _ => {}
        }
        self.test.phase
    }

    /// It cannot be done.
    pub fn fail(&mut self, code: &str, text: &str) {
        if self.test.verdict.is_none() {
            self.over(verdict(false, code, text));
            self.test.phase = SoundTestPhase::Failed;
        }
    }

    /// It is done, and this came of it.
    pub fn over(&mut self, said: SoundVerdict) {
        self.test.phase = SoundTestPhase::Done;
        self.test.level = -96;
        self.test.verdict = Some(said);
    }

    fn of_microphone(&self) -> SoundVerdict {
        if self.loudest < TEST_HEARD_DBFS {
            let text = "Nothing was heard. Check that the microphone is on, and that the right one is chosen.";
            verdict(false, "MICROPHONE_SILENT", text)
        } else if self.loudest < TEST_QUIET_DBFS {
            let text = "Your microphone works, but you're hard to hear. Speak closer to it, or turn it up.";
            verdict(true, "MICROPHONE_QUIET", text)
        } else {
            verdict(true, "OK", "Your microphone works. What you heard is how you sound to others.")
        }
    }
}

pub(crate) fn verdict(ok: bool, code: &str, text: &str) -> SoundVerdict {
    SoundVerdict { ok, code: code.to_owned(), text: text.to_owned(), round_trip_ms: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Runs a test whose microphone brings this level; what came of it, and how long it took.
    fn run(kind: SoundTestKind, dbfs: f32) -> (SoundVerdict, Duration, Vec<SoundTestPhase>) {
        let start = Instant::now();
        let mut now = start;
        let mut test = DeviceTest::new(kind, now);
        let mut phases = vec![test.shown().phase];
        while test.shown().verdict.is_none() {
            now += Duration::from_millis(20);
            assert!(now - start < Duration::from_secs(60), "a test ends by itself");
            let phase = test.hear(dbfs, now);
            if phases.last() != Some(&phase) {
                phases.push(phase);
            }
        }
        (test.shown().verdict.clone().unwrap(), now - start, phases)
    }

    #[test]
    fn one_is_recorded_and_then_heard_for_as_long() {
        let (said, took, phases) = run(SoundTestKind::Microphone, -25.0);
        assert_eq!(phases, [SoundTestPhase::Recording, SoundTestPhase::Playing, SoundTestPhase::Done]);
        assert_eq!((said.ok, said.code.as_str()), (true, "OK"));
        assert!(took >= TEST_RECORD_TIME + TEST_PLAY_TIME && TEST_PLAY_TIME >= TEST_RECORD_TIME);
    }

    #[test]
    fn a_microphone_is_judged_by_the_loudest_moment() {
        for (dbfs, ok, code) in [
            (-96.0, false, "MICROPHONE_SILENT"),
            (TEST_HEARD_DBFS - 0.1, false, "MICROPHONE_SILENT"),
            (TEST_HEARD_DBFS, true, "MICROPHONE_QUIET"),
            (TEST_QUIET_DBFS, true, "OK"),
            (f32::NAN, false, "MICROPHONE_SILENT"),
        ] {
            let (said, ..) = run(SoundTestKind::Microphone, dbfs);
            assert_eq!((said.ok, said.code.as_str()), (ok, code), "{dbfs}");
        }
        let start = Instant::now();
        let mut test = DeviceTest::new(SoundTestKind::Microphone, start);
        test.hear(-20.0, start);
        test.hear(-96.0, start + TEST_RECORD_TIME);
        test.hear(-96.0, start + TEST_RECORD_TIME + TEST_PLAY_TIME);
        assert_eq!(test.shown().verdict.as_ref().unwrap().code, "OK", "one word is enough");
    }

    #[test]
    fn a_speaker_only_plays() {
        let (said, _, phases) = run(SoundTestKind::Speaker, -96.0);
        assert_eq!(phases, [SoundTestPhase::Playing, SoundTestPhase::Done]);
        assert!(said.ok);
    }

    #[test]
    fn a_test_that_failed_stays_failed() {
        let now = Instant::now();
        let mut test = DeviceTest::new(SoundTestKind::Microphone, now);
        test.fail("DEVICE_FAILED", "No.");
        test.hear(-20.0, now + Duration::from_secs(60));
        test.fail("OTHER", "Again.");
        let shown = test.shown();
        assert_eq!(
            (shown.phase, shown.verdict.as_ref().unwrap().code.as_str()),
            (SoundTestPhase::Failed, "DEVICE_FAILED")
        );
    }
}
