//! What this room reads in a session description (RFC 8866) itself.

use care4w_audio::Codec;

/// The numbers that the two ends agreed on for their payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PayloadTypes {
    opus: Option<u8>,
    pcmu: Option<u8>,
    /// Telephone events (RFC 4733) at the clock of Opus.
    wide_events: Option<u8>,
    /// The same at the telephone's clock.
    narrow_events: Option<u8>,
}

impl PayloadTypes {
    /// Reads them from the other end's description; `None` without Opus.
    pub fn read(sdp: &str) -> Option<Self> {
        let types = Self { pcmu: None, narrow_events: None, ..Self::all(sdp) };
        types.opus.map(|_| types)
    }

    /// The same of a gateway to telephones, which may know nothing but G.711; `None` without either.
    pub fn of_gateway(sdp: &str) -> Option<Self> {
        let types = Self::all(sdp);
        types.opus.or(types.pcmu).map(|_| types)
    }

    fn all(sdp: &str) -> Self {
        let find = |name: &str| {
            sdp.lines().find_map(|line| {
                let (number, codec) = line.trim_end().strip_prefix("a=rtpmap:")?.split_once(' ')?;
                let number: u8 = number.parse().ok().filter(|number| *number < 128)?;
                codec.to_ascii_lowercase().starts_with(name).then_some(number)
            })
        };
        Self {
            opus: find("opus/48000"),
            pcmu: find("pcmu/8000"),
            wide_events: find("telephone-event/48000"),
            narrow_events: find("telephone-event/8000"),
        }
    }

    /// What is sent as long as nothing else comes.
    pub fn preferred(&self) -> Codec {
        if self.opus.is_some() { Codec::Opus } else { Codec::Pcmu }
    }

    /// The number of the sound in this codec.
    pub fn sound(&self, codec: Codec) -> Option<u8> {
        match codec {
            Codec::Opus => self.opus,
            Codec::Pcmu => self.pcmu,
        }
    }

    /// The codec of the sound with this number.
    pub fn codec(&self, number: u8) -> Option<Codec> {
        [Codec::Opus, Codec::Pcmu].into_iter().find(|codec| self.sound(*codec) == Some(number))
    }

    /// The number of the events that go with a codec: they share its clock (RFC 4733, 2.1).
    pub fn events(&self, codec: Codec) -> Option<u8> {
        match codec {
            Codec::Opus => self.wide_events,
            Codec::Pcmu => self.narrow_events,
        }
    }

    /// Whether it is the number of events, at whatever clock.
    pub fn is_event(&self, number: u8) -> bool {
        [self.wide_events, self.narrow_events].contains(&Some(number))
    }

    /// For tests: Opus, and events at its clock.
    #[cfg(test)]
    pub fn wide(opus: u8, events: Option<u8>) -> Self {
        Self { opus: Some(opus), wide_events: events, ..Self::default() }
    }
}

/// Which ways the other end wants sound to flow (RFC 8866, 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// It wants to send.
    pub sends: bool,
    /// It wants to receive.
    pub receives: bool,
}

impl Wishes {
    /// Reads them from its description: what its sound says, else what the session says, else both ways.
    pub fn read(sdp: &str) -> Self {
        let mut wishes = Self { sends: true, receives: true };
        let mut in_sound = false;
        for line in sdp.lines().map(str::trim_end) {
            if let Some(media) = line.strip_prefix("m=") {
                if in_sound {
                    break;
                }
                in_sound = media.starts_with("audio");
            }
            let (sends, receives) = match line {
                "a=sendrecv" => (true, true),
                "a=sendonly" => (true, false),
                "a=recvonly" => (false, true),
                "a=inactive" => (false, false),
                _ => continue,
            };
            wishes = Self { sends, receives };
        }
        wishes
    }
}

