//! The call that the line has: its machine and everything around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use care4w_protocol::CallId;
use tokio::sync::mpsc;

use super::detour::Detour;
use super::digits::DigitQueue;
use super::ringer::Ringer;
use super::slot::SoundSlot;
use crate::defaults::{FIRST_AUDIO_POLL, SPEAKING_POLL, STATS_INTERVAL};
use crate::quality::{Observation, Quality, QualityWatch};
use crate::speaking::SpeakingWatch;
use crate::{
    BackendCommand, BackendName, Call, CallEvent, CallState, CallStats, CallView, DeviceNotice, EncodedFrame,
    EndReason, NetworkReport, PathStats, Peer, ReasonView, Ring, Sound, VoiceBackend, mos,
};

pub(super) struct Active {
    pub id: CallId,
    pub machine: Call,
    pub peer: Peer,
    pub backend: Arc<dyn VoiceBackend>,
    pub commands: mpsc::UnboundedSender<BackendCommand>,
    pub slot: Arc<SoundSlot>,
    /// The tone that the call wants to be heard.
    pub ring: Option<Ring>,
    /// The tone that is heard.
    pub ringer: Option<Ringer>,
    /// Where the microphone's frames go, until the sound is opened with it.
    pub frames: Option<mpsc::Sender<EncodedFrame>>,
    /// Another way, as long as the first one was not left.
    pub detour: Option<Detour>,
    /// The way that failed before this one.
    pub instead_of: Option<BackendName>,
    pub muted: bool,
    pub held: bool,
    pub held_by_peer: bool,
    /// What was dialled in the call so far.
    pub digits: String,
    /// Where digits wait that are sent, from the first one on.
    pub digit_queue: Option<DigitQueue>,
    /// What befell a device last, and until when it is shown.
    pub notice: Option<(DeviceNotice, Instant)>,
    speaking: SpeakingWatch,
    pub over: Arc<AtomicBool>,
    /// Frames given to the backend.
    pub sent: Arc<AtomicU64>,
    /// What they hold.
    pub bytes: Arc<AtomicU64>,
    bytes_before: (u64, Instant),
    /// Those of them that it did not send: no path yet, or the other end holds.
    unsent: u64,
    began: Instant,
    quality: QualityWatch,
    stats: CallStats,
    first_audio: Option<Instant>,
    poll_first_audio_at: Option<Instant>,
    stats_at: Option<Instant>,
    /// When the muted microphone is listened to next.
    look_at: Option<Instant>,
}

