//! The media gateway: an ICE-lite end with DTLS-SRTP for each call, which plays, echoes, records and bridges.

mod codec;
mod description;
mod end;
#[cfg(test)]
mod ice_lite_setting;
mod keys;
mod lite;
mod sound;
mod stream;
mod transport;

pub use description::Codec;
pub use sound::Sound;

pub(crate) use description::Description;
pub(crate) use end::{MediaEnd, Source};
