//! The icon in the system's tray: it says how the phone is, and brings back a window that was closed to it.

use std::sync::Mutex;

use care4w_client::AppState;
use care4w_client::app_state::{CallState, ConnectionState, SessionStatus};
use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

use crate::messages::say;
use crate::{quietly, window};

const OPEN: &str = "open";
const QUIT: &str = "quit";

/// How the phone is, as the tray shows it: the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Calling,
    InCall,
    SignedOut,
    Offline,
    Missed,
    Ready,
}

impl Mood {
    fn of(state: &AppState) -> Self {
        match state.call.as_ref().map(|call| call.state) {
            Some(CallState::Incoming) => return Self::Calling,
            Some(CallState::Ended) | None => {}
            Some(_) => return Self::InCall,
        }
        if state.session.status != SessionStatus::SignedIn {
            Self::SignedOut
        } else if state.connection != ConnectionState::Online {
            Self::Offline
        } else if state.history.missed > 0 {
            Self::Missed
        } else {
            Self::Ready
        }
    }

    fn words(self, missed: u32) -> String {
        match self {
            Self::Calling => say("tray.calling").to_owned(),
            Self::InCall => say("tray.inCall").to_owned(),
            Self::SignedOut => say("tray.signedOut").to_owned(),
            Self::Offline => say("tray.offline").to_owned(),
            Self::Missed if missed == 1 => say("tray.missedOne").to_owned(),
            Self::Missed => say("tray.missed").replace("{count}", &missed.to_string()),
            Self::Ready => say("tray.ready").to_owned(),
        }
    }

    /// The colour of the dot on the icon (LOOK: call, end, warn); the words say the same.
    fn dot(self) -> Option<[u8; 3]> {
        match self {
            Self::Calling | Self::InCall => Some([0x22, 0xC5, 0x5E]),
            Self::Missed => Some([0xDC, 0x26, 0x26]),
            Self::Offline => Some([0xFB, 0xBF, 0x24]),
            Self::SignedOut | Self::Ready => None,
        }
    }
}

/// The tray icon of this app; there may be none, where the system has no library for it.
pub struct Tray(Option<Mutex<Shown>>);

struct Shown {
    icon: TrayIcon,
    status: MenuItem<Wry>,
    mood: Option<(Mood, u32)>,
}

impl Tray {
    /// Puts the icon there. `profile` names it where there is more than one.
    pub fn open(app: &AppHandle, profile: Option<&str>) -> Self {
        // The library that shows icons is looked for when the first one is made, and not finding it is a panic there.
        let shown = match quietly(|| build(app, profile)) {
            Some(Ok(shown)) => Some(Mutex::new(shown)),
            Some(Err(error)) => {
                tracing::warn!(%error, "no tray icon");
                None
            }
            None => {
                tracing::warn!("no tray icon: libayatana-appindicator is not installed");
                None
            }
        };
        Self(shown)
    }

    /// Whether there is an icon at all.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Shows how the phone is, if that is something new.
    pub fn show(&self, app: &AppHandle, state: &AppState) {
        let Some(shown) = &self.0 else { return };
        let mut shown = shown.lock().expect("no one panics with the tray locked");
        let now = (Mood::of(state), state.history.missed);
        if shown.mood == Some(now) {
            return;
        }
        shown.mood = Some(now);
        let words = now.0.words(now.1);
        let changes = [
            shown.status.set_text(&words),
            shown.icon.set_tooltip(Some(format!("Care4W – {words}"))),
            shown.icon.set_icon(icon(app, now.0.dot())),
        ];
        for error in changes.into_iter().filter_map(Result::err) {
            tracing::debug!(%error, "the tray does not show how the phone is");
        }
    }
}

fn build(app: &AppHandle, profile: Option<&str>) -> tauri::Result<Shown> {
    let status = MenuItem::new(app, say("tray.starting"), false, None::<&str>)?;
    let open = MenuItem::with_id(app, OPEN, say("tray.open"), true, None::<&str>)?;
    let quit = MenuItem::with_id(app, QUIT, say("tray.quit"), true, None::<&str>)?;
    let line = PredefinedMenuItem::separator(app)?;
    let menu = Menu::with_items(app, &[&status, &line, &open, &quit])?;
    let mut builder = TrayIconBuilder::with_id(format!("care4w-{}", profile.unwrap_or("default")))
        .menu(&menu)
        // Where a click can be told from a menu, it opens the window, as everywhere on Windows.
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| match event.id().as_ref() {
            OPEN => window::show(app),
            QUIT => app.exit(0),
            _ => {}
        })
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. } = event {
                window::show(tray.app_handle());
            }
        });
    if let Some(profile) = profile {
        builder = builder.title(profile);
    }
    // On Linux the icon is handed over as a file: profiles must not write each other's.
    if let Ok(folder) = app.path().app_cache_dir() {
        builder = builder.temp_dir_path(folder.join("tray"));
    }
    if let Some(icon) = icon(app, None) {
        builder = builder.icon(icon);
    }
    Ok(Shown { icon: builder.build(app)?, status, mood: None })
}

/// The app's icon, with a dot in its corner.
fn icon(app: &AppHandle, dot: Option<[u8; 3]>) -> Option<Image<'static>> {
    let plain = app.default_window_icon()?;
    let (width, height) = (plain.width(), plain.height());
    let mut pixels = plain.rgba().to_vec();
    if let Some(colour) = dot {
        draw_dot(&mut pixels, width, height, colour);
    }
    Some(Image::new_owned(pixels, width, height))
}

/// Draws a dot with a clear ring around it into the lower right corner of an RGBA picture, row by row from the top.
fn draw_dot(pixels: &mut [u8], width: u32, height: u32, colour: [u8; 3]) {
    let radius = width.min(height) as f32 * 0.28;
    let centre = (width as f32 - radius, height as f32 - radius);
    for (index, pixel) in pixels.chunks_exact_mut(4).enumerate() {
        let (x, y) = (index as u32 % width, index as u32 / width);
        let distance = (x as f32 + 0.5 - centre.0).hypot(y as f32 + 0.5 - centre.1);
        if distance <= radius * 0.78 {
            pixel.copy_from_slice(&[colour[0], colour[1], colour[2], 255]);
        } else if distance <= radius {
            pixel[3] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_stands_in_the_corner_and_leaves_the_rest_alone() {
        let mut pixels = vec![9; 32 * 32 * 4];
        draw_dot(&mut pixels, 32, 32, [1, 2, 3]);
        let at = |x: usize, y: usize| &pixels[(y * 32 + x) * 4..][..4];
        assert_eq!(at(23, 23), [1, 2, 3, 255]);
        assert_eq!(at(0, 0), [9; 4]);
        assert_eq!(at(14, 14), [9; 4]);
    }

    #[test]
    fn a_missed_call_is_counted_in_words() {
        assert_eq!(Mood::Missed.words(1), "1 missed call");
        assert_eq!(Mood::Missed.words(3), "3 missed calls");
    }
}
