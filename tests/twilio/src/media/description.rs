//! Session descriptions as Twilio's media gateway writes them, and what it needs of a client's (`TWILIO.md`, 5).

use std::{fmt::Write as _, net::SocketAddr};

use super::lite::Credentials;

/// Codecs that the gateway speaks, and the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// G.711 µ-law.
    Pcmu,
    /// RFC 4733 at 8 kHz.
    TelephoneEvent,
}

impl Codec {
    /// All, in the order of the gateway's descriptions.
    const ALL: [Self; 3] = [Self::Opus, Self::Pcmu, Self::TelephoneEvent];

    fn rtpmap(self) -> &'static str {
        match self {
            Self::Opus => "opus/48000/2",
            Self::Pcmu => "PCMU/8000",
            Self::TelephoneEvent => "telephone-event/8000",
        }
    }

    fn fmtp(self) -> Option<&'static str> {
        match self {
            Self::Opus => Some("minptime=10;useinbandfec=1"),
            Self::Pcmu => None,
            Self::TelephoneEvent => Some("0-16"),
        }
    }

    /// The payload type in the gateway's own offers.
    fn offered(self) -> u8 {
        match self {
            Self::Opus => 107,
            Self::Pcmu => 0,
            Self::TelephoneEvent => 101,
        }
    }

    /// RTP clock, in Hz.
    pub(crate) fn clock(self) -> u32 {
        if self == Self::Opus { 48_000 } else { 8_000 }
    }
}

/// Who begins the DTLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    Active,
    Passive,
    ActPass,
}

/// What a client's description says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub ufrag: String,
    /// In upper case.
    pub fingerprint: String,
    pub setup: Setup,
    pub mid: String,
    /// In the client's order of preference.
    pub codecs: Vec<(u8, Codec)>,
}

impl Description {
    /// Reads it; the error says what the gateway cannot use.
    pub fn read(sdp: &str) -> Result<Self, &'static str> {
        if !sdp.starts_with("v=0\r\n") {
            return Err("it does not begin with v=0 and CRLF");
        }
        let mut media = None;
        let (mut ufrag, mut password, mut fingerprint, mut setup, mut mid) = (None, None, None, None, None);
        let (mut mux, mut group) = (false, None);
        let mut maps = Vec::new();
        for line in sdp.split("\r\n") {
            if let Some(rest) = line.strip_prefix("m=")
                && media.replace(rest).is_some()
            {
                return Err("it has more than one medium");
            }
            let Some(attribute) = line.strip_prefix("a=") else { continue };
            let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
            match name {
                "ice-ufrag" => ufrag = Some(value.to_owned()),
                "ice-pwd" => password = Some(value),
                "fingerprint" => fingerprint = value.strip_prefix("sha-256 ").map(str::to_ascii_uppercase),
                "setup" => {
                    setup = match value {
                        "active" => Some(Setup::Active),
                        "passive" => Some(Setup::Passive),
                        "actpass" => Some(Setup::ActPass),
                        _ => None,
                    }
                }
                "mid" => mid = Some(value.to_owned()),
                "rtcp-mux" => mux = true,
                "group" => group = value.strip_prefix("BUNDLE ").map(str::trim),
                "rtpmap" => maps.extend(read_map(value)),
                "ice-lite" => return Err("only the gateway is lite"),
                _ => {}
            }
        }
        let mut media = media.ok_or("it has no medium")?.split(' ');
        if media.next() != Some("audio") || media.next().is_none() {
            return Err("its medium is not sound");
        }
        if !media.next().is_some_and(|profile| ["UDP/TLS/RTP/SAVPF", "RTP/SAVPF"].contains(&profile)) {
            return Err("its profile is not that of WebRTC");
        }
        let codecs: Vec<_> = media
            .filter_map(|number| number.parse::<u8>().ok())
            .filter_map(|number| maps.iter().find(|(mapped, _)| *mapped == number).copied())
            .collect();
        if !codecs.iter().any(|(_, codec)| *codec != Codec::TelephoneEvent) {
            return Err("it has neither Opus nor PCMU");
        }
        let mid = mid.ok_or("it has no mid")?;
        if group != Some(mid.as_str()) {
            return Err("it does not bundle its one medium");
        }
        if !mux {
            return Err("it does not multiplex RTCP");
        }
        let ufrag = ufrag.filter(|text| text.len() >= 4).ok_or("it has no ICE user name")?;
        if password.is_none_or(|text| text.len() < 22) {
            return Err("it has no ICE password");
        }
        let fingerprint = fingerprint.ok_or("it has no SHA-256 fingerprint")?;
        Ok(Self { ufrag, fingerprint, setup: setup.ok_or("it has no DTLS role")?, mid, codecs })
    }

    /// The codec that the client wants most.
    pub fn preferred(&self) -> (u8, Codec) {
        let sound = |(_, codec): &&(u8, Codec)| *codec != Codec::TelephoneEvent;
        self.codecs.iter().find(sound).copied().unwrap_or((0, Codec::Pcmu))
    }
}

fn read_map(value: &str) -> Option<(u8, Codec)> {
    let (number, name) = value.split_once(' ')?;
    let codec = Codec::ALL.into_iter().find(|codec| codec.rtpmap().eq_ignore_ascii_case(name.trim_end()))?;
    Some((number.parse().ok().filter(|number| *number < 128)?, codec))
}

