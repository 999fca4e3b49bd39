//! The ICE-lite end of a call (RFC 8445, 2.5): it has one host candidate, answers connectivity checks and never sends
//! one. No I/O, no clock.
//!
//! It is our own because the `rtc` crates' `ice_lite` setting is none: their lite agent answers a check with a check of
//! its own, and takes no nomination before that one was answered (`rtc-ice` 0.21.1, `agent_selector.rs`). A client that
//! waits for the gateway's checks would connect to it, and never to Twilio.

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, Mac};
use sha1::Sha1;

const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
pub(super) const BINDING_REQUEST: u16 = 0x0001;
pub(super) const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub(super) const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;

const HEADER: usize = 20;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// Credentials of this end, as they stand in its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub ufrag: String,
    pub password: String,
}

impl Credentials {
    /// New ones, 32 hexadecimal digits each as Twilio's are.
    pub fn random() -> Self {
        let digits = || uuid::Uuid::new_v4().simple().to_string();
        Self { ufrag: digits(), password: digits() }
    }
}

/// One ICE-lite end.
#[derive(Debug)]
pub(crate) struct Lite {
    /// The credentials that checks may use: the ones of before a restart stay good until the new ones were used.
    credentials: Vec<Credentials>,
    /// The other end's name for itself, once its description is known: checks of others are refused.
    remote_ufrag: Option<String>,
    selected: Option<SocketAddr>,
}

/// What came of a check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// To send back.
    pub answer: Option<Vec<u8>>,
    /// The other end plays the controlled one.
    pub controlled: bool,
}

impl Lite {
    pub fn new() -> Self {
        Self { credentials: vec![Credentials::random()], remote_ufrag: None, selected: None }
    }

    /// What the next description says.
    pub fn credentials(&self) -> &Credentials {
        self.credentials.last().expect("there are always some")
    }

    /// Takes the other end's name from its description.
    pub fn set_remote(&mut self, ufrag: &str) {
        self.remote_ufrag = Some(ufrag.to_owned());
    }

    /// New credentials (RFC 8445, 9). Where packets go stays until the other end chooses anew.
    pub fn restart(&mut self, remote_ufrag: &str) {
        self.credentials.push(Credentials::random());
        self.set_remote(remote_ufrag);
    }

    /// Where packets go: what the other end nominated last.
    pub fn selected(&self) -> Option<SocketAddr> {
        self.selected
    }

    /// Takes a STUN packet. What is none, or is not for this end, is not answered.
    pub fn check(&mut self, packet: &[u8], from: SocketAddr) -> Checked {
        let Some(request) = Request::read(packet) else { return Checked::default() };
        let Some((ours, theirs)) = request.username.and_then(|name| name.split_once(':')) else {
            return Checked::default();
        };
        let Some(index) = self.credentials.iter().position(|known| known.ufrag == ours) else {
            return Checked::default();
        };
        let newest = index + 1 == self.credentials.len();
        if newest && self.remote_ufrag.as_deref().is_some_and(|expected| expected != theirs) {
            return Checked::default();
        }
        let password = self.credentials[index].password.clone();
        if !request.is_authentic(packet, &password) {
            return Checked::default();
        }
        if request.controlled {
            // RFC 8445, 7.3.1.1: a lite end is controlled whatever happens.
            let mut conflict = Answer::new(BINDING_ERROR, request.transaction);
            conflict.attribute(ERROR_CODE, &[&[0, 0, 4, 87][..], b"Role Conflict"].concat());
            return Checked { answer: Some(conflict.finish(&password)), controlled: true };
        }
        if newest && index > 0 {
            self.credentials.drain(..index);
        }
        if request.nominates && newest {
            self.selected = Some(from);
        }
        let mut success = Answer::new(BINDING_SUCCESS, request.transaction);
        success.attribute(XOR_MAPPED_ADDRESS, &mapped(from, request.transaction));
        Checked { answer: Some(success.finish(&password)), controlled: false }
    }
}

struct Request<'a> {
    transaction: &'a [u8],
    username: Option<&'a str>,
    /// Where its integrity attribute begins, and what that says.
    integrity: Option<(usize, &'a [u8])>,
    nominates: bool,
    controlled: bool,
}

impl<'a> Request<'a> {
    fn read(packet: &'a [u8]) -> Option<Self> {
        if packet.len() < HEADER || word(packet, 0)? != BINDING_REQUEST || packet[4..8] != MAGIC {
            return None;
        }
        if usize::from(word(packet, 2)?) + HEADER != packet.len() {
            return None;
        }
        let mut request = Self {
            transaction: &packet[8..HEADER],
            username: None,
            integrity: None,
            nominates: false,
            controlled: false,
        };
        let mut at = HEADER;
        while at < packet.len() {
            let (kind, length) = (word(packet, at)?, usize::from(word(packet, at + 2)?));
            let value = packet.get(at + 4..at + 4 + length)?;
            match kind {
                // What comes behind the integrity is not protected by it.
                FINGERPRINT => {
                    let sum = crc32fast::hash(&packet[..at]) ^ FINGERPRINT_XOR;
                    if value != sum.to_be_bytes() {
                        return None;
                    }
                }
                _ if request.integrity.is_some() => {}
                USERNAME => request.username = std::str::from_utf8(value).ok(),
                USE_CANDIDATE => request.nominates = true,
                ICE_CONTROLLED => request.controlled = true,
                MESSAGE_INTEGRITY => request.integrity = Some((at, value)),
                _ => {}
            }
            at += 4 + length.next_multiple_of(4);
        }
        Some(request)
    }

