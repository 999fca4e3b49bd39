use std::f32::consts::TAU;

use super::Tone;
use crate::defaults::{DIGIT_LEVEL, DIGIT_MS, GREETING_LEVEL, HOLD_LEVEL, RINGTONE_LEVEL, SAMPLE_RATE, TONE_LEVEL};

/// One stretch of a cadence: its tones in Hz (none is a pause), its length, and how it fades.
#[derive(Debug, Clone, Copy)]
struct Segment {
    hz: &'static [f32],
    ms: u32,
    /// Struck like a bell instead of held.
    struck: bool,
}

const fn held(hz: &'static [f32], ms: u32) -> Segment {
    Segment { hz, ms, struck: false }
}

const fn struck(hz: &'static [f32], ms: u32) -> Segment {
    Segment { hz, ms, struck: true }
}

const fn pause(ms: u32) -> Segment {
    Segment { hz: &[], ms, struck: false }
}

/// The cadences that ITU-T E.180 recommends, those of E.180 supplement 2 where a region has its own, and our chimes.
fn cadence(tone: Tone) -> &'static [Segment] {
    match tone {
        Tone::Ringback => const { &[held(&[425.0], 1_000), pause(4_000)] },
        Tone::RingbackUnitedKingdom => {
            const { &[held(&[400.0, 450.0], 400), pause(200), held(&[400.0, 450.0], 400), pause(2_000)] }
        }
        Tone::RingbackNorthAmerica => const { &[held(&[440.0, 480.0], 2_000), pause(4_000)] },
        Tone::Busy => const { &[held(&[425.0], 500), pause(500)] },
        Tone::Reorder => const { &[held(&[425.0], 250), pause(250)] },
        Tone::Hold => const { &[struck(&[523.25, 1_046.5], 700), struck(&[659.25, 1_318.5], 700), pause(6_600)] },
        // A pentatonic figure on a soft bell, twice, and a breath.
        Tone::Ringtone => {
            const {
                &[
                    struck(&[587.33, 1_174.66], 220),
                    struck(&[739.99, 1_479.98], 220),
                    struck(&[880.0, 1_760.0], 220),
                    struck(&[1_174.66, 2_349.32], 520),
                    pause(160),
                    struck(&[880.0, 1_760.0], 220),
                    struck(&[1_174.66, 2_349.32], 620),
                    pause(1_800),
                ]
            }
        }
        Tone::Greeting => {
            const {
                &[
                    struck(&[440.0, 880.0, 1_320.0], 180),
                    struck(&[554.37, 1_108.73, 1_663.1], 180),
                    struck(&[659.25, 1_318.5, 1_977.75], 360),
                    pause(120),
                    struck(&[880.0, 1_760.0], 420),
                    pause(300),
                ]
            }
        }
    }
}

/// Makes a tone, sample by sample, at 48 kHz.
#[derive(Debug)]
pub(crate) struct Synth {
    segments: &'static [Segment],
    level: f32,
    repeats: bool,
    segment: usize,
    at: u32,
}

impl Synth {
    pub fn new(tone: Tone) -> Self {
        let level = match tone {
            Tone::Ringtone => RINGTONE_LEVEL,
            Tone::Greeting => GREETING_LEVEL,
            Tone::Hold => HOLD_LEVEL,
            _ => TONE_LEVEL,
        };
        Self { segments: cadence(tone), level, repeats: tone != Tone::Greeting, segment: 0, at: 0 }
    }

    /// Whether a tone that plays once is over.
    pub fn is_over(&self) -> bool {
        self.segment >= self.segments.len()
    }

    /// Fills `out`; silence once it is over.
    pub fn fill(&mut self, out: &mut [f32]) {
        for sample in out {
            *sample = self.next();
        }
    }

    fn next(&mut self) -> f32 {
        let Some(segment) = self.segments.get(self.segment) else {
            return 0.0;
        };
        let length = segment.ms * (SAMPLE_RATE / 1_000);
        let value = tones(segment.hz, segment.struck, self.at) * envelope(*segment, self.at, length) * self.level;
        self.at += 1;
        if self.at >= length {
            self.at = 0;
            self.segment += 1;
            if self.is_over() && self.repeats {
                self.segment = 0;
            }
        }
        value
    }
}

