//! The line's task: everything that happens to the line comes together here, one thing at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use care4w_protocol::CallId;
use care4w_protocol::signal::Refusal;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{self, JoinSet};

use super::active::Active;
use super::courier::Courier;
use super::detour::Detour;
use super::report::{FromCall, Report};
use super::{Command, LineError, LineSetup, Reply};
use crate::defaults::{NOTICE_TIME, OUTGOING_FRAMES};
use crate::{
    BackendEvent, BackendName, Call, CallEvent, CallState, CallView, Callee, DeviceNotice, EncodedFrame, EndReason,
    IceSource, Input, Output, PathStats, Peer, SoundFactory, SoundNotice, SoundSettings, VoiceBackend,
};

pub(super) struct Driver {
    pub(super) backends: Vec<Arc<dyn VoiceBackend>>,
    pub(super) backend_events: mpsc::UnboundedReceiver<BackendEvent>,
    pub(super) sound: Arc<dyn SoundFactory>,
    pub(super) ice: Arc<dyn IceSource>,
    pub(super) settings: SoundSettings,
    view: watch::Sender<Option<CallView>>,
    events: broadcast::Sender<CallEvent>,
    reports: mpsc::UnboundedReceiver<Report>,
    pub(super) report: mpsc::UnboundedSender<Report>,
    pub(super) active: Option<Active>,
    /// Whose calls do not ring aloud.
    pub(super) silenced: Vec<BackendName>,
    /// Tasks that must end before the line is shut down: farewells, sounds being closed, tones.
    pub(super) tasks: JoinSet<()>,
}

