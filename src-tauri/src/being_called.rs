//! Being called: what is shown of a call that comes in besides the window: a notification, and a small window of its own
//! while the main one is not in front. And what stays of a call that was missed: a notification, and a count on the icon.
//!
//! Whether a call is to be noticed at all is the core's word ([`AppState::announced`]).

use std::sync::Mutex;

use care4w_client::AppState;
use care4w_client::history::Begun;
use tauri::{AppHandle, Manager, WindowEvent};

use crate::notification::{Notification, Topic};
use crate::platform::Desktop;
use crate::ring_window::RingWindow;
use crate::ringing_call::RingingCall;
use crate::window;

/// What is shown now.
pub struct BeingCalled {
    desktop: Desktop,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    ringing: Option<RingingCall>,
    missed: Option<u32>,
    window: RingWindow,
}

impl BeingCalled {
    /// Shows nothing yet. The main window must be open.
    pub fn open(app: &AppHandle) -> Self {
        if let Some(window) = app.get_webview_window(window::MAIN) {
            let app = app.clone();
            window.on_window_event(move |event| {
                if matches!(event, WindowEvent::Focused(_)) {
                    app.state::<Self>().arrange(&app);
                }
            });
        }
        Self { desktop: Desktop::open(app), shown: Mutex::default() }
    }

    /// The call that rings now.
    pub fn ringing(&self) -> Option<RingingCall> {
        self.shown().ringing.clone()
    }

    /// Shows what there is to be shown of this picture, and takes back at once what is over.
    pub fn follow(&self, app: &AppHandle, state: &AppState) {
        let call = state.announced();
        let ringing = call.map(RingingCall::from);
        let mut shown = self.shown();
        let is_new = shown.ringing != ringing;
        if is_new {
            match call {
                Some(call) => self.desktop.tell(Notification::of_call(call)),
                None => self.desktop.take_back(Topic::Call),
            }
            shown.ringing = ringing;
        }
        let missed = state.history.missed;
        if shown.missed != Some(missed) {
            self.desktop.set_badge(missed);
            if missed == 0 {
                self.desktop.take_back(Topic::Missed);
            }
            shown.missed = Some(missed);
        }
        drop(shown);
        if is_new {
            self.arrange(app);
        }
    }

    /// A call was missed. Nobody is told who does not want to be disturbed, or has looked already.
    pub fn missed(&self, call: &Begun, state: &AppState) {
        if !state.do_not_disturb.on && state.history.missed > 0 {
            self.desktop.tell(Notification::of_missed(call, state.history.missed));
        }
    }

    /// Has the system tell something that is no call.
    pub fn tell(&self, notification: Notification) {
        self.desktop.tell(notification);
    }

    /// Opens the ring window, or closes it: it is there while a call rings and the main window is not in front.
    fn arrange(&self, app: &AppHandle) {
        let here = app.clone();
        let asked = app.run_on_main_thread(move || {
            let being_called = here.state::<Self>();
            let mut shown = being_called.shown();
            let ringing = shown.ringing.clone().filter(|_| !window::is_in_front(&here));
            shown.window.show(&here, ringing.as_ref());
        });
        if let Err(error) = asked {
            tracing::debug!(%error, "the ring window could not be arranged");
        }
    }

    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().expect("no one panics with what is shown locked")
    }
}