fn tones(hz: &[f32], struck: bool, at: u32) -> f32 {
    let t = at as f32 / SAMPLE_RATE as f32;
    // The tones of a signal are equally loud, the partials of a bell each less than half as loud as the one below.
    let fainter = if struck { 0.4 } else { 1.0 };
    let (mut weight, mut sum, mut total) = (1.0, 0.0, 0.0);
    for hz in hz {
        sum += weight * (t * hz * TAU).sin();
        total += weight;
        weight *= fainter;
    }
    if total > 0.0 { sum / total } else { 0.0 }
}

fn envelope(segment: Segment, at: u32, length: u32) -> f32 {
    // Five milliseconds in and out: no click.
    let edge = 5 * SAMPLE_RATE / 1_000;
    let rise = (at as f32 / edge as f32).min(1.0);
    let fall = ((length - at) as f32 / edge as f32).min(1.0);
    let decay = if segment.struck { (-3.0 * at as f32 / length as f32).exp() } else { 1.0 };
    rise * fall * decay
}

/// A dialled digit as the dialler hears it (ITU-T Q.23).
#[derive(Debug)]
pub(crate) struct DigitTone {
    pair: [f32; 2],
    at: u32,
}

impl DigitTone {
    /// `None` for what is no digit.
    pub fn new(digit: char) -> Option<Self> {
        const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
        const HIGH: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
        let place = "123A456B789C*0#D".find(digit.to_ascii_uppercase())?;
        Some(Self { pair: [LOW[place / 4], HIGH[place % 4]], at: 0 })
    }

    /// Adds the tone to `out`; `false` once it is over.
    pub fn mix(&mut self, out: &mut [f32]) -> bool {
        let length = DIGIT_MS * (SAMPLE_RATE / 1_000);
        for sample in out {
            if self.at < length {
                let segment = Segment { hz: &[], ms: DIGIT_MS, struck: false };
                let t = self.at as f32 / SAMPLE_RATE as f32;
                let wave: f32 = self.pair.iter().map(|hz| (t * hz * TAU).sin()).sum();
                *sample += wave / 2.0 * DIGIT_LEVEL * envelope(segment, self.at, length);
                self.at += 1;
            }
        }
        self.at < length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Tone; 8] = [
        Tone::Ringback,
        Tone::RingbackUnitedKingdom,
        Tone::RingbackNorthAmerica,
        Tone::Ringtone,
        Tone::Busy,
        Tone::Reorder,
        Tone::Hold,
        Tone::Greeting,
    ];

    /// The power at a frequency (Goertzel).
    fn power(sound: &[f32], hz: f32) -> f32 {
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (i, sample) in sound.iter().enumerate() {
            let phase = i as f32 / SAMPLE_RATE as f32 * hz * TAU;
            sine += sample * phase.sin();
            cosine += sample * phase.cos();
        }
        (sine * sine + cosine * cosine).sqrt() * 2.0 / sound.len() as f32
    }

    #[test]
    fn every_tone_is_heard_and_never_clips() {
        for tone in ALL {
            let mut sound = vec![0.0; 96_000];
            Synth::new(tone).fill(&mut sound);
            let peak = sound.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
            assert!((0.02..=0.9).contains(&peak), "{tone:?} peaks at {peak}");
        }
    }

    #[test]
    fn the_greeting_ends_and_the_ringtone_does_not() {
        let mut sound = vec![0.0; 480_000];
        let mut greeting = Synth::new(Tone::Greeting);
        greeting.fill(&mut sound);
        assert!(greeting.is_over());
        let mut ringtone = Synth::new(Tone::Ringtone);
        ringtone.fill(&mut sound);
        assert!(!ringtone.is_over());
    }

    #[test]
    fn a_digit_is_its_two_tones() {
        let mut sound = vec![0.0; 4_800];
        assert!(DigitTone::new('5').unwrap().mix(&mut sound));
        for (hz, there) in [(770.0, true), (1_336.0, true), (697.0, false), (1_209.0, false)] {
            assert_eq!(power(&sound, hz) > 0.02, there, "{hz} Hz");
        }
        assert!(DigitTone::new('x').is_none());
        assert!(DigitTone::new('d').is_some());
    }

    #[test]
    fn a_digit_ends() {
        let mut sound = vec![0.0; 48_000];
        assert!(!DigitTone::new('#').unwrap().mix(&mut sound));
        assert!(sound[24_000..].iter().all(|&s| s == 0.0));
    }
}
