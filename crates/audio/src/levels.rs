use serde::Serialize;

use crate::defaults::LEVEL_FLOOR_DBFS;

/// How loud the two directions are, as RMS over about the last tenth of a second, in dBFS (0 is full scale); −96 is
/// silence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Levels {
    /// What is sent: after processing, after mute.
    pub input_dbfs: f32,
    /// What the speaker is given.
    pub output_dbfs: f32,
}

impl Default for Levels {
    fn default() -> Self {
        Self { input_dbfs: LEVEL_FLOOR_DBFS, output_dbfs: LEVEL_FLOOR_DBFS }
    }
}

/// Measures one direction, fed in steps of 10 ms.
#[derive(Debug, Default)]
pub struct Meter {
    power: f32,
}

impl Meter {
    pub fn hear(&mut self, step: &[f32]) {
        let power = step.iter().map(|s| s * s).sum::<f32>() / step.len().max(1) as f32;
        // A tenth of a second of steps.
        self.power += (power - self.power) / 10.0;
    }

    pub fn dbfs(&self) -> f32 {
        (10.0 * self.power.max(1e-12).log10()).clamp(LEVEL_FLOOR_DBFS, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_in_decibels_below_full_scale() {
        let mut meter = Meter::default();
        assert_eq!(meter.dbfs(), LEVEL_FLOOR_DBFS);
        for _ in 0..200 {
            meter.hear(&[0.1; 480]);
        }
        assert!((meter.dbfs() + 20.0).abs() < 0.1, "a tenth of full scale is -20 dBFS");
    }
}
