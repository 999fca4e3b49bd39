//! What differs from system to system. Nothing outside of here asks which one it is.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::tray_is_seen;

#[cfg(not(target_os = "linux"))]
mod others {
    /// Whether a tray icon is to be seen: Windows and macOS always have a place for it.
    pub fn tray_is_seen() -> bool {
        true
    }
}
#[cfg(not(target_os = "linux"))]
pub use others::tray_is_seen;
