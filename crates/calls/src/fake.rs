//! A backend without a network, for tests: all fakes that joined one [`FakeNetwork`] can call each other, and frames
//! go from one to the other in memory. It holds to the same contract as the real ones.

mod sound;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{HangUp, Party, Refusal};

use crate::{
    BackendError, BackendEvent, BackendEvents, BackendName, Callee, EndReason, MediaPorts, PathKind, PathStats,
    ReceivePacket, RtpAudio, VoiceBackend,
};

pub use sound::FakeSound;

/// What fakes call each other over.
#[derive(Clone, Default)]
pub struct FakeNetwork(Arc<Mutex<World>>);

#[derive(Default)]
struct World {
    users: HashMap<Care4wId, (Party, BackendEvents)>,
    calls: HashMap<CallId, FakeCall>,
    /// Whether the next digits take their time.
    slow_digits: bool,
}

struct FakeCall {
    caller: Care4wId,
    callee: Care4wId,
    /// The caller's, until it is answered.
    caller_media: Option<MediaPorts>,
    answered: bool,
    up: Arc<AtomicBool>,
    carried: Arc<AtomicU64>,
    digits: String,
    /// Whether the caller and the callee hold.
    holds: [Arc<AtomicBool>; 2],
}

impl FakeNetwork {
    /// An empty network.
    pub fn new() -> Self {
        Self::default()
    }

    /// A backend for somebody; one per id.
    pub fn join(&self, who: Party, events: BackendEvents) -> Arc<Fake> {
        let id = who.care4w_id.clone();
        self.world().users.insert(id.clone(), (who, events));
        Arc::new(Fake { network: self.clone(), id })
    }

    /// Takes the path of an answered call away, until one of its ends restarts it.
    pub fn lose_path(&self, call: CallId) {
        let world = self.world();
        if let Some(found) = world.calls.get(&call).filter(|found| found.answered) {
            found.up.store(false, Ordering::Relaxed);
            world.tell_both(found, |_| BackendEvent::PathLost { call });
        }
    }

    /// The digits that are sent next take longer than those after them.
    pub fn slow_down_digits(&self) {
        self.world().slow_digits = true;
    }

    /// The digits that were sent in a call.
    pub fn digits(&self, call: CallId) -> String {
        self.world().calls.get(&call).map(|found| found.digits.clone()).unwrap_or_default()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn tell(&self, who: &Care4wId, event: BackendEvent) {
        if let Some((_, events)) = self.users.get(who) {
            events.send(event).ok();
        }
    }

    fn tell_both(&self, call: &FakeCall, event: impl Fn(&Care4wId) -> BackendEvent) {
        for who in [&call.caller, &call.callee] {
            self.tell(who, event(who));
        }
    }
}

/// One end's backend on a [`FakeNetwork`].
pub struct Fake {
    network: FakeNetwork,
    id: Care4wId,
}

impl Fake {
    fn end(&self, call: CallId, reason: impl Fn(&FakeCall) -> EndReason) -> Result<(), BackendError> {
        let mut world = self.network.world();
        let found = world.calls.remove(&call).ok_or(BackendError::NoSuchCall)?;
        found.up.store(false, Ordering::Relaxed);
        let other = if self.id == found.caller { &found.callee } else { &found.caller };
        world.tell(other, BackendEvent::Ended { call, reason: reason(&found) });
        Ok(())
    }
}

#[async_trait]
impl VoiceBackend for Fake {
    fn name(&self) -> BackendName {
        BackendName::Fake
    }

    async fn dial(&self, call: CallId, to: &Callee, _: Vec<IceServer>, media: MediaPorts) -> Result<(), BackendError> {
        let mut world = self.network.world();
        let Some((from, _)) = world.users.get(&self.id).cloned() else { return Err(BackendError::Offline) };
        let callee = to.care4w_id.clone().ok_or(BackendError::NotAvailable)?;
        if !world.users.contains_key(&callee) {
            world.tell(&self.id, BackendEvent::Ended { call, reason: EndReason::NotFound });
            return Ok(());
        }
        let made = FakeCall {
            caller: self.id.clone(),
            callee: callee.clone(),
            caller_media: Some(media),
            answered: false,
            up: Arc::default(),
            carried: Arc::default(),
            digits: String::new(),
            holds: Default::default(),
        };
        world.calls.insert(call, made);
        world.tell(&callee, BackendEvent::Incoming { call, backend: BackendName::Fake, from: from.into() });
        Ok(())
    }

    async fn ring(&self, call: CallId) -> Result<(), BackendError> {
        let world = self.network.world();
        let found = world.calls.get(&call).ok_or(BackendError::NoSuchCall)?;
        world.tell(&found.caller, BackendEvent::Ringing { call });
        Ok(())
    }

    async fn prepare(&self, call: CallId, _: Vec<IceServer>) -> Result<(), BackendError> {
        self.network.world().calls.get(&call).map(|_| ()).ok_or(BackendError::NoSuchCall)
    }

