//! Twilio's dialect of session descriptions (TWILIO.md §5), as our library reads it.

use crate::p2p::description::{is_udp_candidate, split_candidates};

/// The description without its candidates, and the candidates that can be used.
pub(super) fn read(sdp: &str) -> (String, Vec<String>) {
    let (rest, candidates) = split_candidates(sdp);
    let rest = rest
        .split_inclusive('\n')
        // Of RFC 4145, for connections; the library knows no such line.
        .filter(|line| !line.starts_with("a=connection:"))
        .map(|line| match line.strip_prefix("m=audio ").and_then(|media| media.split_once(" RTP/SAVPF ")) {
            // What RFC 8842 calls it, whatever the other end does.
            Some((port, formats)) => format!("m=audio {port} UDP/TLS/RTP/SAVPF {formats}"),
            None => line.to_owned(),
        })
        .collect();
    let usable = |candidate: &String| is_udp_candidate(candidate) && is_first_component(candidate);
    (rest, candidates.into_iter().filter(usable).collect())
}

/// Sound and reports share a port: there is no second component.
fn is_first_component(candidate: &str) -> bool {
    candidate.split_ascii_whitespace().nth(1) == Some("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twilios_description_becomes_one_that_the_library_reads() {
        let sdp = "v=0\r\no=root 1 1 IN IP4 168.86.128.1\r\ns=Twilio Media Gateway\r\na=ice-lite\r\n\
                   m=audio 15012 RTP/SAVPF 111 0 126\r\na=rtpmap:111 opus/48000/2\r\na=connection:new\r\n\
                   a=candidate:H1 1 UDP 2130706431 168.86.128.1 15012 typ host\r\n\
                   a=candidate:H1 2 UDP 2130706430 168.86.128.1 15013 typ host\r\na=end-of-candidates\r\na=mid:0\r\n";
        let (rest, candidates) = read(sdp);
        assert!(rest.contains("m=audio 15012 UDP/TLS/RTP/SAVPF 111 0 126\r\n"), "{rest}");
        assert!(rest.contains("a=ice-lite") && rest.contains("a=mid:0") && !rest.contains("connection:"));
        assert_eq!(candidates, ["candidate:H1 1 UDP 2130706431 168.86.128.1 15012 typ host"]);
        let own = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
        assert_eq!(read(own).0, own);
    }
}
