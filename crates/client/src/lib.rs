//! The core of the phone: sign-in and session, the phone prompt, lookup, dialling and routing, settings, and the
//! connection to the server. [`Phone`] is the one face that the window and the command line use. This room must
//! never know Tauri, axum or windows: it runs the same with a window, without one, and in a test.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod api;
pub mod app_state;
pub mod connection;
pub mod credentials;
pub mod defaults;
pub mod diagnostics;
pub mod dialling;
pub mod fetch;
pub mod history;
pub mod ice;
pub mod locale;
pub mod logging;
pub mod lookup;
pub mod network;
pub mod phone;
pub mod phone_prompt;
pub mod preview;
pub mod problem;
pub mod routing;
pub mod server_url;
pub mod session;
pub mod signalling;
mod sound_test;
pub mod store;

pub use app_state::AppState;
pub use phone::{Phone, PhoneOptions};
pub use problem::Problem;
pub use server_url::ServerUrl;

// The rooms below, for the two shells above, which import nothing but this one.
pub use care4w_audio as audio;
pub use care4w_calls as calls;
pub use care4w_phone as numbers;
pub use care4w_protocol as protocol;
