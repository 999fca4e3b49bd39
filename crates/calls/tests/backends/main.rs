//! One suite that every voice backend must pass, and what only the peer-to-peer one must.
#![allow(clippy::unwrap_used)]

mod cable;
mod contract;
mod exchange;
mod fake;
mod goodbye;
mod holding;
mod lines;
mod logs;
mod p2p;
mod phone;
mod twilio;
mod twilio_garbage;
mod webhook;
