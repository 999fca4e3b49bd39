/// What the speaker gets next.
#[derive(Debug, PartialEq, Eq)]
pub enum Playout<'a> {
    /// Nothing is due: so many samples of silence.
    Silence {
        /// At least 1.
        samples: usize,
    },
    /// A packet to decode.
    Packet {
        /// Its payload.
        payload: Vec<u8>,
        /// Whether its sound should be made shorter or longer.
        pace: Pace,
    },
    /// A lost packet, to be decoded from the one after it.
    Recover {
        /// The payload of the packet after it, which stays in the buffer.
        next: &'a [u8],
        /// The lost packet's length.
        samples: usize,
    },
    /// A lost packet, to be rebuilt from what a later one describes of it.
    Rebuild {
        /// The payload of the later packet, which stays in the buffer.
        later: &'a [u8],
        /// How far before the later packet the lost one begins, in samples.
        before: usize,
        /// The lost packet's length, a multiple of 120.
        samples: usize,
    },
    /// Sound to be made up.
    Conceal {
        /// A multiple of 120.
        samples: usize,
    },
}

/// Which way playing should drift, a pitch period at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As it is.
    Steady,
    /// Shorter where it is not heard, by so many samples at most.
    Shorten(usize),
    /// Without so many samples at its beginning, in whose place sound was made up.
    Skip(usize),
    /// Shorter in any case.
    Hurry,
    /// Longer where it is not heard.
    Lengthen,
}
