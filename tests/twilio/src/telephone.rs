//! Telephones outside: what the telephone network does with a call. They have no media of their own, but hear what the
//! client's media end receives and say what that sends.

use std::{sync::Arc, time::Duration};

use crate::{Sound, media::Source};

/// How a telephone behaves when it is called, or calls.
#[derive(Clone, Debug, Default)]
pub struct Telephone {
    /// Heard while it rings, before anybody answered (early media, as of a SIP 183).
    pub early_media: Option<Sound>,
    /// How long it rings before anything happens. Nothing happens by itself without it: the test tells by
    /// [`Call::answer_outside`](crate::Call::answer_outside) or [`Call::hang_up`](crate::Call::hang_up).
    pub rings: Option<Duration>,
    /// What happens then.
    pub outcome: Outcome,
    /// What it says once it is connected.
    pub says: Says,
}

impl Telephone {
    /// Answers at once and says this.
    #[must_use]
    pub fn answering(says: Says) -> Self {
        Self { rings: Some(Duration::ZERO), says, ..Self::default() }
    }

    /// Rings for a moment, and then this.
    #[must_use]
    pub fn with(outcome: Outcome) -> Self {
        Self { rings: Some(Duration::ZERO), outcome, ..Self::default() }
    }

    /// Rings until the test tells.
    #[must_use]
    pub fn ringing() -> Self {
        Self::default()
    }

    /// The same with early media.
    #[must_use]
    pub fn with_early_media(mut self, sound: Sound) -> Self {
        self.early_media = Some(sound);
        self
    }
}

/// What becomes of a call to a telephone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody answers.
    #[default]
    Answered,
    /// It is busy.
    Busy,
    /// Somebody declines.
    Declined,
    /// Nobody answers; the call ends when the dialling has lasted its time.
    NoAnswer,
    /// There is no such number.
    Unknown,
}

impl Outcome {
    /// Twilio's word in status callbacks, and the code that a client is told.
    pub(crate) fn words(self) -> (&'static str, u32) {
        match self {
            Self::Answered => ("completed", 0),
            Self::Busy => ("busy", 31_486),
            Self::Declined => ("busy", 31_603),
            Self::NoAnswer => ("no-answer", 31_480),
            Self::Unknown => ("failed", 31_404),
        }
    }
}

/// What is said to a client.
#[derive(Clone, Debug, Default)]
pub enum Says {
    /// What the client said itself.
    #[default]
    Echo,
    /// This once, then silence.
    Plays(Sound),
    /// Nothing: not a packet.
    Nothing,
}

impl Says {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Echo => Source::Echo,
            Self::Plays(sound) => Source::Play(Arc::new(sound.clone())),
            Self::Nothing => Source::Nothing,
        }
    }
}
