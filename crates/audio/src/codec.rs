/// What carries the sound of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Codec {
    /// Opus (RFC 6716), at 48 kHz.
    #[default]
    Opus,
    /// G.711 µ-law at 8 kHz (RFC 3551, section 4.5.14): what every telephone network speaks.
    Pcmu,
}

impl Codec {
    /// Its RTP clock, in kHz.
    pub fn clock_khz(self) -> u32 {
        match self {
            Self::Opus => 48,
            Self::Pcmu => 8,
        }
    }

    /// Its name, as figures of a call show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Pcmu => "pcmu",
        }
    }
}