/// Parts a description from the candidates in it (RFC 8839, 5.1), which come back as bare `candidate:` lines.
pub(crate) fn split_candidates(sdp: &str) -> (String, Vec<String>) {
    let mut rest = String::with_capacity(sdp.len());
    let mut candidates = Vec::new();
    for line in sdp.split_inclusive('\n') {
        match line.trim_end().strip_prefix("a=") {
            Some(candidate) if candidate.starts_with("candidate:") => candidates.push(candidate.to_owned()),
            // More candidates trickle in.
            Some("end-of-candidates") => {}
            _ => rest.push_str(line),
        }
    }
    (rest, candidates)
}

/// Whether a candidate is one that this end may use: UDP only. For a TCP one of the other end's the library would
/// open a connection wherever it says.
pub(crate) fn is_udp_candidate(candidate: &str) -> bool {
    let line = candidate.strip_prefix("a=").unwrap_or(candidate);
    let line = line.strip_prefix("candidate:").unwrap_or(line);
    line.split_ascii_whitespace().nth(2).is_some_and(|transport| transport.eq_ignore_ascii_case("udp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_types_are_read_from_the_other_ends_description() {
        let sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 OPUS/48000/2\r\n\
                   a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 telephone-event/48000\r\n";
        assert_eq!(PayloadTypes::read(sdp), Some(PayloadTypes::wide(96, Some(98))));
        assert_eq!(PayloadTypes::read("v=0\r\na=rtpmap:0 PCMU/8000\r\n"), None);
        assert_eq!(PayloadTypes::read("a=rtpmap:300 opus/48000/2"), None);
    }

    #[test]
    fn a_gateway_may_know_nothing_but_the_telephones_codec_and_its_digits_have_that_ones_clock() {
        let narrow = "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n";
        let types = PayloadTypes::of_gateway(narrow).unwrap();
        assert_eq!(
            (types.preferred(), types.sound(Codec::Pcmu), types.events(Codec::Pcmu)),
            (Codec::Pcmu, Some(0), Some(101))
        );
        let both = PayloadTypes::of_gateway(&format!("a=rtpmap:111 opus/48000/2\r\n{narrow}")).unwrap();
        assert_eq!((both.preferred(), both.events(Codec::Opus)), (Codec::Opus, None));
        assert!(both.is_event(101), "digits are read at whatever clock");
        assert_eq!((both.codec(0), both.codec(111), both.codec(101)), (Some(Codec::Pcmu), Some(Codec::Opus), None));
        assert_eq!(PayloadTypes::of_gateway("a=rtpmap:8 PCMA/8000\r\n"), None);
    }

    #[test]
    fn the_direction_of_the_sound_counts_and_that_of_other_media_does_not() {
        let read = |sdp: &str| {
            let wishes = Wishes::read(sdp);
            (wishes.sends, wishes.receives)
        };
        assert_eq!(read("v=0\r\nm=audio 9 x 96\r\n"), (true, true), "nothing said is both ways");
        assert_eq!(read("v=0\r\na=inactive\r\nm=audio 9 x 96\r\n"), (false, false), "said for all of the session");
        assert_eq!(read("v=0\r\na=inactive\r\nm=audio 9 x 96\r\na=sendonly\r\n"), (true, false));
        let channel = "m=application 9 x y\r\na=inactive\r\n";
        assert_eq!(read(&format!("v=0\r\nm=audio 9 x 96\r\na=recvonly\r\n{channel}")), (false, true));
    }

    #[test]
    fn a_description_is_parted_from_its_candidates() {
        let (rest, candidates) =
            split_candidates("v=0\r\na=candidate:1 1 udp 5 192.0.2.1 9 typ host\r\na=mid:0\r\na=end-of-candidates\r\n");
        assert_eq!(rest, "v=0\r\na=mid:0\r\n");
        assert_eq!(candidates, ["candidate:1 1 udp 5 192.0.2.1 9 typ host"]);
    }

    #[test]
    fn only_udp_candidates_are_used() {
        assert!(is_udp_candidate("candidate:1 1 UDP 5 192.0.2.1 9 typ host"));
        assert!(!is_udp_candidate("candidate:1 1 tcp 5 192.0.2.1 9 typ host tcptype passive"));
        assert!(!is_udp_candidate(""));
    }
}