impl Driver {
    pub(super) fn new(
        setup: LineSetup,
        view: watch::Sender<Option<CallView>>,
        events: broadcast::Sender<CallEvent>,
    ) -> Self {
        let (report, reports) = mpsc::unbounded_channel();
        Self {
            backends: setup.backends,
            backend_events: setup.backend_events,
            sound: setup.sound,
            ice: setup.ice,
            settings: setup.settings,
            view,
            events,
            reports,
            report,
            active: None,
            silenced: Vec::new(),
            tasks: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let farewell = loop {
            let wake_at = self.active.as_ref().and_then(Active::wake_at);
            let wake = async move {
                match wake_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::ShutDown(reply)) => break Some(reply),
                    Some(command) => self.on_command(command),
                    None => break None,
                },
                Some(event) = self.backend_events.recv() => self.on_backend(event),
                Some(report) = self.reports.recv() => self.on_report(report),
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => {}
                () = wake => self.on_timer(),
            }
        };
        self.shut_down(farewell).await;
    }

    async fn shut_down(&mut self, farewell: Option<Reply<()>>) {
        self.input(Input::End(EndReason::ShutDown));
        // The courier ends when it has carried the farewell.
        self.active = None;
        while self.tasks.join_next().await.is_some() {}
        if let Some(reply) = farewell {
            reply.send(Ok(())).ok();
        }
    }

    pub(super) fn dial(
        &mut self,
        callee: Callee,
        first: BackendName,
        then: Option<BackendName>,
    ) -> Result<CallId, LineError> {
        if self.active.as_ref().is_some_and(|active| !active.is_over()) {
            return Err(LineError::Busy);
        }
        let backend = self.backend(first).ok_or(LineError::NoBackend)?;
        let then = then.and_then(|name| self.backend(name));
        let id = CallId::random();
        let now = Instant::now();
        self.begin(id, Call::outgoing(now), callee.clone().into(), backend, Some((callee, then)), now);
        Ok(id)
    }

    fn backend(&self, name: BackendName) -> Option<Arc<dyn VoiceBackend>> {
        self.backends.iter().find(|backend| backend.name() == name).cloned()
    }

    fn begin(
        &mut self,
        id: CallId,
        machine: Call,
        peer: Peer,
        backend: Arc<dyn VoiceBackend>,
        callee: Option<(Callee, Option<Arc<dyn VoiceBackend>>)>,
        now: Instant,
    ) {
        let (commands, command_rx) = mpsc::unbounded_channel();
        let mut active = Active::new(id, machine, peer, Arc::clone(&backend), commands, now);
        let (frames, outgoing) = mpsc::channel(OUTGOING_FRAMES);
        active.frames = Some(frames);
        let (callee, outgoing) = match callee {
            Some((callee, Some(then))) => {
                let (detour, outgoing) = Detour::new(then, callee.clone(), outgoing, now);
                active.detour = Some(detour);
                (Some(callee), outgoing)
            }
            Some((callee, None)) => (Some(callee), outgoing),
            None => (None, outgoing),
        };
        let media = active.slot.ports(outgoing);
        let courier = Courier {
            call: id,
            backend,
            ice: Arc::clone(&self.ice),
            callee,
            media: Some(media),
            over: Arc::clone(&active.over),
            reports: self.report.clone(),
        };
        self.tasks.spawn(courier.run(command_rx));
        self.active = Some(active);
        self.carry_out(now);
    }

    pub(super) fn on_backend(&mut self, event: BackendEvent) {
        if let BackendEvent::Incoming { call, backend, from } = event {
            return self.on_incoming(call, backend, from);
        }
        if self.active.as_ref().is_none_or(|active| active.id != event.call()) {
            return;
        }
        if self.active.as_ref().and_then(|active| active.detour.as_ref()).is_some_and(|detour| detour.leaving) {
            return;
        }
        if let BackendEvent::Ended { reason, .. } = event
            && self.take_detour(reason)
        {
            return;
        }
        self.input(match event {
            BackendEvent::Ringing { .. } => Input::Ringing,
            BackendEvent::EarlyMedia { .. } => Input::EarlyMedia,
            BackendEvent::Answered { .. } => Input::Answered,
            BackendEvent::PathUp { .. } => Input::PathUp,
            BackendEvent::MediaFlowing { .. } => Input::MediaFlowing,
            BackendEvent::PathLost { .. } => Input::PathLost,
            BackendEvent::PathRestored { .. } => Input::PathRestored,
            BackendEvent::Ended { reason, .. } => Input::BackendEnded(reason),
            BackendEvent::Held { held, .. } => return self.on_held(held),
            BackendEvent::Digit { call, digit } => return self.on_digit(call, digit),
            BackendEvent::Incoming { .. } => return,
        });
    }

    fn on_held(&mut self, held: bool) {
        let Some(active) = &mut self.active else { return };
        active.held_by_peer = held;
        let event = active.hold_event();
        self.tell(event);
        self.tune();
        self.show();
    }

    fn on_digit(&self, call_id: CallId, digit: char) {
        if let Some(sound) = self.active.as_ref().and_then(|active| active.slot.get()) {
            sound.play_digit(digit);
        }
        self.tell(CallEvent::Digit { call_id, digit });
    }

    fn on_incoming(&mut self, call: CallId, backend: BackendName, from: Peer) {
        let Some(backend) = self.backend(backend) else { return };
        if self.active.as_ref().is_some_and(|active| !active.is_over()) {
            self.tasks.spawn(async move {
                if let Err(error) = backend.refuse(call, Refusal::Busy).await {
                    tracing::debug!(%error, "a second call was not refused");
                }
            });
            return;
        }
        let now = Instant::now();
        self.begin(call, Call::incoming(now), from, backend, None, now);
    }

    fn on_report(&mut self, report: Report) {
        let Some(active) = self.active.as_mut().filter(|active| active.id == report.call) else { return };
        match report.what {
            FromCall::SoundOpened => {
                self.tune();
                self.input(Input::SoundOpened);
            }
            FromCall::SoundFailed(reason) => self.input(Input::SoundFailed(reason)),
            FromCall::BackendFailed(reason) => {
                if !self.take_detour(reason) {
                    self.input(Input::BackendFailed(reason));
                }
            }
            FromCall::Left => self.silent_way_left(),
            FromCall::Stats(stats) if !active.is_over() => self.on_stats(stats),
            FromCall::Stats(_) => {}
            FromCall::ChangeFailed(direction) => self.on_notices(vec![SoundNotice::ChangeFailed { direction }]),
            FromCall::Dialled(digits) => {
                active.digits.extend(digits.chars().filter(|digit| !digit.eq_ignore_ascii_case(&'w')));
                self.show();
            }
            FromCall::Noticed(notice) => {
                active.notice = Some((notice, Instant::now() + NOTICE_TIME));
                self.show();
            }
        }
    }

    fn on_stats(&mut self, stats: PathStats) {
        let Some(active) = &mut self.active else { return };
        let call_id = active.id;
        let (event, quality) = active.on_stats(stats, Instant::now());
        let notices = active.slot.get().map(|sound| sound.notices()).unwrap_or_default();
        self.tell(event);
        self.on_notices(notices.into_iter().map(|what| SoundNotice::Device { what }).collect());
        if let Some(quality) = quality {
            self.tell(CallEvent::Quality { call_id, quality });
            self.show();
        }
    }

    /// Tells of devices, and shows the last of it once the device's name is known: systems take their time to list.
    fn on_notices(&mut self, notices: Vec<SoundNotice>) {
        let Some(active) = &self.active else { return };
        let call = active.id;
        let Some(last) = notices.last().cloned() else { return };
        for notice in notices {
            self.tell(CallEvent::Sound { call_id: call, notice });
        }
        let selector = last.device(&self.settings);
        let (sound, report) = (Arc::clone(&self.sound), self.report.clone());
        self.tasks.spawn(async move {
            let name = task::spawn_blocking(move || {
                selector.and_then(|(direction, selector)| sound.device_name(direction, &selector))
            });
            let device = name.await.ok().flatten();
            report.send(Report { call, what: FromCall::Noticed(DeviceNotice { what: last, device }) }).ok();
        });
    }

    fn on_timer(&mut self) {
        let now = Instant::now();
        self.leave_silent_way(now);
        let Some(active) = &mut self.active else { return };
        if active.stats_due(now) {
            let (backend, call, report) = (Arc::clone(&active.backend), active.id, self.report.clone());
            self.tasks.spawn(async move {
                if let Some(stats) = backend.stats(call).await {
                    report.send(Report { call, what: FromCall::Stats(stats) }).ok();
                }
            });
        }
        if active.look_around(now) {
            self.show();
        }
        let Some(active) = &mut self.active else { return };
        if active.look_for_first_audio(now).is_some() {
            let event = active.media_event();
            self.input(Input::FirstAudio);
            if let Some(event) = event {
                self.tell(event);
            }
        }
        self.input(Input::Tick);
    }

    /// Gives the machine of the call an input and does what it wants. Nothing happens without a call.
    pub(super) fn input(&mut self, input: Input) {
        let now = Instant::now();
        if let Some(active) = &mut self.active {
            active.machine.handle(input, now);
            self.carry_out(now);
        }
    }

    fn carry_out(&mut self, now: Instant) {
        while let Some(output) = self.active.as_mut().and_then(|active| active.machine.poll()) {
            self.carry_out_one(output, now);
        }
    }

    fn carry_out_one(&mut self, output: Output, now: Instant) {
        let Some(active) = &mut self.active else { return };
        match output {
            // The courier lives as long as its call.
            Output::Backend(command) => drop(active.commands.send(command)),
            Output::StartRinging(ring) => self.set_ring(Some(ring)),
            Output::StopRinging => self.set_ring(None),
            Output::OpenSound => self.open_sound(),
            Output::StartSound => {
                if let Some(sound) = active.slot.get() {
                    sound.start();
                }
                active.await_first_audio(now);
            }
            Output::CloseSound => {
                active.frames = None;
                if let Some(sound) = active.slot.empty() {
                    active.take_reception(&*sound);
                    self.tasks.spawn(close(sound));
                }
            }
            Output::State(state) => {
                active.on_state(state, now);
                let event = active.state_event(state, now);
                // Shown before it is told: whoever answers the event must find the call.
                self.show();
                self.tell(event);
            }
            Output::Ended(reason) => {
                active.over.store(true, Ordering::Release);
                active.on_state(CallState::Ended, now);
                let (event, summary) = (active.state_event(CallState::Ended, now), active.summary(reason, now));
                // The courier carries what is queued and ends.
                active.commands = mpsc::unbounded_channel().0;
                tracing::info!(call = %active.id, %reason, "call ended");
                self.show();
                self.tell(event);
                self.tell(summary);
            }
        }
    }

    fn open_sound(&mut self) {
        let Some(active) = &mut self.active else { return };
        let Some(frames) = active.frames.take() else { return };
        let (factory, settings, slot) = (Arc::clone(&self.sound), self.settings.clone(), Arc::clone(&active.slot));
        let (call, report, sent) = (active.id, self.report.clone(), Arc::clone(&active.sent));
        let bytes = Arc::clone(&active.bytes);
        self.tasks.spawn(async move {
            let opened = task::spawn_blocking(move || {
                // Frames that do not fit are old when there is room again.
                let send = move |frame: EncodedFrame| {
                    let length = frame.payload.len() as u64;
                    if frames.try_send(frame).is_ok() {
                        sent.fetch_add(1, Ordering::Relaxed);
                        bytes.fetch_add(length, Ordering::Relaxed);
                    }
                };
                factory.open(&settings, Box::new(send)).map(|sound| slot.fill(sound))
            });
            let what = match opened.await {
                Ok(Ok(true)) => FromCall::SoundOpened,
                Ok(Ok(false)) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the sound could not be opened");
                    FromCall::SoundFailed(error.end_reason())
                }
                Err(_) => FromCall::SoundFailed(EndReason::Internal),
            };
            report.send(Report { call, what }).ok();
        });
    }

    pub(super) fn tell(&self, event: CallEvent) {
        // Nobody listening is no fault.
        self.events.send(event).ok();
    }

    /// Shows the call as it is now.
    pub(super) fn show(&self) {
        let now = Instant::now();
        self.view.send_replace(self.active.as_ref().map(|active| active.view(now)));
    }
}

async fn close(sound: Arc<dyn crate::Sound>) {
    if task::spawn_blocking(move || sound.close()).await.is_err() {
        tracing::warn!("the sound did not close cleanly");
    }
}
