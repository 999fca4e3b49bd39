//! The ring window: small, above all others, in a corner of the screen. It does not take the keyboard: whoever types
//! goes on typing, and no key meant for something else answers a call.

use tauri::{AppHandle, LogicalPosition, Manager, Monitor, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::messages::say;
use crate::ringing_call::RingingCall;
use crate::{links, platform};

/// The beginning of its names in Tauri and in `capabilities/`: each call has one of its own, as one that is being closed
/// still has its name.
const NAME: &str = "ring-";

/// Its size (LOOK).
const SIZE: (f64, f64) = (320.0, 140.0);

/// How far it stays from the edges of the screen.
const MARGIN: f64 = 16.0;

/// The one that is open, and how many there were.
#[derive(Default)]
pub struct RingWindow {
    open: Option<(RingingCall, WebviewWindow)>,
    count: u32,
}

impl RingWindow {
    /// Shows the window of this call, or of none. On the main thread.
    pub fn show(&mut self, app: &AppHandle, call: Option<&RingingCall>) {
        if self.open.as_ref().map(|(of, _)| of) == call {
            return;
        }
        if let Some((_, window)) = self.open.take()
            // It is gone at once; its page takes a moment longer.
            && let Err(error) = window.hide().and_then(|()| window.destroy())
        {
            tracing::debug!(%error, "the ring window was closed already");
        }
        let Some(call) = call else { return };
        self.count = self.count.wrapping_add(1);
        match open(app, &format!("{NAME}{}", self.count), call) {
            Ok(window) => self.open = Some((call.clone(), window)),
            Err(error) => tracing::warn!(%error, "the ring window could not be opened"),
        }
    }
}

fn open(app: &AppHandle, label: &str, call: &RingingCall) -> tauri::Result<WebviewWindow> {
    let (width, height) = SIZE;
    let mut builder = WebviewWindowBuilder::new(app, label, WebviewUrl::App("ring.html".into()))
        .title(say("ringing.label").replace("{peer}", call.who()))
        .inner_size(width, height)
        .min_inner_size(width, height)
        .max_inner_size(width, height)
        .maximizable(false)
        .minimizable(false)
        .decorations(false)
        .always_on_top(true)
        .visible_on_all_workspaces(true)
        .skip_taskbar(true)
        .accept_first_mouse(true)
        .focused(false)
        .visible(false)
        .data_directory(app.path().app_local_data_dir()?.join("webview"));
    if let Some(place) = app.primary_monitor()?.or(app.available_monitors()?.into_iter().next()).map(|m| corner(&m)) {
        builder = builder.position(place.x, place.y);
    }
    let window = links::confined(app, builder).build()?;
    platform::leave_keyboard_alone(&window);
    window.show()?;
    Ok(window)
}

/// The upper right corner of what a monitor has room for.
fn corner(monitor: &Monitor) -> LogicalPosition<f64> {
    let (scale, area) = (monitor.scale_factor(), monitor.work_area());
    let (position, size) = (area.position.to_logical::<f64>(scale), area.size.to_logical::<f64>(scale));
    LogicalPosition::new(position.x + size.width - SIZE.0 - MARGIN, position.y + MARGIN)
}
