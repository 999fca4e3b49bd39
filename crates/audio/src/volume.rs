/// How loud the other end is played: a factor that changes within one step, so that it does not click.
#[derive(Debug)]
pub struct VolumeRamp {
    now: f32,
    wanted: f32,
}

impl Default for VolumeRamp {
    fn default() -> Self {
        Self { now: 1.0, wanted: 1.0 }
    }
}

impl VolumeRamp {
    /// 1 plays as it comes; what is no loudness is read as that.
    pub fn set(&mut self, factor: f32) {
        self.wanted = if factor.is_finite() { factor.clamp(0.0, 2.0) } else { 1.0 };
    }

    pub fn apply(&mut self, sound: &mut [f32]) {
        let slope = (self.wanted - self.now) / sound.len().max(1) as f32;
        for sample in sound {
            self.now += slope;
            *sample *= self.now;
        }
        self.now = self.wanted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudness_changes_within_one_step_without_a_jump() {
        let mut volume = VolumeRamp::default();
        volume.set(0.0);
        let mut sound = [1.0_f32; 480];
        volume.apply(&mut sound);
        assert!(sound.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.01), "a jump is a click");
        assert!(sound[479].abs() < 0.01);
        let mut next = [1.0_f32; 480];
        volume.apply(&mut next);
        assert_eq!(next, [0.0; 480]);
    }

    #[test]
    fn what_is_no_loudness_plays_as_it_comes_and_too_much_is_twice_that() {
        for (factor, heard) in [(f32::NAN, 1.0), (f32::INFINITY, 1.0), (-1.0, 0.0), (9.0, 2.0)] {
            let mut volume = VolumeRamp::default();
            volume.set(factor);
            volume.apply(&mut [0.0; 480]);
            let mut sound = [0.5; 480];
            volume.apply(&mut sound);
            assert_eq!(sound, [0.5 * heard; 480], "{factor}");
        }
    }
}
