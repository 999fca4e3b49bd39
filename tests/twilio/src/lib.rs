//! A strict double of Twilio Voice for the tests: the signalling gateway that `@twilio/voice-sdk` and our own phone talk to,
//! with an ICE-lite media end for each call, a small TwiML interpreter and simulated telephones outside; and the REST
//! interfaces for calls and Verify.
//!
//! It refuses what Twilio would refuse, as far as that is known (`TWILIO.md`), and writes down what a client did wrong
//! ([`Double::faults`]). What it sends was proved with the real SDK (`tests/tests/twilio_sdk.rs`); it is not proved that Twilio
//! sends the same. The product must never depend on this crate, nor this one on the product.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use care4w_twilio_double::{CallState, Double, Outcome, Says, Settings, Sound, Telephone};
//!
//! let double = Double::start(Settings::default()).await?;
//! // A client connects to `double.url()` with `double.account().token("alice").sign()` …
//! double.set_telephone("+254712345678", Telephone::answering(Says::Plays(Sound::tone(440.0, 2_000))));
//! // … calls that number (`twilio.params` has `To`), and is heard:
//! let call = double.next_call().await?;
//! double.until("the call is answered", || (call.state() == CallState::Answered).then_some(())).await?;
//! double.until("the client speaks", || (call.heard().sound_packets() > 50).then_some(())).await?;
//! call.hang_up();
//! // A call to the client, from outside:
//! let call = double.ring("alice", "+15550100", &[("name", "Bob")], Says::Echo).await?;
//! call.cancel();
//! assert_eq!(double.faults(), []);
//! # Ok(()) }
//! ```

#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod account;
mod call;
mod dialling;
mod double;
mod fault;
mod house;
mod listener;
mod media;
mod message;
mod outgoing;
mod rest;
mod settings;
mod shape;
mod stream;
mod telephone;
mod twiml;
mod webhook;
mod wire;

pub use account::{Account, Token};
pub use call::{Call, CallState};
pub use double::{Double, StartError, Waited};
pub use fault::{Fault, FaultKind};
pub use house::{Frame, Heard};
pub use media::{Codec, Sound};
pub use rest::{placed::PlacedCall, verify::Verify};
pub use settings::Settings;
pub use shape::shape;
pub use telephone::{Outcome, Says, Telephone};
pub use webhook::signature;
