//! What runs in a card's callback. Nothing here may lock, allocate, log or wait; the tests of
//! this module run both under an allocator that tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use cpal::{FromSample, Sample, SizedSample};
use rtrb::{Consumer, Producer};

use super::Waker;

/// What a callback tells the engine.
#[derive(Debug, Default)]
pub struct Signal {
    /// How often the card called.
    pub calls: AtomicU32,
    /// Frames that the card wanted or brought the last time.
    pub period: AtomicUsize,
    /// How often the ring had too little for the speaker, or no room for the microphone.
    pub failed: AtomicU32,
    /// Whom to wake.
    pub waker: Arc<Waker>,
}

impl Signal {
    fn called(&self, frames: usize, failed: bool) {
        self.period.store(frames, Ordering::Relaxed);
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        self.calls.fetch_add(1, Ordering::Release);
        self.waker.wake();
    }
}

/// Moves what a card heard into a ring, its channels averaged.
#[derive(Debug)]
pub struct CaptureCallback {
    pub ring: Producer<f32>,
    pub channels: usize,
    pub signal: Arc<Signal>,
}

impl CaptureCallback {
    pub fn run<T>(&mut self, heard: &[T])
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        let channels = self.channels.max(1);
        let frames = heard.len() / channels;
        let room = self.ring.slots().min(frames);
        if let Ok(chunk) = self.ring.write_chunk_uninit(room) {
            let scale = 1.0 / channels as f32;
            chunk.fill_from_iter(
                heard
                    .chunks_exact(channels)
                    .map(|frame| frame.iter().map(|&s| f32::from_sample(s)).sum::<f32>() * scale),
            );
        }
        self.signal.called(frames, room < frames);
    }
}

/// Moves a ring's sound to a card, the same on all channels; silence where the ring has run dry.
#[derive(Debug)]
pub struct PlaybackCallback {
    pub ring: Consumer<f32>,
    pub channels: usize,
    pub signal: Arc<Signal>,
    /// What waits beyond this, after what the card takes, is thrown away.
    pub most: usize,
}

impl PlaybackCallback {
    pub fn run<T>(&mut self, out: &mut [T])
    where
        T: SizedSample + FromSample<f32>,
    {
        let channels = self.channels.max(1);
        let frames = out.len() / channels;
        let too_much = self.ring.slots().saturating_sub(self.most.saturating_add(frames));
        if let Ok(chunk) = self.ring.read_chunk(too_much) {
            chunk.commit_all();
        }
        let have = self.ring.slots().min(frames);
        let (sound, dry) = out.split_at_mut(have * channels);
        if let Ok(chunk) = self.ring.read_chunk(have) {
            for (frame, sample) in sound.chunks_exact_mut(channels).zip(chunk) {
                frame.fill(T::from_sample(sample));
            }
        }
        dry.fill(T::EQUILIBRIUM);
        self.signal.called(frames, have < frames);
    }
}
