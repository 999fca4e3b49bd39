//! Whether somebody speaks into a muted microphone. No I/O, no clock: the microphone's level goes in, about ten times a
//! second.
//!
//! Invariant: speaking is raised only by speech of [`SPEECH_NEEDED`] within [`SPEECH_WINDOW`], and taken back only after
//! [`SPEECH_OVER`] without any; in between nothing changes, so the words do not flicker.
//!
//! Inputs: `hear`, from the line's own timer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::defaults::{
    ROOM_RISE_DB_PER_SECOND, SPEECH_MIN_DBFS, SPEECH_NEEDED, SPEECH_OVER, SPEECH_OVER_ROOM_DB, SPEECH_WINDOW,
};

/// The watch over one muted microphone.
#[derive(Debug, Default)]
pub(crate) struct SpeakingWatch {
    /// The room's own level, and when it was heard.
    room: Option<(f32, Instant)>,
    /// Stretches of speech of the last [`SPEECH_WINDOW`]: when each ended, and how long it was.
    speech: VecDeque<(Instant, Duration)>,
    last: Option<Instant>,
    speaking: bool,
}

impl SpeakingWatch {
    /// Takes the level of the microphone, in dBFS. What is no level is silence.
    pub fn hear(&mut self, dbfs: f32, now: Instant) {
        let dbfs = if dbfs.is_finite() { dbfs } else { f32::MIN };
        let step = self.room.map_or(Duration::ZERO, |(_, at)| now.saturating_duration_since(at));
        let room = self.room.map_or(dbfs, |(room, _)| dbfs.min(room + ROOM_RISE_DB_PER_SECOND * step.as_secs_f32()));
        self.room = Some((room, now));
        if dbfs >= SPEECH_MIN_DBFS && dbfs >= room + SPEECH_OVER_ROOM_DB {
            self.last = Some(now);
            // A look that came late has seen no more than one that did not.
            self.speech.push_back((now, step.min(SPEECH_WINDOW / 5)));
        }
        while self.speech.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= SPEECH_WINDOW) {
            self.speech.pop_front();
        }
        if self.speech.iter().map(|(_, length)| *length).sum::<Duration>() >= SPEECH_NEEDED {
            self.speaking = true;
        }
        if self.last.is_none_or(|at| now.saturating_duration_since(at) >= SPEECH_OVER) {
            self.speaking = false;
        }
    }

    /// Whether somebody speaks.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::defaults::SPEAKING_POLL;

    const ROOM: f32 = -65.0;
    const VOICE: f32 = -28.0;

    struct Ear {
        watch: SpeakingWatch,
        now: Instant,
    }

    impl Ear {
        fn new() -> Self {
            let mut ear = Self { watch: SpeakingWatch::default(), now: Instant::now() };
            ear.hear(ROOM, 2_000);
            ear
        }

        /// Hears this for so long; whether it counts as speaking then.
        fn hear(&mut self, dbfs: f32, ms: u64) -> bool {
            for _ in 0..ms / 100 {
                self.now += SPEAKING_POLL;
                self.watch.hear(dbfs, self.now);
            }
            self.watch.is_speaking()
        }
    }

    #[test]
    fn a_word_is_speaking_and_a_cough_is_not() {
        let mut ear = Ear::new();
        assert!(!ear.hear(VOICE, 300), "a cough");
        assert!(!ear.hear(ROOM, 2_000));
        assert!(ear.hear(VOICE, 400), "a word");
    }

    #[test]
    fn a_pause_between_sentences_does_not_take_it_back_and_silence_does() {
        let mut ear = Ear::new();
        ear.hear(VOICE, 1_000);
        assert!(ear.hear(ROOM, 2_900), "a pause");
        ear.hear(VOICE, 100);
        assert!(ear.hear(ROOM, 2_900), "one sound is enough to go on");
        assert!(!ear.hear(ROOM, 100));
    }

    #[test]
    fn a_loud_room_is_no_voice_and_a_voice_in_it_is() {
        let mut ear = Ear::new();
        let fan = -40.0;
        ear.hear(fan, 30_000);
        assert!(!ear.hear(fan, 5_000), "a fan that runs for half a minute is the room");
        assert!(ear.hear(VOICE, 1_000));
    }

    #[test]
    fn a_whisper_in_a_very_quiet_room_is_no_speech() {
        let mut ear = Ear::new();
        ear.hear(-90.0, 1_000);
        assert!(!ear.hear(SPEECH_MIN_DBFS - 1.0, 5_000), "the neighbours are not told to unmute");
    }

    #[test]
    fn words_with_short_gaps_add_up() {
        let mut ear = Ear::new();
        for _ in 0..3 {
            ear.hear(VOICE, 200);
            ear.hear(ROOM, 100);
        }
        assert!(ear.watch.is_speaking());
    }

    proptest! {
        #[test]
        fn it_changes_at_most_once_in_three_tenths_of_a_second(levels in proptest::collection::vec(
            prop_oneof![Just(f32::NAN), Just(f32::NEG_INFINITY), -100.0_f32..0.0], 0..200,
        )) {
            let mut ear = Ear::new();
            let mut changed: Option<usize> = None;
            for (at, level) in levels.into_iter().enumerate() {
                let before = ear.watch.is_speaking();
                if ear.hear(level, 100) != before {
                    prop_assert!(changed.is_none_or(|last| at - last >= 3), "the words would flicker");
                    changed = Some(at);
                }
            }
        }
    }
}
