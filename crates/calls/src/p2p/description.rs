//! What this room reads in a session description (RFC 8866) itself.

/// The numbers that the two ends agreed on for their payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PayloadTypes {
    /// Of Opus (RFC 7587).
    pub opus: u8,
    /// Of telephone events at Opus' clock (RFC 4733), if the other end takes them.
    pub telephone_event: Option<u8>,
}

impl PayloadTypes {
    /// Reads them from the other end's description; `None` without Opus.
    pub fn read(sdp: &str) -> Option<Self> {
        let find = |name: &str| {
            sdp.lines().find_map(|line| {
                let (number, codec) = line.trim_end().strip_prefix("a=rtpmap:")?.split_once(' ')?;
                let number: u8 = number.parse().ok().filter(|number| *number < 128)?;
                codec.to_ascii_lowercase().starts_with(name).then_some(number)
            })
        };
        Some(Self { opus: find("opus/48000")?, telephone_event: find("telephone-event/48000") })
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
        assert_eq!(PayloadTypes::read(sdp), Some(PayloadTypes { opus: 96, telephone_event: Some(98) }));
        assert_eq!(PayloadTypes::read("v=0\r\na=rtpmap:0 PCMU/8000\r\n"), None);
        assert_eq!(PayloadTypes::read("a=rtpmap:300 opus/48000/2"), None);
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
