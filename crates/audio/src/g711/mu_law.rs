//! One sample in a byte, its logarithm roughly (ITU-T G.711, µ-law).

/// What is added before the logarithm, in the standard's 14 bits brought to 16.
const BIAS: i32 = 0x84;

/// The loudest that the code can say.
const LOUDEST: i32 = 32_635;

/// The code of a sample in −1..1; what is louder is as loud as can be said.
pub fn write(sample: f32) -> u8 {
    let sample = (sample * 32_768.0) as i32;
    let magnitude = sample.saturating_abs().min(LOUDEST) + BIAS;
    let segment = (magnitude >> 7).ilog2();
    let step = (magnitude >> (segment + 3)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (segment << 4) as u8 | step as u8)
}

/// The sample of a code, in −1..1.
pub fn read(code: u8) -> f32 {
    let code = !code;
    let magnitude = ((i32::from(code & 0x0f) << 3) + BIAS) << ((code >> 4) & 7);
    let sample = if code & 0x80 == 0 { magnitude - BIAS } else { BIAS - magnitude };
    sample as f32 / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_as_it_was_read() {
        for code in 0..=u8::MAX {
            // Two codes say zero.
            if code != 0x7f {
                assert_eq!(write(read(code)), code);
            }
        }
    }

    #[test]
    fn the_ends_and_the_middle_are_those_of_the_standard() {
        assert_eq!((write(1.0), write(-1.0), write(0.0)), (0x80, 0x00, 0xff));
        assert_eq!((read(0x80), read(0xff), read(0x00)), (32_124.0 / 32_768.0, 0.0, -32_124.0 / 32_768.0));
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
            write(odd);
        }
    }
}
