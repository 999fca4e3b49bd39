//! The question for the phone number, in the real window: every state of it, everything that can be typed or pasted,
//! the keyboard alone, when it opens and closes by itself, and the step with the code. Pictures of every state are
//! kept under `target/system-tests/screens/modal`, to be looked at.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod abroad;
mod code;
mod countries;
mod keyboard;
mod prompt;
mod stage;
mod states;
mod typing;
