//! The server of Care4W: accounts, phone numbers, lookup, signalling and ICE credentials, over HTTP and WebSocket.
//!
//! What decides (budgets, the switchboard of calls) is machines without I/O; what is kept stands behind the [`store`]'s
//! one trait. This room must never know sound, or what a client does with an answer.
#![warn(missing_docs)]

pub mod accounts;
pub mod admin;
mod app;
mod clock;
pub mod config;
mod connections;
pub mod defaults;
mod error;
mod extract;
pub mod import;
pub mod limits;
pub mod mail;
mod metrics;
mod numbers;
mod password_links;
mod routes;
mod server;
pub mod signalling;
pub mod store;
pub mod twilio;
pub mod verification;

pub use clock::Clock;
pub use config::Config;
pub use server::{RunError, Running, run, serve};

/// The OpenAPI document as JSON, for tools that want it without a server.
pub fn openapi_json() -> String {
    routes::document().to_pretty_json().expect("the document holds only what JSON can say")
}