    async fn accept(&self, call: CallId, media: MediaPorts) -> Result<(), BackendError> {
        let mut world = self.network.world();
        let found = world.calls.get_mut(&call).ok_or(BackendError::NoSuchCall)?;
        let caller_media = found.caller_media.take().ok_or(BackendError::NoSuchCall)?;
        found.answered = true;
        found.up.store(true, Ordering::Relaxed);
        let ways = [
            (caller_media.outgoing, media.incoming, found.callee.clone()),
            (media.outgoing, caller_media.incoming, found.caller.clone()),
        ];
        let holds = found.holds.clone();
        let (up, carried) = (Arc::clone(&found.up), Arc::clone(&found.carried));
        let found = &world.calls[&call];
        world.tell_both(found, |_| BackendEvent::Answered { call });
        world.tell_both(found, |_| BackendEvent::PathUp { call });
        for (frames, receiver, hearer) in ways {
            let events = world.users.get(&hearer).map(|(_, events)| events.clone());
            let first = move || {
                if let Some(events) = events {
                    events.send(BackendEvent::MediaFlowing { call }).ok();
                }
            };
            let way = Way { up: Arc::clone(&up), holds: holds.clone(), carried: Arc::clone(&carried) };
            tokio::spawn(carry(frames, receiver, way, first));
        }
        Ok(())
    }

    async fn refuse(&self, call: CallId, reason: Refusal) -> Result<(), BackendError> {
        self.end(call, |_| match reason {
            Refusal::Declined => EndReason::Declined,
            Refusal::Busy => EndReason::Busy,
            Refusal::Failed => EndReason::RemoteFailed,
        })
    }

    async fn hang_up(&self, call: CallId, reason: HangUp) -> Result<(), BackendError> {
        self.end(call, |found| match reason {
            _ if !found.answered => EndReason::Missed,
            HangUp::Normal | HangUp::NoAnswer => EndReason::RemoteHungUp,
            HangUp::NoPath => EndReason::ConnectionLost,
            HangUp::Failed => EndReason::RemoteFailed,
        })
    }

    async fn send_digits(&self, call: CallId, digits: &str) -> Result<(), BackendError> {
        if std::mem::take(&mut self.network.world().slow_digits) {
            // Whatever else is ready goes first.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        let mut world = self.network.world();
        let found = world.calls.get_mut(&call).filter(|found| found.answered).ok_or(BackendError::NoSuchCall)?;
        found.digits.push_str(digits);
        Ok(())
    }

    async fn hold(&self, call: CallId, held: bool) -> Result<(), BackendError> {
        let world = self.network.world();
        let found = world.calls.get(&call).filter(|found| found.answered).ok_or(BackendError::NoSuchCall)?;
        let (own, other) = if self.id == found.caller { (0, &found.callee) } else { (1, &found.caller) };
        if found.holds[own].swap(held, Ordering::Relaxed) != held {
            world.tell(other, BackendEvent::Held { call, held });
        }
        Ok(())
    }

    async fn restart_path(&self, call: CallId) -> Result<(), BackendError> {
        let world = self.network.world();
        let found = world.calls.get(&call).filter(|found| found.answered).ok_or(BackendError::NoSuchCall)?;
        if !found.up.swap(true, Ordering::Relaxed) {
            world.tell_both(found, |_| BackendEvent::PathRestored { call });
        }
        Ok(())
    }

    async fn stats(&self, call: CallId) -> Option<PathStats> {
        let carried = self.network.world().calls.get(&call)?.carried.load(Ordering::Relaxed);
        Some(PathStats {
            rtt_ms: Some(0.1),
            path: Some(PathKind::Host),
            sent: carried,
            received: carried,
            remote_loss_percent: Some(0.0),
            remote_jitter_ms: Some(0.0),
            codec: Some("opus"),
        })
    }
}

/// One direction of a call.
struct Way {
    up: Arc<AtomicBool>,
    holds: [Arc<AtomicBool>; 2],
    carried: Arc<AtomicU64>,
}

impl Way {
    fn open(&self) -> bool {
        self.up.load(Ordering::Relaxed) && !self.holds.iter().any(|hold| hold.load(Ordering::Relaxed))
    }
}

async fn carry(
    mut frames: tokio::sync::mpsc::Receiver<crate::EncodedFrame>,
    receiver: ReceivePacket,
    way: Way,
    first: impl FnOnce(),
) {
    let mut first = Some(first);
    let (mut sequence, mut timestamp) = (0u16, 0u32);
    while let Some(frame) = frames.recv().await {
        if frame.payload.is_empty() {
            // A pause that is not sent.
            timestamp = timestamp.wrapping_add(frame.samples);
            continue;
        }
        let packet = RtpAudio { sequence, timestamp, payload: frame.payload, arrived: Instant::now() };
        sequence = sequence.wrapping_add(1);
        timestamp = timestamp.wrapping_add(frame.samples);
        if way.open() {
            way.carried.fetch_add(1, Ordering::Relaxed);
            receiver(packet);
            if let Some(first) = first.take() {
                first();
            }
        }
    }
}
