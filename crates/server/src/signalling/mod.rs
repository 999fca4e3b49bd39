//! Signalling: who is there, and calls between them.
//!
//! The [`Switchboard`] decides and does no I/O; the [`Exchange`] feeds it and carries out what it says; a socket is one
//! WebSocket; the ledger writes the history.

mod call;
mod exchange;
mod ledger;
mod session;
mod socket;
mod switchboard;

pub use exchange::Exchange;
pub use session::Device;
pub use switchboard::{Callee, Input, Output, SocketId, Switchboard};

pub(crate) use socket::open;
