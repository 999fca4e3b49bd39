use std::time::Duration;

use sonora_aec3::block::Block;
use sonora_aec3::block_processor::BlockProcessor;
use sonora_aec3::common::BLOCK_SIZE;
use sonora_aec3::config::EchoCanceller3Config;

use super::Step;
use super::bands::{BAND_SAMPLES, BANDS, Bands, FULL_SCALE, Split, fade};
use crate::defaults::{ECHO_REST_AFTER, ECHO_REST_DBFS, SAMPLE_RATE, STEP, STEP_SAMPLES};

/// How much later, in samples of a band, sound leaves the canceller than it came in: a block until it is full, and a block
/// of overlap.
pub const LATENCY: usize = 2 * BLOCK_SIZE;
/// Steps that one side may be ahead of the other while the canceller rests; more is a stall, which it must notice.
const AHEAD_MOST: i32 = 5;
/// At this amplitude (16 bits) a microphone is overdriven.
const OVERDRIVEN: f32 = 32_700.0 / FULL_SCALE;

/// Echo cancellation (WebRTC's AEC3, as `sonora-aec3` ported it), which rests while the far side has been silent for so long
/// that nothing of it can come back. What it learnt of the room stands meanwhile: for it, no time passes.
pub struct Echo {
    canceller: BlockProcessor,
    split: Split,
    played: Line,
    heard: Line,
    cleaned: Line,
    block: Block,
    late: Late,
    rest: Rest,
}

#[derive(Debug)]
struct Rest {
    resting: bool,
    /// Steps since the far side was heard.
    quiet: u32,
    /// Steps cleaned since the canceller woke.
    awake: u32,
    /// Steps that were left out of what was played, less those left out of what was heard: both sides must leave out the
    /// same, or the echo would come at another time than before.
    ahead: i32,
}

impl Echo {
    pub fn new() -> Self {
        let config = EchoCanceller3Config::default();
        Self {
            canceller: BlockProcessor::new(&config, SAMPLE_RATE as usize, 1, 1),
            split: Split::new(),
            played: Line::default(),
            heard: Line::default(),
            cleaned: Line::holding(BLOCK_SIZE),
            block: Block::new(BANDS, 1),
            late: Late::default(),
            rest: Rest { resting: true, quiet: u32::MAX, awake: 0, ahead: 0 },
        }
    }

    /// The delay of the echo as it is measured.
    pub fn delay(&self) -> Option<Duration> {
        u64::try_from(self.canceller.get_metrics().delay_ms).ok().map(Duration::from_millis)
    }

    #[cfg(test)]
    pub fn rests(&self) -> bool {
        self.rest.resting
    }

    /// What the speaker is about to play.
    pub fn played(&mut self, sound: &Step) {
        let power = sound.iter().map(|s| s * s).sum::<f32>() / STEP_SAMPLES as f32;
        let loud = 10.0 * power.max(1e-12).log10() > ECHO_REST_DBFS;
        self.rest.quiet = if loud { 0 } else { self.rest.quiet.saturating_add(1) };
        if self.rest.resting {
            if !loud {
                self.rest.ahead = (self.rest.ahead + 1).min(AHEAD_MOST);
                return;
            }
            self.rest.resting = false;
            self.rest.awake = 0;
            // What the microphone heard meanwhile and nobody cleaned: as silent as what was played with it.
            while self.rest.ahead < 0 {
                self.rest.ahead += 1;
                self.cancel(&[0.0; STEP_SAMPLES], &mut [[0.0; BAND_SAMPLES]; BANDS]);
            }
        }
        self.buffer(sound);
    }

    fn buffer(&mut self, sound: &Step) {
        self.played.push(&self.split.run(sound));
        while self.played.take(&mut self.block) {
            self.canceller.buffer_render(&self.block);
        }
    }

    /// Whether the next step that the microphone heard is for [`Echo::clean`]; else it is for [`Echo::pass`], if anything
    /// looks at its bands. To be asked once for each step.
    pub fn works(&mut self) -> bool {
        let rest = &mut self.rest;
        if rest.resting {
            rest.ahead = (rest.ahead - 1).max(-AHEAD_MOST);
            return false;
        }
        if rest.ahead > 0 {
            rest.ahead -= 1;
            return false;
        }
        true
    }

    /// Lets sound by, as late as if it were cleaned.
    pub fn pass(&mut self, bands: &mut Bands) {
        self.late.run(bands);
    }

    /// Takes the echo out of what the microphone heard: `sound`, and the same in bands.
    pub fn clean(&mut self, sound: &Step, bands: &mut Bands) {
        let mut plain = *bands;
        self.late.run(&mut plain);
        let rest = &mut self.rest;
        rest.awake = rest.awake.saturating_add(1);
        let (awake, over) = (rest.awake, rest.quiet > steps(ECHO_REST_AFTER));
        self.cancel(sound, bands);
        if awake == 1 {
            // What comes out first is what was left in it when it fell asleep.
            *bands = plain;
        } else if awake == 2 {
            fade(&plain, bands);
        } else if over {
            fade(bands, &mut plain);
            *bands = plain;
            self.rest.resting = true;
        }
    }

    fn cancel(&mut self, sound: &Step, bands: &mut Bands) {
        let overdriven = sound.iter().any(|sample| sample.abs() >= OVERDRIVEN);
        self.heard.push(bands);
        while self.heard.take(&mut self.block) {
            self.canceller.process_capture(false, overdriven, None, &mut self.block);
            self.cleaned.put(&self.block);
        }
        self.cleaned.pop(bands);
    }
}

fn steps(time: Duration) -> u32 {
    (time.as_millis() / STEP.as_millis()) as u32
}

/// Sound that waits, in bands: steps of 10 ms become blocks of 4 ms, and the other way.
#[derive(Debug, Default)]
struct Line([Vec<f32>; BANDS]);

impl Line {
    fn holding(samples: usize) -> Self {
        Self(std::array::from_fn(|_| vec![0.0; samples]))
    }

    fn push(&mut self, bands: &Bands) {
        for (line, band) in self.0.iter_mut().zip(bands) {
            line.extend_from_slice(band);
        }
    }

    fn put(&mut self, block: &Block) {
        for (band, line) in self.0.iter_mut().enumerate() {
            line.extend_from_slice(block.view(band, 0));
        }
    }

    /// Fills a block, if there is a whole one.
    fn take(&mut self, block: &mut Block) -> bool {
        if self.0[0].len() < BLOCK_SIZE {
            return false;
        }
        for (band, line) in self.0.iter_mut().enumerate() {
            block.view_mut(band, 0).copy_from_slice(&line[..BLOCK_SIZE]);
            line.drain(..BLOCK_SIZE);
        }
        true
    }

    fn pop(&mut self, bands: &mut Bands) {
        for (line, band) in self.0.iter_mut().zip(bands) {
            let there = line.len().min(BAND_SAMPLES);
            band[..there].copy_from_slice(&line[..there]);
            line.drain(..there);
        }
    }
}

/// As late as the canceller, and nothing else: what takes its place while it rests.
#[derive(Debug, Default)]
struct Late([Vec<f32>; BANDS]);

impl Late {
    fn run(&mut self, bands: &mut Bands) {
        for (past, band) in self.0.iter_mut().zip(bands) {
            past.resize(LATENCY.max(past.len()), 0.0);
            past.extend_from_slice(band);
            band.copy_from_slice(&past[..BAND_SAMPLES]);
            past.drain(..BAND_SAMPLES);
        }
    }
}
