//! What differs from system to system. Nothing outside of here asks which one it is.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::{
    Desktop, bring_to_front, desktop_name, leave_keyboard_alone, open_in_browser, replaces_itself, selected_text,
    set_start_at_login, set_up_web_view, shortcut_source, starts_at_login, system_name, tray_is_seen, with_autostart,
    without_network,
};

#[cfg(not(target_os = "linux"))]
mod others;
#[cfg(not(target_os = "linux"))]
pub use others::{
    Desktop, bring_to_front, desktop_name, leave_keyboard_alone, open_in_browser, replaces_itself, selected_text,
    set_start_at_login, set_up_web_view, shortcut_source, starts_at_login, system_name, tray_is_seen, with_autostart,
    without_network,
};

/// What a profile's entry among the things that start with the system is called.
fn entry_name(profile: Option<&str>) -> String {
    profile.map_or_else(|| "care4w".to_owned(), |profile| format!("care4w-{profile}"))
}

/// What the app is started with by the system.
fn entry_arguments(profile: Option<&str>) -> Vec<&str> {
    ["--minimized"].into_iter().chain(profile.into_iter().flat_map(|profile| ["--profile", profile])).collect()
}
