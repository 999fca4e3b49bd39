use std::time::{Duration, Instant};

use crate::Codec;
use crate::defaults::{COMFORT_MAX, FRAME_SAMPLES, LOSS_MEMORY, SAMPLE_RATE, STEP_SAMPLES};
use crate::g711;
use crate::jitter::{Arrival, JitterBuffer, JitterStats, Pace, Playout};
use crate::opus::{Decoder, OpusError, Redundancy, is_pause, packet_samples};
use crate::packet::RtpAudio;
use crate::stretch;

/// From received packets to sound without gaps: jitter buffer, decoder, and the bending of time between them.
#[derive(Debug)]
pub struct FarEnd {
    buffer: JitterBuffer,
    decoder: Decoder,
    /// Decodes in its place, where the other end speaks G.711 alone.
    telephone: Option<g711::Decoder>,
    redundancy: Redundancy,
    /// The newest packet's sequence number.
    newest: Option<u16>,
    /// So many more samples of the far room's noise are made where nothing comes: nobody spoke there.
    comfort: usize,
    /// For so many more samples after a loss, what is decoded is enhanced.
    enhanced: usize,
    /// Decoded and not yet taken.
    queue: Vec<f32>,
    frame: Vec<f32>,
    /// Samples put in and taken out.
    bent: (u64, u64),
}

impl FarEnd {
    /// Nothing received yet.
    pub fn new() -> Result<Self, OpusError> {
        Ok(Self {
            buffer: JitterBuffer::new(),
            decoder: Decoder::new()?,
            telephone: None,
            redundancy: Redundancy::new()?,
            newest: None,
            comfort: 0,
            enhanced: 0,
            queue: Vec::with_capacity(4 * FRAME_SAMPLES),
            frame: Vec::with_capacity(6 * FRAME_SAMPLES),
            bent: (0, 0),
        })
    }

    /// What comes from now on is of this codec.
    pub fn set_codec(&mut self, codec: Codec) {
        self.telephone = (codec == Codec::Pcmu).then(g711::Decoder::new);
    }

    /// Takes a packet; one that is not of the codec is dropped.
    pub fn receive(&mut self, packet: RtpAudio) {
        let telephone = self.telephone.is_some();
        let samples = if telephone { g711::packet_samples(&packet.payload) } else { packet_samples(&packet.payload) };
        let Some(samples) = samples else {
            return;
        };
        let reach = if telephone { 0 } else { self.describes(&packet, samples) };
        self.buffer.handle(Arrival {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            samples,
            recovers_previous: !telephone && self.decoder.has_recovery(&packet.payload),
            reach,
            payload: packet.payload,
            arrived: packet.arrived,
        });
    }

    /// How much a packet after a gap describes of it.
    fn describes(&mut self, packet: &RtpAudio, samples: u32) -> u32 {
        let step = self.newest.map_or(1, |newest| packet.sequence.wrapping_sub(newest) as i16);
        if step > 0 || self.newest.is_none() {
            self.newest = Some(packet.sequence);
        }
        match u32::try_from(step) {
            Ok(step @ 2..=50) => self.redundancy.reach(&packet.payload, (step * samples) as usize) as u32,
            _ => 0,
        }
    }

    /// Fills `out` with what is due at `now`, when sound for `lead` still waits between here and the speaker. Says
    /// whether any of it came from a packet.
    pub fn render(&mut self, out: &mut [f32], now: Instant, lead: Duration) -> bool {
        let mut heard = false;
        while self.queue.len() < out.len() {
            heard |= self.pull(now, lead);
        }
        out.copy_from_slice(&self.queue[..out.len()]);
        self.queue.drain(..out.len());
        heard
    }

    /// What the jitter buffer counted.
    pub fn stats(&self) -> JitterStats {
        let (inserted, removed) = self.bent;
        JitterStats { inserted, removed, ..self.buffer.stats() }
    }

    fn pull(&mut self, now: Instant, lead: Duration) -> bool {
        let queued = Duration::from_secs_f64(self.queue.len() as f64 / f64::from(SAMPLE_RATE));
        self.frame.clear();
        let mut heard = false;
        let due = self.buffer.pull(now, lead + queued);
        if matches!(due, Playout::Recover { .. } | Playout::Rebuild { .. } | Playout::Conceal { .. }) {
            self.enhanced = samples_of(LOSS_MEMORY);
        }
        self.decoder.enhance(self.enhanced > 0);
        let result = match due {
            Playout::Silence { samples } if self.comfort >= samples => {
                self.comfort -= samples;
                // The decoder makes up whole steps of 2.5 ms.
                let made = self.decoder.conceal(STEP_SAMPLES, &mut self.frame);
                self.frame.truncate(samples.max(1));
                made
            }
            Playout::Silence { samples } => {
                self.frame.resize(samples.max(1), 0.0);
                Ok(())
            }
            Playout::Packet { payload, pace } => {
                heard = true;
                let result = self.decode(&payload);
                let before = self.frame.len();
                match pace {
                    Pace::Steady => {}
                    Pace::Shorten(most) => stretch::shorten(&mut self.frame, most),
                    Pace::Skip(made_up) => stretch::skip(&mut self.frame, made_up),
                    Pace::Hurry => stretch::hurry(&mut self.frame),
                    Pace::Lengthen => stretch::lengthen(&mut self.frame),
                }
                let after = self.frame.len();
                self.bent.0 += after.saturating_sub(before) as u64;
                self.bent.1 += before.saturating_sub(after) as u64;
                result
            }
            Playout::Recover { next, samples } => self.decoder.recover(next, samples, &mut self.frame),
            Playout::Rebuild { later, before, samples } => {
                self.decoder.rebuild(&mut self.redundancy, later, before, samples, &mut self.frame)
            }
            Playout::Conceal { samples } => self.conceal(samples),
        };
        if result.is_err() || self.frame.is_empty() {
            // A damaged packet sounds like a lost one.
            self.frame.clear();
            if self.conceal(FRAME_SAMPLES).is_err() || self.frame.is_empty() {
                self.frame.resize(FRAME_SAMPLES, 0.0);
            }
        }
        self.enhanced = self.enhanced.saturating_sub(self.frame.len());
        self.queue.extend_from_slice(&self.frame);
        heard
    }
}

impl FarEnd {
    /// Appends a packet's sound to the frame.
    fn decode(&mut self, payload: &[u8]) -> Result<(), OpusError> {
        if let Some(telephone) = &mut self.telephone {
            telephone.decode(payload, &mut self.frame);
            return Ok(());
        }
        self.comfort = if is_pause(payload) { samples_of(COMFORT_MAX) } else { 0 };
        self.decoder.decode(payload, &mut self.frame)
    }

    /// Appends made-up sound to the frame.
    fn conceal(&mut self, samples: usize) -> Result<(), OpusError> {
        match &mut self.telephone {
            Some(telephone) => {
                telephone.conceal(samples, &mut self.frame);
                Ok(())
            }
            None => self.decoder.conceal(samples, &mut self.frame),
        }
    }
}

fn samples_of(time: Duration) -> usize {
    time.as_millis() as usize * (SAMPLE_RATE / 1_000) as usize
}

#[cfg(test)]
#[path = "playout_tests.rs"]
mod tests;
