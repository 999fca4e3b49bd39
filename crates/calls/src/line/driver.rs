//! The line's task: everything that happens to the line comes together here, one thing at a time.

use std::sync::Arc;
use std::time::Instant;

use care4w_protocol::CallId;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{self, JoinSet};

use super::active::Active;
use super::report::{FromCall, Report};
use super::{Command, LineSetup, Reply};
use crate::defaults::NOTICE_TIME;
use crate::{
    BackendEvent, BackendName, CallEvent, CallView, DeviceNotice, EndReason, IceSource, Input, PathStats, SoundFactory,
    SoundNotice, SoundSettings, VoiceBackend,
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