impl Active {
    pub fn new(
        id: CallId,
        machine: Call,
        peer: Peer,
        backend: Arc<dyn VoiceBackend>,
        commands: mpsc::UnboundedSender<BackendCommand>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            machine,
            peer,
            backend,
            commands,
            slot: SoundSlot::new(),
            ring: None,
            ringer: None,
            frames: None,
            detour: None,
            instead_of: None,
            muted: false,
            held: false,
            held_by_peer: false,
            digits: String::new(),
            digit_queue: None,
            notice: None,
            speaking: SpeakingWatch::default(),
            over: Arc::default(),
            sent: Arc::default(),
            bytes: Arc::default(),
            bytes_before: (0, now),
            unsent: 0,
            began: now,
            quality: QualityWatch::default(),
            stats: CallStats::default(),
            first_audio: None,
            poll_first_audio_at: None,
            stats_at: None,
            look_at: None,
        }
    }

    pub fn is_over(&self) -> bool {
        self.machine.state() == CallState::Ended
    }

    /// When the line must look at this call again by itself.
    pub fn wake_at(&self) -> Option<Instant> {
        let notice = self.notice.as_ref().map(|(_, until)| *until);
        [self.machine.deadline(), self.silent_way_ends(), self.poll_first_audio_at, self.stats_at, self.look_at, notice]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the way that the call takes has said nothing for too long; `None` when it said something, or is the only one.
    pub fn silent_way_ends(&self) -> Option<Instant> {
        let detour = self.detour.as_ref().filter(|detour| !detour.leaving)?;
        (self.machine.state() == CallState::Dialing).then_some(detour.patience_ends)
    }

    /// Sound was started: look out for the first frame.
    pub fn await_first_audio(&mut self, now: Instant) {
        self.poll_first_audio_at = Some(now + FIRST_AUDIO_POLL);
    }

    /// When the first frame was played, told once.
    pub fn look_for_first_audio(&mut self, now: Instant) -> Option<Instant> {
        if self.poll_first_audio_at.is_none_or(|at| at > now) {
            return None;
        }
        let first = self.slot.get().and_then(|sound| sound.stats().first_audio);
        match first {
            Some(_) => {
                self.poll_first_audio_at = None;
                self.first_audio = first;
            }
            None => self.poll_first_audio_at = Some(now + FIRST_AUDIO_POLL),
        }
        first
    }

    pub fn set_muted(&mut self, muted: bool, now: Instant) {
        self.muted = muted;
        self.speaking = SpeakingWatch::default();
        self.look_at = muted.then_some(now);
    }

    /// Looks at what changes with time alone; whether the picture is another one.
    pub fn look_around(&mut self, now: Instant) -> bool {
        let gone = self.notice.as_ref().is_some_and(|(_, until)| *until <= now);
        if gone {
            self.notice = None;
        }
        if self.look_at.is_none_or(|at| at > now) {
            return gone;
        }
        self.look_at = Some(now + SPEAKING_POLL);
        let before = self.speaking.is_speaking();
        // Before the sound is open nobody is heard, and on hold nobody would be.
        if let Some(sound) = self.slot.get().filter(|_| !self.held) {
            self.speaking.hear(sound.health().microphone_dbfs, now);
        }
        gone || self.speaking.is_speaking() != before
    }

    /// The last figures.
    pub fn stats(&self) -> CallStats {
        self.stats
    }

    /// Whether a second has gone by for which figures are due.
    pub fn stats_due(&mut self, now: Instant) -> bool {
        let due = self.stats_at.is_some_and(|at| at <= now);
        if due {
            self.stats_at = Some(now + STATS_INTERVAL);
        }
        due
    }

    /// The machine came to a new state.
    pub fn on_state(&mut self, state: CallState, now: Instant) {
        match state {
            CallState::Connected if self.stats_at.is_none() => self.stats_at = Some(now + STATS_INTERVAL),
            CallState::Ended => {
                self.digit_queue = None;
                self.stats_at = None;
                self.look_at = None;
                self.notice = None;
                self.speaking = SpeakingWatch::default();
                self.poll_first_audio_at = None;
            }
            _ => {}
        }
    }

    /// Takes a second's figures: the event, and the quality when it changed.
    pub fn on_stats(&mut self, path: PathStats, now: Instant) -> (CallEvent, Option<Quality>) {
        let received = self.slot.get().map(|sound| sound.stats());
        self.stats.rtt_ms = path.rtt_ms.or(self.stats.rtt_ms);
        self.stats.path = path.path.or(self.stats.path);
        self.stats.codec = path.codec.or(self.stats.codec);
        self.stats.sent = self.stats.sent.max(path.sent);
        self.take_bitrate(now);
        self.unsent = self.sent.load(Ordering::Relaxed).saturating_sub(path.sent);
        self.stats.received = self.stats.received.max(path.received);
        let mut changed = None;
        if let (Some(sound), Some(received)) = (self.slot.get(), received) {
            self.take_reception(&*sound);
            let recent = received.recent_loss_percent;
            // Where the other end does not say what it loses, both ways are taken to be alike.
            let theirs = path.remote_loss_percent.unwrap_or(recent).clamp(0.0, 100.0);
            sound.report(NetworkReport {
                loss_percent: theirs,
                in_bursts: false,
                round_trip: path.rtt_ms.and_then(|rtt| Duration::try_from_secs_f64(rtt / 1_000.0).ok()),
            });
            let health = sound.health();
            changed = self.quality.observe(Observation {
                rtt_ms: path.rtt_ms,
                jitter_ms: received.jitter_ms,
                loss_percent: recent,
                remote_jitter_ms: path.remote_jitter_ms,
                remote_loss_percent: path.remote_loss_percent,
                late_percent: f64::from(health.late_percent),
                microphone_silent: health.microphone_silent && !self.muted && !self.held,
            });
        }
        (CallEvent::Stats { call_id: self.id, stats: self.stats }, changed)
    }

    fn take_bitrate(&mut self, now: Instant) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let (before, at) = std::mem::replace(&mut self.bytes_before, (bytes, now));
        let seconds = now.saturating_duration_since(at).as_secs_f64();
        if seconds > 0.0 {
            self.stats.bitrate = Some((bytes.saturating_sub(before) as f64 * 8.0 / seconds) as u32);
        }
    }

    /// The last look at the sound before it is closed.
    pub fn take_reception(&mut self, sound: &dyn Sound) {
        let received = sound.stats();
        let rtt = self.stats.rtt_ms.unwrap_or_default();
        self.stats.jitter_ms = Some(received.jitter_ms);
        self.stats.loss_percent = Some(received.loss_percent);
        self.stats.concealed_percent = Some(received.concealed_percent);
        self.stats.buffer_ms = Some(received.buffer_ms);
        self.stats.mos = Some(mos::estimate(rtt, received.buffer_ms, received.jitter_ms, received.recent_loss_percent));
        self.stats.received = self.stats.received.max(received.received);
        let sent = self.sent.load(Ordering::Relaxed).saturating_sub(self.unsent);
        self.stats.sent = self.stats.sent.max(sent);
    }

    pub fn state_event(&self, state: CallState, now: Instant) -> CallEvent {
        CallEvent::Call {
            state,
            call_id: self.id,
            direction: self.machine.direction(),
            peer: self.peer.clone(),
            backend: self.backend.name(),
            instead_of: self.instead_of,
            since_start_ms: millis(now.saturating_duration_since(self.began)),
            reason: self.machine.reason(),
        }
    }

    pub fn hold_event(&self) -> CallEvent {
        CallEvent::Hold { call_id: self.id, here: self.held, there: self.held_by_peer }
    }

    pub fn media_event(&self) -> Option<CallEvent> {
        let answered = self.machine.answered_at()?;
        let first = self.first_audio?;
        let first_audio_ms = millis(first.saturating_duration_since(answered));
        Some(CallEvent::Media { call_id: self.id, first_audio_ms })
    }

    pub fn summary(&self, reason: EndReason, now: Instant) -> CallEvent {
        let duration_ms = self.machine.connected_for(now).map_or(0, millis);
        CallEvent::Summary { call_id: self.id, stats: self.stats, duration_ms, reason }
    }

    pub fn view(&self, now: Instant) -> CallView {
        let state = self.machine.state();
        let sounding = matches!(state, CallState::Connected | CallState::Reconnecting);
        let connected_for = self.machine.connected_for(now).map(millis);
        CallView {
            id: self.id,
            direction: self.machine.direction(),
            state,
            peer: self.peer.clone(),
            backend: self.backend.name(),
            instead_of: self.instead_of,
            muted: self.muted,
            held: self.held,
            held_by_peer: self.held_by_peer,
            speaking_while_muted: self.speaking.is_speaking(),
            digits: self.digits.clone(),
            notice: self.notice.as_ref().map(|(notice, _)| notice.clone()),
            connected_for_ms: connected_for.filter(|_| sounding),
            duration_ms: self.is_over().then_some(connected_for.unwrap_or_default()),
            quality: sounding.then(|| self.quality.quality()),
            reason: self
                .machine
                .reason()
                .map(|reason| ReasonView { code: reason, sentence: reason.sentence(&self.peer.name) }),
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