/// The gateway's own part of a description.
pub(crate) struct Own<'a> {
    pub credentials: &'a Credentials,
    pub fingerprint: &'a str,
    pub address: SocketAddr,
    pub ssrc: u32,
    /// Counts the descriptions of a call.
    pub version: u64,
    /// Whether Opus is left out.
    pub pcmu_alone: bool,
}

impl Own<'_> {
    /// The answer to a client's offer. The gateway begins the handshake, or goes on as the roles were.
    pub fn answer(&self, offer: &Description, setup: &str) -> String {
        let mut codecs: Vec<_> = offer.codecs.clone();
        // Opus first, whatever the client prefers; each once.
        codecs.sort_by_key(|(_, codec)| Codec::ALL.iter().position(|known| known == codec));
        codecs.dedup_by_key(|(_, codec)| *codec);
        self.write(&offer.mid, &codecs, setup)
    }

    /// An offer.
    pub fn offer(&self) -> String {
        let spoken = Codec::ALL.into_iter().filter(|codec| *codec != Codec::Opus || !self.pcmu_alone);
        self.write("audio", &spoken.map(|codec| (codec.offered(), codec)).collect::<Vec<_>>(), "actpass")
    }

    fn write(&self, mid: &str, codecs: &[(u8, Codec)], setup: &str) -> String {
        let Self { credentials, fingerprint, address, ssrc, version, .. } = self;
        let (ip, port) = (address.ip(), address.port());
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        let numbers: Vec<String> = codecs.iter().map(|(number, _)| number.to_string()).collect();
        let mut sdp = format!(
            "v=0\r\no=root {ssrc} {version} IN {family} {ip}\r\ns=Twilio Media Gateway\r\nc=IN {family} {ip}\r\n\
             t=0 0\r\na=group:BUNDLE {mid}\r\na=ice-lite\r\nm=audio {port} RTP/SAVPF {}\r\n",
            numbers.join(" ")
        );
        let mut line = |text: std::fmt::Arguments<'_>| write!(sdp, "a={text}\r\n").expect("a String takes all");
        for (number, codec) in codecs {
            line(format_args!("rtpmap:{number} {}", codec.rtpmap()));
            if let Some(fmtp) = codec.fmtp() {
                line(format_args!("fmtp:{number} {fmtp}"));
            }
        }
        line(format_args!("ptime:20"));
        line(format_args!("maxptime:20"));
        line(format_args!("ice-ufrag:{}", credentials.ufrag));
        line(format_args!("ice-pwd:{}", credentials.password));
        line(format_args!("candidate:H{port:x} 1 UDP 2130706431 {ip} {port} typ host"));
        line(format_args!("end-of-candidates"));
        line(format_args!("connection:new"));
        line(format_args!("setup:{setup}"));
        line(format_args!("fingerprint:sha-256 {fingerprint}"));
        line(format_args!("mid:{mid}"));
        line(format_args!("ssrc:{ssrc} cname:gateway"));
        line(format_args!("rtcp-mux"));
        line(format_args!("sendrecv"));
        sdp
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 0 111 126 8\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:8 PCMA/8000\r\na=rtpmap:126 telephone-event/8000\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 aa:bb\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n";

    #[test]
    fn a_clients_description_is_read_in_its_own_order() {
        let read = Description::read(OFFER).unwrap();
        assert_eq!(read.codecs, [(0, Codec::Pcmu), (111, Codec::Opus), (126, Codec::TelephoneEvent)]);
        assert_eq!(read.preferred(), (0, Codec::Pcmu));
        assert_eq!((read.fingerprint.as_str(), read.setup, read.mid.as_str()), ("AA:BB", Setup::ActPass, "0"));
    }

    #[test]
    fn a_description_that_the_gateway_cannot_use_is_refused() {
        for (from, to) in [
            ("a=rtcp-mux\r\n", ""),
            ("a=mid:0\r\n", ""),
            ("BUNDLE 0", "BUNDLE 1"),
            ("sha-256", "sha-1"),
            ("a=ice-ufrag:abcd\r\n", ""),
            ("m=audio", "m=video"),
            ("0 111 126 8", "8 126"),
            ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
            ("a=mid:0\r\n", "a=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"),
            ("a=setup:actpass\r\n", ""),
            ("\r\n", "\n"),
        ] {
            assert!(Description::read(&OFFER.replace(from, to)).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn the_gateways_answer_speaks_twilios_dialect() {
        let credentials = Credentials::random();
        let address = "127.0.0.1:10000".parse().unwrap();
        let own = Own { credentials: &credentials, fingerprint: "AA", address, ssrc: 7, version: 1, pcmu_alone: false };
        let answer = own.answer(&Description::read(OFFER).unwrap(), "active");
        for line in ["s=Twilio Media Gateway", "a=ice-lite", "a=connection:new", "a=setup:active", "a=ptime:20"] {
            assert!(answer.contains(&format!("\r\n{line}\r\n")), "{line}");
        }
        assert!(answer.contains("m=audio 10000 RTP/SAVPF 111 0 126\r\n"), "Opus first, with the client's numbers");
        assert!(own.offer().contains("m=audio 10000 RTP/SAVPF 107 0 101\r\n"));
    }
}