    fn is_authentic(&self, packet: &[u8], password: &str) -> bool {
        let Some((at, value)) = self.integrity else { return false };
        // RFC 8489, 14.5: the length counts up to and with the integrity attribute.
        let mut signed = packet[..at].to_vec();
        let Ok(length) = u16::try_from(at + 24 - HEADER) else { return false };
        signed[2..4].copy_from_slice(&length.to_be_bytes());
        keyed(password).chain_update(&signed).verify_slice(value).is_ok()
    }
}

struct Answer(Vec<u8>);

impl Answer {
    fn new(kind: u16, transaction: &[u8]) -> Self {
        Self([&kind.to_be_bytes()[..], &[0, 0], &MAGIC, transaction].concat())
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(value.len()).expect("attributes made here are short");
        self.0.extend_from_slice(&kind.to_be_bytes());
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn set_length(&mut self, more: usize) {
        let length = u16::try_from(self.0.len() + more - HEADER).expect("answers are short");
        self.0[2..4].copy_from_slice(&length.to_be_bytes());
    }

    fn finish(mut self, password: &str) -> Vec<u8> {
        self.set_length(24);
        let integrity = keyed(password).chain_update(&self.0).finalize().into_bytes();
        self.attribute(MESSAGE_INTEGRITY, &integrity);
        self.set_length(8);
        let sum = crc32fast::hash(&self.0) ^ FINGERPRINT_XOR;
        self.attribute(FINGERPRINT, &sum.to_be_bytes());
        self.0
    }
}

fn keyed(password: &str) -> Hmac<Sha1> {
    Hmac::new_from_slice(password.as_bytes()).expect("a key of any length will do")
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn mapped(address: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let port = (address.port() ^ 0x2112).to_be_bytes();
    let mask: Vec<u8> = MAGIC.iter().chain(transaction).copied().collect();
    let xor = |octets: &[u8]| octets.iter().zip(&mask).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    let (family, octets) = match address.ip() {
        IpAddr::V4(ip) => (1, xor(&ip.octets())),
        IpAddr::V6(ip) => (2, xor(&ip.octets())),
    };
    [&[0, family][..], &port, &octets].concat()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const FROM: &str = "192.0.2.7:4000";

    pub const PRIORITY: u16 = 0x0024;
    pub const ICE_CONTROLLING: u16 = 0x802a;
    pub(in crate::media) use super::{BINDING_REQUEST, BINDING_SUCCESS, USE_CANDIDATE, word};

    /// A check as a client sends it.
    pub fn check(lite: &Lite, attributes: &[u16], password: &str, name: &str) -> Vec<u8> {
        check_of(&lite.credentials().ufrag, password, name, attributes)
    }

    pub fn check_of(ufrag: &str, password: &str, name: &str, attributes: &[u16]) -> Vec<u8> {
        let mut request = Answer::new(BINDING_REQUEST, &[7; 12]);
        request.attribute(USERNAME, format!("{ufrag}:{name}").as_bytes());
        for attribute in attributes {
            let value: &[u8] = match *attribute {
                USE_CANDIDATE => &[],
                PRIORITY => &[0x6e, 0, 1, 0xff],
                _ => &[1; 8],
            };
            request.attribute(*attribute, value);
        }
        request.finish(password)
    }

    fn lite() -> Lite {
        let mut lite = Lite::new();
        lite.set_remote("them");
        lite
    }

    #[test]
    fn a_check_is_answered_and_a_nomination_says_where_packets_go() {
        let mut lite = lite();
        let password = lite.credentials().password.clone();
        let from = FROM.parse().unwrap();
        let answer = lite.check(&check(&lite, &[], &password, "them"), from).answer.unwrap();
        assert_eq!(word(&answer, 0), Some(BINDING_SUCCESS));
        assert_eq!(lite.selected(), None, "nobody chose yet");
        lite.check(&check(&lite, &[USE_CANDIDATE], &password, "them"), from);
        assert_eq!(lite.selected(), Some(from));
    }

    #[test]
    fn a_check_of_somebody_else_is_not_answered() {
        let mut lite = lite();
        let from = FROM.parse().unwrap();
        let forged = check(&lite, &[USE_CANDIDATE], "not the password", "them");
        assert_eq!(lite.check(&forged, from), Checked::default());
        let password = lite.credentials().password.clone();
        let mut damaged = check(&lite, &[], &password, "them");
        damaged[30] ^= 1;
        assert_eq!(lite.check(&damaged, from), Checked::default());
        for length in 0..40 {
            lite.check(&check(&lite, &[], &password, "them")[..length], from);
        }
    }

    #[test]
    fn who_plays_the_controlled_end_is_told_of_the_conflict() {
        let mut lite = lite();
        let password = lite.credentials().password.clone();
        let checked = lite.check(&check(&lite, &[ICE_CONTROLLED], &password, "them"), FROM.parse().unwrap());
        assert!(checked.controlled);
        assert_eq!(word(&checked.answer.unwrap(), 0), Some(BINDING_ERROR));
    }

    #[test]
    fn old_credentials_are_good_until_the_new_ones_were_used() {
        let mut lite = lite();
        let from = FROM.parse().unwrap();
        let password = lite.credentials().password.clone();
        let old = check(&lite, &[USE_CANDIDATE], &password, "them");
        lite.check(&old, from);
        lite.restart("them");
        let moved = "192.0.2.8:4000".parse().unwrap();
        assert!(lite.check(&old, moved).answer.is_some());
        assert_eq!(lite.selected(), Some(from), "the old ones choose nothing any more");
        let password = lite.credentials().password.clone();
        lite.check(&check(&lite, &[USE_CANDIDATE], &password, "them"), moved);
        assert_eq!(lite.selected(), Some(moved));
        assert_eq!(lite.check(&old, from), Checked::default());
    }
}
