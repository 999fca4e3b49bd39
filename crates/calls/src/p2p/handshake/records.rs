//! What a datagram says of a DTLS handshake (RFC 6347, 4.1 and 4.2.2), also in what a relay wraps it in. Reads only
//! what is not encrypted: how far its sender has come.

/// How far one end of a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Its message of this number.
    Message(u16),
    /// What it sends with the new keys, and the word that it changes to them.
    Sealed,
}

/// From which step to which a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub first: Step,
    /// Which one of the datagrams that begin with this step it is: where in the message its part begins, or the kind of
    /// its first record. The same in every attempt.
    pub part: u32,
    pub last: Step,
}

/// What a datagram is to a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Part of one.
    Handshake(Steps),
    /// Sound, or a report on it: its sender is done with the handshake.
    Media,
    /// The end of the connection.
    Alert,
    /// Nothing: checks of a path, and what nobody knows.
    Other,
}

/// Length of a record's header, and of a handshake message's.
const RECORD_HEADER: usize = 13;
const MESSAGE_HEADER: usize = 12;

/// What a datagram is.
pub(super) fn kind_of(datagram: &[u8]) -> Kind {
    let datagram = unwrapped(datagram).unwrap_or(datagram);
    // RFC 7983, 7.
    match datagram.first() {
        Some(20..=63) => handshake(datagram),
        Some(128..=191) => Kind::Media,
        _ => Kind::Other,
    }
}

fn handshake(mut rest: &[u8]) -> Kind {
    const CHANGE_CIPHER_SPEC: u8 = 20;
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    let mut steps: Option<Steps> = None;
    while let Some((header, body)) = rest.split_at_checked(RECORD_HEADER) {
        let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let (kind, epoch, length) = (header[0], number(3), usize::from(number(11)));
        let Some((record, next)) = body.split_at_checked(length) else { break };
        let step = match kind {
            ALERT => return Kind::Alert,
            CHANGE_CIPHER_SPEC => Some((Step::Sealed, u32::from(kind))),
            HANDSHAKE if epoch > 0 => Some((Step::Sealed, u32::from(kind))),
            HANDSHAKE => record
                .get(..MESSAGE_HEADER)
                .map(|m| (Step::Message(u16::from_be_bytes([m[4], m[5]])), u32::from_be_bytes([0, m[6], m[7], m[8]]))),
            _ => None,
        };
        if let Some((step, part)) = step {
            let steps = steps.get_or_insert(Steps { first: step, part, last: step });
            steps.last = steps.last.max(step);
        }
        rest = next;
    }
    steps.map_or(Kind::Other, Kind::Handshake)
}

/// What is in a TURN server's channel data or in a send or data indication (RFC 8656, 12.4, 11.1 and 11.4).
fn unwrapped(datagram: &[u8]) -> Option<&[u8]> {
    const INDICATIONS: [u16; 2] = [0x0016, 0x0017];
    const STUN_HEADER: usize = 20;
    const DATA: u16 = 0x0013;
    let number = |bytes: &[u8], at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let kind = number(datagram, 0)?;
    if (0x4000..0x5000).contains(&kind) {
        return datagram.get(4..4 + usize::from(number(datagram, 2)?));
    }
    if !INDICATIONS.contains(&kind) {
        return None;
    }
    let mut rest = datagram.get(STUN_HEADER..)?;
    loop {
        let (attribute, length) = (number(rest, 0)?, usize::from(number(rest, 2)?));
        let value = rest.get(4..4 + length)?;
        if attribute == DATA {
            return Some(value);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u8, epoch: u16, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd];
        record.extend(epoch.to_be_bytes());
        record.extend([0, 0, 0, 0, 0, 7]);
        record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        record.extend(body);
        record
    }

    fn message(number: u16) -> Vec<u8> {
        let mut body = vec![1, 0, 0, 9];
        body.extend(number.to_be_bytes());
        body.extend([0, 0, 6, 0, 0, 3, 1, 2, 3]);
        record(22, 0, &body)
    }

    #[test]
    fn a_flight_is_read_from_its_first_step_to_its_last() {
        let flight = [message(2), message(3), record(20, 0, &[1]), record(22, 1, &[9; 40])].concat();
        let whole = Steps { first: Step::Message(2), part: 6, last: Step::Sealed };
        assert_eq!(kind_of(&flight), Kind::Handshake(whole));
        let one = Steps { first: Step::Message(4), part: 6, last: Step::Message(4) };
        assert_eq!(kind_of(&message(4)), Kind::Handshake(one));
        assert!(Step::Message(u16::MAX) < Step::Sealed);
    }

    #[test]
    fn sound_and_ends_are_told_apart_from_it() {
        assert_eq!(kind_of(&[0x80, 111, 0, 1]), Kind::Media);
        assert_eq!(kind_of(&record(21, 0, &[2, 40])), Kind::Alert);
        assert_eq!(kind_of(&record(23, 1, &[1, 2])), Kind::Other);
        assert_eq!(kind_of(&[0, 1, 0, 0]), Kind::Other, "a check of a path");
    }

    #[test]
    fn what_a_relay_wraps_is_read_too() {
        let inner = message(1);
        let mut channel = vec![0x40, 0x01];
        channel.extend(u16::try_from(inner.len()).unwrap().to_be_bytes());
        channel.extend(&inner);
        assert_eq!(kind_of(&channel), kind_of(&inner));
        let mut indication = vec![0x00, 0x16, 0, 0];
        indication.extend([0; 16]);
        // XOR-PEER-ADDRESS, then an attribute of a length that is padded, then the data.
        indication.extend([0, 0x12, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0]);
        indication.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        indication.extend([0, 0x13]);
        indication.extend(u16::try_from(inner.len()).unwrap().to_be_bytes());
        indication.extend(&inner);
        assert_eq!(kind_of(&indication), kind_of(&inner));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read(datagram in prop::collection::vec(any::<u8>(), 0..200)) {
            kind_of(&datagram);
        }

        #[test]
        fn a_datagram_that_was_cut_off_is_read(length in 0_usize..120) {
            let flight = [message(2), message(3), record(20, 0, &[1]), record(22, 1, &[9; 40])].concat();
            kind_of(&flight[..length.min(flight.len())]);
        }
    }
}
