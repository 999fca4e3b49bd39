//! Hearing oneself before the first call, and what is said of it and of the network. No I/O, no clock.
//!
//! Invariant: recording comes before playing, each lasts its time, and there is a verdict exactly when the test is over.
//!
//! Inputs: `hear` with the level of the moment, from whoever runs the devices; `fail` when one cannot be opened.

use std::time::{Duration, Instant};

use crate::app_state::{SoundTest, SoundTestKind, SoundTestPhase, SoundVerdict};
use crate::defaults::{
    TEST_HEARD_DBFS, TEST_PLAY_TIME, TEST_QUIET_DBFS, TEST_RECORD_TIME, TEST_SLOW_ROUND_TRIP, TEST_TONE_TIME,
};

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

/// What was found out about the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetworkFindings {
    /// How long the server took to answer.
    pub round_trip: Duration,
    /// Whether the server names STUN servers, and whether one showed our address.
    pub direct: Found,
    /// Whether the server names TURN servers, and whether one gave us an address.
    pub relay: Found,
}

/// What was found of one kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is none to ask.
    NotOffered,
    /// It answers.
    Works,
    /// It does not.
    Fails,
}

/// Says plainly what the findings mean for calls.
pub(crate) fn of_network(found: NetworkFindings) -> SoundVerdict {
    let answers = format!("The server answers in {} ms.", found.round_trip.as_millis());
    if found.round_trip > TEST_SLOW_ROUND_TRIP {
        return verdict(false, "SLOW", &format!("{answers} That is slow: you may talk over each other."));
    }
    match (found.direct, found.relay) {
        (_, Found::Works) => {
            let text = "Your network is ready for calls, with a relay where no direct way is found.";
            verdict(true, "OK", &format!("{text} {answers}"))
        }
        (Found::Works, Found::Fails) => {
            let text = "Calls will work with most people. The relay can't be reached, so some may not connect.";
            verdict(true, "NO_RELAY", &format!("{text} {answers}"))
        }
        (_, Found::Fails) | (Found::Fails, _) => {
            let text = "This network seems to block calls. Try another one, or ask who looks after it to allow UDP.";
            verdict(false, "BLOCKED", &format!("{text} {answers}"))
        }
        (Found::Works, Found::NotOffered) => {
            let text = "Calls will work with most people. There is no relay, so strict networks may not connect.";
            verdict(true, "NO_RELAY", &format!("{text} {answers}"))
        }
        (Found::NotOffered, Found::NotOffered) => {
            let text = "Calls work within your own network. This server names no way to find others.";
            verdict(true, "LOCAL_ONLY", &format!("{text} {answers}"))
        }
    }
}

fn verdict(ok: bool, code: &str, text: &str) -> SoundVerdict {
    SoundVerdict { ok, code: code.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn every_finding_about_the_network_has_its_plain_words() {
        use Found::{Fails, NotOffered, Works};
        let quick = Duration::from_millis(12);
        for (direct, relay, ok, code) in [
            (Works, Works, true, "OK"),
            (Fails, Works, true, "OK"),
            (NotOffered, Works, true, "OK"),
            (Works, Fails, true, "NO_RELAY"),
            (Works, NotOffered, true, "NO_RELAY"),
            (Fails, Fails, false, "BLOCKED"),
            (Fails, NotOffered, false, "BLOCKED"),
            (NotOffered, Fails, false, "BLOCKED"),
            (NotOffered, NotOffered, true, "LOCAL_ONLY"),
        ] {
            let said = of_network(NetworkFindings { round_trip: quick, direct, relay });
            assert_eq!((said.ok, said.code.as_str()), (ok, code), "{direct:?} {relay:?}");
            assert!(said.text.contains("12 ms"), "{}", said.text);
        }
        let slow = NetworkFindings { round_trip: Duration::from_secs(1), direct: Works, relay: Works };
        assert_eq!(of_network(slow).code, "SLOW");
    }
}
