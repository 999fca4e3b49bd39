use super::Step;
use crate::defaults::{HIGH_PASS_HZ, SAMPLE_RATE};

/// A Butterworth high-pass of second order (the bilinear transform, as in the Audio EQ Cookbook).
#[derive(Debug)]
pub struct HighPass {
    feed: [f32; 3],
    back: [f32; 2],
    state: [f32; 2],
}

impl HighPass {
    pub fn new() -> Self {
        let angle = std::f32::consts::TAU * HIGH_PASS_HZ / SAMPLE_RATE as f32;
        let alpha = angle.sin() * std::f32::consts::FRAC_1_SQRT_2;
        let scale = 1.0 / (1.0 + alpha);
        let edge = (1.0 + angle.cos()) / 2.0 * scale;
        Self {
            feed: [edge, -2.0 * edge, edge],
            back: [-2.0 * angle.cos() * scale, (1.0 - alpha) * scale],
            state: [0.0; 2],
        }
    }

    pub fn run(&mut self, sound: &mut Step) {
        for sample in sound {
            let input = *sample;
            let output = self.feed[0] * input + self.state[0];
            self.state[0] = self.feed[1] * input - self.back[0] * output + self.state[1];
            self.state[1] = self.feed[2] * input - self.back[1] * output;
            *sample = output;
        }
    }
}
