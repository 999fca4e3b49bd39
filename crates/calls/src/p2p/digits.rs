//! Digits that the other end sends as telephone events (RFC 4733), and the gaps that their packets leave in the
//! numbering of the sound: a number that a digit took is not a packet lost.
//!
//! Invariant: each event is told once, however many of its packets come; as long as nothing is reordered, packets of
//! the sound that follow each other but for digits get numbers that follow each other. No I/O, no clock.

use std::collections::VecDeque;

/// How many numbers that digits took are known one by one; older ones are before everything that still comes. Three
/// digits of 100 ms at the length and with the pauses that browsers use.
const KNOWN: usize = 64;

/// How many events are known by their timestamps, so that late packets of theirs are not told again.
const EVENTS: usize = 8;

/// Reads digits and renumbers the sound of one stream.
#[derive(Debug, Default)]
pub(super) struct DigitReader {
    /// Timestamps of the newest events. Whether one is later than another says nothing: a gateway that plays from another
    /// source than before may begin to count anew.
    told: VecDeque<u32>,
    /// The newest number of the sound.
    sound: Option<u16>,
    taken: VecDeque<u16>,
    /// Numbers taken before those.
    before: u16,
}

impl DigitReader {
    /// Takes a packet of an event; the digit when it is a new one.
    pub fn take(&mut self, sequence: u16, timestamp: u32, payload: &[u8]) -> Option<char> {
        // One that was overtaken by sound has left its gap already.
        if self.sound.is_none_or(|sound| later(sequence, sound)) && !self.taken.contains(&sequence) {
            self.taken.push_back(sequence);
            if self.taken.len() > KNOWN {
                self.taken.pop_front();
                self.before = self.before.wrapping_add(1);
            }
        }
        let &[event, ..] = payload else { return None };
        let digit = digit_of(event).filter(|_| !self.told.contains(&timestamp))?;
        self.told.push_back(timestamp);
        if self.told.len() > EVENTS {
            self.told.pop_front();
        }
        Some(digit)
    }

    /// The number of a packet of the sound, as if digits had taken none.
    pub fn renumber(&mut self, sequence: u16) -> u16 {
        if self.sound.is_none_or(|sound| later(sequence, sound)) {
            self.sound = Some(sequence);
        }
        let taken = self.taken.iter().filter(|&&taken| later(sequence, taken)).count() as u16;
        sequence.wrapping_sub(self.before).wrapping_sub(taken)
    }
}

/// Whether `one` comes after `other`, over the end of the numbers too (RFC 1982).
fn later(one: u16, other: u16) -> bool {
    (one.wrapping_sub(other) as i16) > 0
}

/// The digit of a telephone event (RFC 4733, 3.2); `None` for other events.
fn digit_of(event: u8) -> Option<char> {
    b"0123456789*#ABCD".get(usize::from(event)).map(|&digit| char::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_told_once_and_the_same_one_again_when_it_is_pressed_again() {
        let mut reader = DigitReader::default();
        let told: Vec<_> = [(1, 100), (2, 100), (3, 100), (9, 9_000), (8, 100)]
            .map(|(number, at)| reader.take(number, at, &[5, 10, 0, 1]))
            .into();
        assert_eq!(told, [Some('5'), None, None, Some('5'), None]);
        assert_eq!(reader.take(20, 20_000, &[16, 10, 0, 1]), None, "a hook flash is no digit");
        assert_eq!(reader.take(21, 30_000, &[]), None);
        assert_eq!(reader.take(22, 40_000, &[11, 10, 0, 1]), Some('#'));
    }

    #[test]
    fn a_gateway_that_counts_time_anew_is_heard_as_before() {
        let mut reader = DigitReader::default();
        let mut press = |number, at| reader.take(number, at, &[7, 10, 0, 1]);
        assert_eq!((press(1, 1_000_000_000), press(2, 900)), (Some('7'), Some('7')));
        assert_eq!((press(3, 1_000_000_000), press(4, 900)), (None, None), "late packets are of digits that were told");
    }

    #[test]
    fn the_sound_around_digits_is_numbered_without_gaps_also_over_the_end_of_the_numbers() {
        let mut reader = DigitReader::default();
        let mut expected = 65_400_u16;
        for step in 0..3_000_u16 {
            let sequence = 65_400_u16.wrapping_add(step);
            if step % 7 == 3 || (500..590).contains(&step) {
                reader.take(sequence, u32::from(step), &[1, 10, 0, 1]);
            } else {
                assert_eq!(reader.renumber(sequence), expected, "{step}");
                expected = expected.wrapping_add(1);
            }
        }
    }

    #[test]
    fn a_lost_packet_stays_lost_and_an_overtaken_digit_harms_no_sound() {
        let mut reader = DigitReader::default();
        assert_eq!(reader.renumber(10), 10);
        assert_eq!(reader.renumber(12), 12);
        reader.take(11, 1, &[1, 10, 0, 1]);
        assert_eq!(reader.renumber(13), 13, "no number is given twice");
        reader.take(14, 1, &[1, 10, 0, 1]);
        reader.take(14, 1, &[1, 10, 0, 1]);
        assert_eq!(reader.renumber(16), 15, "15 was lost");
    }
}
