use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate, NoiseSuppression,
    NoiseSuppressionLevel, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::Processing;
use crate::defaults::{SAMPLE_RATE, STEP_SAMPLES};

/// Echo cancellation, noise suppression and gain control (WebRTC's, as `sonora` ported it), in steps of 10 ms.
pub struct VoiceProcessing {
    inner: Option<AudioProcessing>,
    scratch: [f32; STEP_SAMPLES],
}

impl std::fmt::Debug for VoiceProcessing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VoiceProcessing").field("on", &self.inner.is_some()).finish_non_exhaustive()
    }
}

impl VoiceProcessing {
    pub fn new(wanted: Processing) -> Self {
        let inner = (wanted != Processing::OFF).then(|| {
            let stream = StreamConfig::new(SAMPLE_RATE, 1);
            AudioProcessing::builder().config(config(wanted)).capture_config(stream).render_config(stream).build()
        });
        Self { inner, scratch: [0.0; STEP_SAMPLES] }
    }

    /// What the speaker is about to play, before the microphone hears it.
    pub fn played(&mut self, sound: &[f32; STEP_SAMPLES]) {
        if let Some(inner) = &mut self.inner
            && let Err(error) = inner.process_render_f32(&[sound], &mut [&mut self.scratch])
        {
            tracing::debug!(?error, "the played sound was not taken");
        }
    }

    /// Cleans what the microphone heard.
    pub fn clean(&mut self, sound: &mut [f32; STEP_SAMPLES]) {
        let Some(inner) = &mut self.inner else {
            return;
        };
        match inner.process_capture_f32(&[&*sound], &mut [&mut self.scratch]) {
            Ok(()) => sound.copy_from_slice(&self.scratch),
            Err(error) => tracing::debug!(?error, "the heard sound was not taken"),
        }
    }
}

fn config(wanted: Processing) -> Config {
    Config {
        pipeline: Pipeline { maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz, ..Pipeline::default() },
        high_pass_filter: wanted.noise.then(HighPassFilter::default),
        echo_canceller: wanted.echo.then(EchoCanceller::default),
        noise_suppression: wanted
            .noise
            .then(|| NoiseSuppression { level: NoiseSuppressionLevel::Moderate, ..NoiseSuppression::default() }),
        gain_controller2: wanted.gain.then(|| GainController2 {
            adaptive_digital: Some(AdaptiveDigital::default()),
            ..GainController2::default()
        }),
        ..Config::default()
    }
}
