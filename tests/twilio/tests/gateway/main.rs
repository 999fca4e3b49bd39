//! The gateway by itself: what it refuses, whom it asks, and that nothing that a client sends upsets it.

#![allow(clippy::unwrap_used)]

mod client;
mod garbage;
mod strictness;
mod webhooks;
