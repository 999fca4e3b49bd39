//! The report for whoever helps: what the shell knows of the system, and the file that it is saved as. What stands in it
//! is the core's.

use std::sync::{Arc, Mutex};

use care4w_client::audio::devices;
use care4w_client::calls::CallEvent;
use care4w_client::diagnostics::Diagnostics;
use tauri::{AppHandle, Manager};
use tokio::sync::broadcast::error::RecvError;

use crate::core::Core;
use crate::messages::Language;
use crate::platform;

/// The report as it was shown last: what is saved is what was read.
#[derive(Default)]
pub struct Report {
    diagnostics: Arc<Diagnostics>,
    shown: Mutex<String>,
}

impl Report {
    /// Remembers how calls went, of whichever phone there is.
    pub fn follow(app: &AppHandle) -> Self {
        let report = Self::default();
        let (diagnostics, app) = (report.diagnostics.clone(), app.clone());
        tauri::async_runtime::spawn(async move {
            let mut phones = app.state::<Core>().phones();
            loop {
                let mut events = phones.borrow_and_update().call_events();
                let ended = async {
                    loop {
                        match events.recv().await {
                            Ok(CallEvent::Summary { stats, duration_ms, reason, .. }) => {
                                diagnostics.call_ended(stats, duration_ms, reason);
                            }
                            Ok(_) | Err(RecvError::Lagged(_)) => {}
                            // This phone is no more; another one may come.
                            Err(RecvError::Closed) => std::future::pending().await,
                        }
                    }
                };
                tokio::select! {
                    () = ended => {}
                    changed = phones.changed() => if changed.is_err() { return },
                }
            }
        });
        report
    }

    /// Writes the report anew. Asks for the devices: not on the window's thread.
    pub fn write(&self, app: &AppHandle) -> String {
        let devices = devices::list().unwrap_or_else(|error| {
            tracing::warn!(code = error.code(), "the devices could not be listed");
            Vec::new()
        });
        let web_view = tauri::webview_version().unwrap_or_else(|_| "unknown".to_owned());
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        let system = [
            ("build", format!("{build}, {}", std::env::consts::ARCH)),
            ("system", platform::system_name()),
            ("desktop", platform::desktop_name()),
            ("web view", web_view),
            ("language", format!("{:?}", Language::spoken())),
        ];
        let text = self.diagnostics.report(&app.state::<Core>().state(), &devices, &system);
        text.clone_into(&mut self.shown.lock().expect("no one panics with the report locked"));
        text
    }

    /// What was shown last.
    pub fn shown(&self) -> String {
        self.shown.lock().expect("no one panics with the report locked").clone()
    }
}
