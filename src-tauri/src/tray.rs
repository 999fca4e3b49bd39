//! The icon in the system's tray: it says how the phone is, and brings back a window that was closed to it.

use std::sync::Mutex;

use care4w_client::AppState;
use care4w_client::app_state::{CallState, ConnectionState, DoNotDisturbFor, SessionStatus};
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, IsMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

use crate::core::Core;
use crate::messages::{Language, say};
use crate::{quietly, window};

const OPEN: &str = "open";
const QUIT: &str = "quit";
const DO_NOT_DISTURB: &str = "do-not-disturb";
const DO_NOT_DISTURB_HOUR: &str = "do-not-disturb-hour";
const DO_NOT_DISTURB_MORNING: &str = "do-not-disturb-morning";

/// How the phone is, as the tray shows it: the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Calling,
    InCall,
    SignedOut,
    Offline,
    Missed,
    DoNotDisturb,
    Ready,
}

impl Mood {
    fn of(state: &AppState) -> Self {
        match state.call.as_ref().map(|call| call.state) {
            Some(CallState::Incoming) if state.announced().is_some() => return Self::Calling,
            Some(CallState::Incoming | CallState::Ended) | None => {}
            Some(_) => return Self::InCall,
        }
        if state.session.status != SessionStatus::SignedIn {
            Self::SignedOut
        } else if state.connection != ConnectionState::Online {
            Self::Offline
        } else if state.history.missed > 0 {
            Self::Missed
        } else if state.do_not_disturb.on {
            Self::DoNotDisturb
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
            Self::DoNotDisturb => say("tray.silent").to_owned(),
            Self::Ready => say("tray.ready").to_owned(),
        }
    }

    /// The colour of the dot on the icon (LOOK: call, end, warn); the words say the same.
    fn dot(self) -> Option<[u8; 3]> {
        match self {
            Self::Calling | Self::InCall => Some([0x22, 0xC5, 0x5E]),
            Self::Missed => Some([0xDC, 0x26, 0x26]),
            Self::Offline => Some([0xFB, 0xBF, 0x24]),
            Self::DoNotDisturb => Some([0x9B, 0xA6, 0xA2]),
            Self::SignedOut | Self::Ready => None,
        }
    }
}

/// The tray icon of this app; there may be none, where the system has no library for it.
pub struct Tray(Option<Mutex<Shown>>);

struct Shown {
    icon: TrayIcon,
    status: MenuItem<Wry>,
    open: MenuItem<Wry>,
    quit: MenuItem<Wry>,
    do_not_disturb: CheckMenuItem<Wry>,
    for_an_hour: MenuItem<Wry>,
    until_morning: MenuItem<Wry>,
    /// What is shown, whether nobody wants to be disturbed, and in which language.
    now: Option<(Mood, u32, bool, Language)>,
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
        let now = (Mood::of(state), state.history.missed, state.do_not_disturb.on, Language::spoken());
        if shown.now == Some(now) {
            return;
        }
        shown.now = Some(now);
        let words = now.0.words(now.1);
        let changes = [
            shown.status.set_text(&words),
            shown.open.set_text(say("tray.open")),
            shown.quit.set_text(say("tray.quit")),
            shown.do_not_disturb.set_text(say("tray.doNotDisturb")),
            shown.do_not_disturb.set_checked(now.2),
            shown.for_an_hour.set_text(say("tray.doNotDisturbHour")),
            shown.until_morning.set_text(say("tray.doNotDisturbMorning")),
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
    let do_not_disturb =
        CheckMenuItem::with_id(app, DO_NOT_DISTURB, say("tray.doNotDisturb"), true, false, None::<&str>)?;
    let timed = |id, words| MenuItem::with_id(app, id, say(words), true, None::<&str>);
    let for_an_hour = timed(DO_NOT_DISTURB_HOUR, "tray.doNotDisturbHour")?;
    let until_morning = timed(DO_NOT_DISTURB_MORNING, "tray.doNotDisturbMorning")?;
    let lines = [PredefinedMenuItem::separator(app)?, PredefinedMenuItem::separator(app)?];
    let items: [&dyn IsMenuItem<Wry>; 8] =
        [&status, &lines[0], &do_not_disturb, &for_an_hour, &until_morning, &lines[1], &open, &quit];
    let menu = Menu::with_items(app, &items)?;
    let mut builder = TrayIconBuilder::with_id(format!("care4w-{}", profile.unwrap_or("default")))
        .menu(&menu)
        // Where a click can be told from a menu, it opens the window, as everywhere on Windows.
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| match event.id().as_ref() {
            OPEN => window::show(app),
            QUIT => app.exit(0),
            DO_NOT_DISTURB => {
                let is_on = app.state::<Core>().state().do_not_disturb.on;
                choose(app, if is_on { DoNotDisturbFor::Off } else { DoNotDisturbFor::Ever });
            }
            DO_NOT_DISTURB_HOUR => choose(app, DoNotDisturbFor::Hour),
            DO_NOT_DISTURB_MORNING => choose(app, DoNotDisturbFor::Morning),
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
    Ok(Shown { icon: builder.build(app)?, status, open, quit, do_not_disturb, for_an_hour, until_morning, now: None })
}

fn choose(app: &AppHandle, wish: DoNotDisturbFor) {
    if let Err(problem) = app.state::<Core>().phone().set_do_not_disturb(wish) {
        tracing::warn!(code = problem.code, "the wish not to be disturbed holds for this run alone");
    }
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
