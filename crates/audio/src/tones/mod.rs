//! What the phone itself makes sound: ringing, signals, digits.

mod player;
mod synth;

pub use player::Player;
pub(crate) use synth::{DigitTone, Synth};

/// A sound of the phone's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// The far phone rings, as ITU-T E.180 recommends it (Kenya and most of the world): what a caller hears.
    Ringback,
    /// The far phone rings, as in the United Kingdom.
    RingbackUnitedKingdom,
    /// The far phone rings, as in North America.
    RingbackNorthAmerica,
    /// This phone rings.
    Ringtone,
    /// The far side is in another call.
    Busy,
    /// The call could not be put through.
    Reorder,
    /// The call is on hold.
    Hold,
    /// A short chime that rises like a question: the echo line's greeting. Plays once.
    Greeting,
}

impl Tone {
    /// The ringback of a region, by its ISO 3166-1 code; the recommended one where it has none of its own.
    pub fn ringback_in(region: &str) -> Self {
        match region {
            "GB" | "IE" | "AU" | "NZ" | "IN" | "ZA" => Self::RingbackUnitedKingdom,
            "US" | "CA" => Self::RingbackNorthAmerica,
            _ => Self::Ringback,
        }
    }
}
