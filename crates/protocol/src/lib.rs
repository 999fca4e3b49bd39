//! Every byte that crosses the wire between a client and the server, written once for both.
//!
//! REST bodies stand in [`rest`], error codes in [`error`], the signalling frames in [`signal`].
//! This room knows shapes and limits; it must never know sockets, axum or reqwest.
#![warn(missing_docs)]

pub mod call_id;
pub mod error;
pub mod limits;
pub mod rest;
pub mod secret;
pub mod signal;
pub mod twilio;

pub use call_id::CallId;
pub use error::{ApiError, ErrorCode};
pub use secret::Secret;
