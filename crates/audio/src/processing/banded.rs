use super::Step;
use super::bands::{self, BANDS, Bands, Join, Split};
use super::{echo, noise};
use crate::defaults::STEP_SAMPLES;

/// The stages that work on bands. While both rest, sound goes by whole: splitting and joining it bends it a little.
pub struct Banded {
    split: Split,
    join: Join,
    /// The end of the last step's sound, for what goes by.
    past: Vec<f32>,
    /// For so many steps sound has been split.
    used: u32,
}

impl Banded {
    pub fn new() -> Self {
        Self { split: Split::new(), join: Join::new(), past: Vec::new(), used: 0 }
    }

    pub fn clean(&mut self, sound: &mut Step, mut echo: Option<&mut echo::Echo>, mut noise: Option<&mut noise::Noise>) {
        let whole = self.late(sound, if echo.is_some() { BANDS * echo::LATENCY } else { 0 } + bands::LATENCY);
        let power = sound.iter().map(|s| s * s).sum::<f32>() / STEP_SAMPLES as f32;
        let cancels = echo.as_mut().is_some_and(|echo| echo.works());
        let suppresses = noise.as_mut().is_some_and(|noise| noise.works(power));
        if !cancels && !suppresses && self.used == 0 {
            *sound = whole;
            return;
        }
        let mut bands: Bands = self.split.run(sound);
        match echo {
            Some(echo) if cancels => echo.clean(sound, &mut bands),
            Some(echo) => echo.pass(&mut bands),
            None => {}
        }
        if let Some(noise) = noise
            && suppresses
        {
            noise.clean(&mut bands);
        }
        let joined = self.join.run(&bands);
        let needed = cancels || suppresses;
        self.used = if needed { self.used.saturating_add(1) } else { 0 };
        match (needed, self.used) {
            // The filters still hold what came before they rested.
            (true, 1) => *sound = whole,
            (true, 2) => *sound = faded(&whole, &joined),
            (true, _) => *sound = joined,
            (false, _) => *sound = faded(&joined, &whole),
        }
    }

    /// The sound so many samples later.
    fn late(&mut self, sound: &Step, latency: usize) -> Step {
        let mut late = *sound;
        // Another latency is another set of stages: what was there before it is past.
        self.past.resize(latency, 0.0);
        self.past.extend_from_slice(sound);
        late.copy_from_slice(&self.past[..STEP_SAMPLES]);
        self.past.drain(..STEP_SAMPLES);
        late
    }
}

fn faded(from: &Step, to: &Step) -> Step {
    let mut sound = *to;
    for (i, (new, old)) in sound.iter_mut().zip(from).enumerate() {
        *new = old + (*new - old) * (i as f32 / STEP_SAMPLES as f32);
    }
    sound
}
