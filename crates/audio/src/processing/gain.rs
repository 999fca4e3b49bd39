use sonora_agc2::adaptive_digital_gain_controller::{AdaptiveDigitalGainController, FrameInfo};
use sonora_agc2::common::{
    ADJACENT_SPEECH_FRAMES_THRESHOLD, SATURATION_PROTECTOR_INITIAL_HEADROOM_DB, VAD_RESET_PERIOD_MS, float_s16_to_dbfs,
};
use sonora_agc2::limiter::Limiter;
use sonora_agc2::noise_level_estimator::NoiseLevelEstimator;
use sonora_agc2::saturation_protector::SaturationProtector;
use sonora_agc2::speech_level_estimator::{AdaptiveDigitalConfig, SpeechLevelEstimator};
use sonora_agc2::vad_wrapper::VoiceActivityDetectorWrapper;

use super::Step;
use super::bands::FULL_SCALE;
use crate::defaults::{
    GAIN_CHANGE_DB_PER_SECOND, GAIN_HEADROOM_DB, GAIN_INITIAL_DB, GAIN_MAX_DB, GAIN_SPEECH_MIN_DBFS, SAMPLE_RATE,
    STEP_SAMPLES,
};

/// Gain control (WebRTC's AGC2, as `sonora-agc2` ported it): brings speech to one loudness, leaves noise alone, and limits
/// peaks.
pub struct Gain {
    voice: VoiceActivityDetectorWrapper,
    speech: SpeechLevelEstimator,
    noise: NoiseLevelEstimator,
    peaks: SaturationProtector,
    controller: AdaptiveDigitalGainController,
    limiter: Limiter,
}

impl Gain {
    pub fn new() -> Self {
        let config = AdaptiveDigitalConfig {
            initial_gain_db: GAIN_INITIAL_DB,
            headroom_db: GAIN_HEADROOM_DB,
            max_gain_db: GAIN_MAX_DB,
            max_gain_change_db_per_second: GAIN_CHANGE_DB_PER_SECOND,
            ..AdaptiveDigitalConfig::default()
        };
        let (vectors, rate) = (sonora_simd::detect_backend(), SAMPLE_RATE as i32);
        Self {
            voice: VoiceActivityDetectorWrapper::with_reset_period(VAD_RESET_PERIOD_MS, vectors, rate),
            speech: SpeechLevelEstimator::new(&config, ADJACENT_SPEECH_FRAMES_THRESHOLD),
            noise: NoiseLevelEstimator::default(),
            peaks: SaturationProtector::new(SATURATION_PROTECTOR_INITIAL_HEADROOM_DB, ADJACENT_SPEECH_FRAMES_THRESHOLD),
            controller: AdaptiveDigitalGainController::new(config, ADJACENT_SPEECH_FRAMES_THRESHOLD),
            limiter: Limiter::new(STEP_SAMPLES),
        }
    }

    pub fn even(&mut self, sound: &mut Step) {
        let mut scaled = sound.map(|sample| sample * FULL_SCALE);
        let peak = scaled.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let power = scaled.iter().map(|sample| sample * sample).sum::<f32>() / STEP_SAMPLES as f32;
        let (peak_dbfs, rms_dbfs) = (float_s16_to_dbfs(peak), float_s16_to_dbfs(power.sqrt()));
        // Listening for speech takes most of the time, and there is none in what is all but silent.
        let speech_probability = if rms_dbfs < GAIN_SPEECH_MIN_DBFS { 0.0 } else { self.voice.analyze(&scaled) };
        let noise_rms_dbfs = self.noise.analyze(&[&scaled]);
        self.speech.update(rms_dbfs, speech_probability);
        self.peaks.analyze(speech_probability, peak_dbfs, self.speech.level_dbfs());
        let info = FrameInfo {
            speech_probability,
            speech_level_dbfs: self.speech.level_dbfs(),
            speech_level_reliable: self.speech.is_confident(),
            noise_rms_dbfs,
            headroom_db: self.peaks.headroom_db(),
            limiter_envelope_dbfs: float_s16_to_dbfs(self.limiter.last_audio_level()),
        };
        self.controller.process(&info, &mut [&mut scaled]);
        self.limiter.process(&mut [&mut scaled]);
        *sound = scaled.map(|sample| (sample / FULL_SCALE).clamp(-1.0, 1.0));
    }
}
