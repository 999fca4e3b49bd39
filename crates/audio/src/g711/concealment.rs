//! What is played where a packet of telephone sound is missing: the last pitch period, again and again, fading.

/// Pitch periods that are looked for, in samples at 8 kHz: 400 Hz to 66 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 20..=120;

/// How much of the newest sound is compared with what came a period before it: 20 ms.
const COMPARED: usize = 160;

/// So much is played at full height before it fades: 10 ms.
const WHOLE: usize = 80;

/// And then so much until nothing is left: 50 ms.
const FADE: usize = 400;

/// How long made-up and real sound overlap where a packet comes again: 4 ms.
const OVERLAP: usize = 32;

#[derive(Debug, Default)]
pub struct Concealment {
    /// The newest sound, oldest first.
    past: Vec<f32>,
    /// The period that is repeated, and how many samples of it were made.
    repeating: Option<(Vec<f32>, usize)>,
}

impl Concealment {
    /// Takes sound that came; after a loss its beginning is led over from what was made up.
    pub fn heard(&mut self, sound: &mut [f32]) {
        if let Some((period, made)) = self.repeating.take() {
            for (n, sample) in sound.iter_mut().take(OVERLAP).enumerate() {
                let share = (n + 1) as f32 / (OVERLAP + 1) as f32;
                *sample = *sample * share + repeated(&period, made + n) * (1.0 - share);
            }
        }
        self.past.extend_from_slice(sound);
        let kept = COMPARED + PERIODS.end();
        self.past.drain(..self.past.len().saturating_sub(kept));
    }

    /// So many samples at 8 kHz in the place of sound that did not come.
    pub fn make(&mut self, samples: usize) -> Vec<f32> {
        let past = &self.past;
        let (period, made) = self.repeating.get_or_insert_with(|| (last_period(past), 0));
        let sound = (*made..*made + samples).map(|at| repeated(period, at)).collect();
        *made = made.saturating_add(samples);
        sound
    }
}

fn repeated(period: &[f32], at: usize) -> f32 {
    let faded = at.saturating_sub(WHOLE).min(FADE);
    period.get(at % period.len().max(1)).map_or(0.0, |sample| sample * (1.0 - faded as f32 / FADE as f32))
}

/// The newest pitch period of what was heard; nothing as long as too little was.
fn last_period(past: &[f32]) -> Vec<f32> {
    if past.len() < COMPARED + PERIODS.end() {
        return Vec::new();
    }
    let newest = &past[past.len() - COMPARED..];
    let likeness = |period: usize| {
        let before = &past[past.len() - COMPARED - period..past.len() - period];
        let product: f32 = newest.iter().zip(before).map(|(a, b)| a * b).sum();
        product / before.iter().map(|sample| sample * sample).sum::<f32>().max(1e-9).sqrt()
    };
    let period = PERIODS.max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap_or(*PERIODS.end());
    past[past.len() - period..].to_vec()
}
