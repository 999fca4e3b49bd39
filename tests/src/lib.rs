//! The ground that whole-system tests, benchmarks and `cargo xtask run` stand on: real processes of the
//! product, and the machine around them (sound cards, display, keychain) made of private daemons.
//!
//! Every piece owns what it started and stops it by process id when dropped. Nothing here waits by sleeping
//! for luck: [`wait::until`] asks for a condition until it holds or its deadline passes. The harness knows the
//! product by its outside only (`CONTRACT.md`: flags, JSON lines, `data-testid`s), never by its crates.

#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod arranger;
pub mod binaries;
#[cfg(target_os = "linux")]
pub mod chromium;
pub mod cli;
pub mod correlation;
pub mod desk;
pub mod display;
pub mod dtmf;
#[cfg(unix)]
pub mod framebuffer;
pub mod gate;
#[cfg(target_os = "linux")]
pub mod hearing;
pub mod http;
pub mod impairment;
pub mod json_lines;
pub mod keychain;
#[cfg(target_os = "linux")]
pub mod namespace;
#[cfg(target_os = "linux")]
pub mod network;
#[cfg(feature = "windows")]
pub mod person;
#[cfg(unix)]
pub mod postgres;
#[cfg(target_os = "linux")]
pub mod priority;
pub mod process;
pub mod resources;
pub mod score;
pub mod screenshot;
pub mod server;
pub mod sound_server;
pub mod speech;
#[cfg(target_os = "linux")]
pub mod standstill;
#[cfg(target_os = "linux")]
pub mod turn;
pub mod wait;
pub mod wav;
#[cfg(feature = "windows")]
pub mod window;

pub use arranger::Arranger;
#[cfg(target_os = "linux")]
pub use chromium::Chromium;
pub use cli::{Account, Cli};
pub use desk::Desk;
pub use display::Display;
pub use gate::Gate;
#[cfg(target_os = "linux")]
pub use hearing::Hearing;
pub use keychain::{Keychain, SessionBus};
#[cfg(target_os = "linux")]
pub use namespace::Namespace;
#[cfg(target_os = "linux")]
pub use network::Network;
#[cfg(feature = "windows")]
pub use person::Person;
#[cfg(unix)]
pub use postgres::Postgres;
pub use process::Process;
pub use server::Server;
pub use sound_server::SoundServer;
#[cfg(target_os = "linux")]
pub use turn::Turn;
pub use wav::Sound;
#[cfg(feature = "windows")]
pub use window::{AppWindow, Key};

/// Variables for a process that is to use a piece of this ground, on top of the ones it inherits.
pub type Environment = Vec<(String, String)>;
