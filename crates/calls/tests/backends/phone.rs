//! One end of a call as the suite sees it: a backend, its events, and a microphone that ticks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use care4w_audio::Codec;
use care4w_calls::{
    BackendEvent, BackendName, Callee, EncodedFrame, EndReason, MediaPorts, PathStats, Peer, RtpAudio, VoiceBackend,
};
use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::signal::Party;
use tokio::sync::mpsc;

/// Longer than anything here takes on a machine that is busy with a build.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Phone {
    pub party: Party,
    pub backend: Arc<dyn VoiceBackend>,
    events: mpsc::UnboundedReceiver<BackendEvent>,
}

/// The application's side of a call's sound.
pub struct Ear {
    frames: mpsc::Sender<EncodedFrame>,
    heard: mpsc::UnboundedReceiver<RtpAudio>,
    codec: Arc<Mutex<Codec>>,
}

pub fn party(id: &str, name: &str) -> Party {
    Party { care4w_id: Care4wId::parse(id).unwrap(), display_name: name.to_owned() }
}

impl Phone {
    pub fn new(party: Party, backend: Arc<dyn VoiceBackend>, events: mpsc::UnboundedReceiver<BackendEvent>) -> Self {
        Self { party, backend, events }
    }

    pub async fn next(&mut self) -> BackendEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("an event")
    }

    pub async fn expect(&mut self, event: BackendEvent) {
        let mut next = self.next().await;
        // Twilio's gateway says by itself that it rings.
        while next != event && self.is_twilios_ringing(&next) {
            next = self.next().await;
        }
        assert_eq!(next, event);
    }

    fn is_twilios_ringing(&self, event: &BackendEvent) -> bool {
        self.backend.name() == BackendName::Twilio && matches!(event, BackendEvent::Ringing { .. })
    }

    pub async fn expect_end(&mut self, call: CallId, reason: EndReason) {
        self.expect(BackendEvent::Ended { call, reason }).await;
    }

    /// Waits for an event and gives up those that come before it.
    pub async fn until(&mut self, event: BackendEvent) {
        while self.next().await != event {}
    }

    pub fn has_no_event(&mut self) -> bool {
        while let Ok(event) = self.events.try_recv() {
            if !self.is_twilios_ringing(&event) {
                return false;
            }
        }
        true
    }

    /// An event that is there already.
    pub fn waiting(&mut self) -> Option<BackendEvent> {
        self.events.try_recv().ok()
    }

    pub async fn dial(&self, to: &Phone) -> (CallId, Ear) {
        let (ear, ports) = ear();
        let call = CallId::random();
        self.backend.dial(call, &callee(&to.party), vec![], ports).await.unwrap();
        (call, ear)
    }

    pub async fn expect_incoming(&mut self, from: &Party) -> CallId {
        match self.next().await {
            BackendEvent::Incoming { call, backend, from: caller } => {
                assert_eq!(backend, self.backend.name());
                assert_eq!(caller, Peer::from(from.clone()));
                call
            }
            other => panic!("expected an incoming call, not {other:?}"),
        }
    }

    pub async fn accept(&self, call: CallId) -> Ear {
        let (ear, ports) = ear();
        self.backend.accept(call, ports).await.unwrap();
        ear
    }

    pub async fn stats(&self, call: CallId) -> PathStats {
        self.backend.stats(call).await.expect("figures of a call that is there")
    }
}

pub fn callee(party: &Party) -> Callee {
    Callee {
        care4w_id: Some(party.care4w_id.clone()),
        number: None,
        name: party.display_name.clone(),
        detail: String::new(),
    }
}

pub fn ear() -> (Ear, MediaPorts) {
    let (frames, outgoing) = mpsc::channel(50);
    let (tx, heard) = mpsc::unbounded_channel();
    let incoming = Arc::new(move |packet| {
        tx.send(packet).ok();
    });
    let codec = Arc::new(Mutex::new(Codec::Opus));
    let told = Arc::clone(&codec);
    let agreed = Arc::new(move |codec| *told.lock().unwrap() = codec);
    (Ear { frames, heard, codec }, MediaPorts { outgoing, incoming, agreed })
}

impl Ear {
    /// What it was told that both ends speak.
    pub fn codec(&self) -> Codec {
        *self.codec.lock().unwrap()
    }

    /// A microphone that speaks one byte over and over, 20 ms a frame, for as long as the call takes frames.
    pub fn speak(&self, byte: u8) {
        let (frames, codec) = (self.frames.clone(), Arc::clone(&self.codec));
        tokio::spawn(async move {
            let mut clock = tokio::time::interval(Duration::from_millis(20));
            loop {
                clock.tick().await;
                let length = if *codec.lock().unwrap() == Codec::Pcmu { 160 } else { 40 };
                let frame = EncodedFrame { payload: vec![byte; length], samples: 960, starts_talkspurt: false };
                if let Err(mpsc::error::TrySendError::Closed(_)) = frames.try_send(frame) {
                    return;
                }
            }
        });
    }

    pub async fn hear(&mut self) -> RtpAudio {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("a packet in time").expect("a packet")
    }

    /// Waits for a packet that speaks this byte.
    pub async fn hear_byte(&mut self, byte: u8) -> RtpAudio {
        loop {
            let packet = self.hear().await;
            if packet.payload == vec![byte; 40] {
                return packet;
            }
        }
    }

    /// Whether nothing was heard since [`Ear::forget`].
    pub fn is_silent(&mut self) -> bool {
        self.heard.try_recv().is_err()
    }

    /// Forgets what was heard until now.
    pub fn forget(&mut self) {
        while self.heard.try_recv().is_ok() {}
    }
}
