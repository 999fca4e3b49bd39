//! One call over Twilio, as far as Twilio has told of it.

use care4w_protocol::CallId;
use care4w_protocol::twilio::{PhoneCallEnd, PhoneCallProgress};

use crate::store::AccountId;

/// What kind of call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TwilioCallKind {
    /// A user's device calls a number.
    Number,
    /// A user's device calls a user.
    User,
    /// A number calls a user.
    Incoming,
    /// "Ring my phone": Twilio calls the user's phone, then a number.
    Ring,
}

impl TwilioCallKind {
    /// As it is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::User => "user",
            Self::Incoming => "incoming",
            Self::Ring => "ring",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Number, Self::User, Self::Incoming, Self::Ring].into_iter().find(|kind| kind.as_str() == text)
    }

    /// How many telephone lines of it are paid for.
    pub fn lines(self) -> u64 {
        match self {
            Self::Number => 1,
            Self::Ring => 2,
            Self::User | Self::Incoming => 0,
        }
    }
}

/// How far one end of a call is, in Twilio's words (`CallStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegStatus {
    /// It is to be called.
    Queued,
    /// It is being called.
    Initiated,
    /// It rings.
    Ringing,
    /// It was answered.
    InProgress,
    /// It was answered and is over.
    Completed,
    /// It was busy or declined.
    Busy,
    /// It could not be reached.
    Failed,
    /// It was not answered.
    NoAnswer,
    /// The caller gave up.
    Canceled,
}

impl LegStatus {
    const ALL: [Self; 9] = [
        Self::Queued,
        Self::Initiated,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::Failed,
        Self::NoAnswer,
        Self::Canceled,
    ];

    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// Reads Twilio's word. A `<Dial>` that was answered says `answered` in some of Twilio's versions.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).or((text == "answered").then_some(Self::Completed))
    }

    /// Whether nothing can come after it.
    pub fn is_final(self) -> bool {
        self.rank() == 4
    }

    /// A status gives way only to one of a higher rank.
    fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => 4,
        }
    }
}

/// An end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// The one that Twilio's call began with: a user's device, a number that calls, or the user's own phone.
    Near,
    /// The one that is called then.
    Far,
}

/// What Twilio tells of one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegEvent {
    /// Which.
    pub leg: Leg,
    /// How far it is.
    pub status: LegStatus,
    /// Seconds of talk, with the last of them.
    pub secs: Option<u64>,
    /// The near end's SID, where it is known.
    pub sid: Option<String>,
}

/// A call as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwilioCall {
    /// Its id.
    pub id: CallId,
    /// The near end's SID, once it is known.
    pub sid: Option<String>,
    /// What kind of call.
    pub kind: TwilioCallKind,
    /// Whose.
    pub account: AccountId,
    /// The user who is called by a user.
    pub callee: Option<AccountId>,
    /// The near end.
    pub near: LegStatus,
    /// The far end.
    pub far: LegStatus,
    /// Seconds of talk, once they are known.
    pub secs: Option<u64>,
    /// Whether the user took it back.
    pub cancelled: bool,
}

impl TwilioCall {
    /// Takes an event in; whether anything changed.
    ///
    /// Invariant: the outcome is the same in whatever order events come, and however often, but for which of two final
    /// words about one end counts: the first.
    pub fn take(&mut self, event: &LegEvent) -> bool {
        let before = self.clone();
        let status = match event.leg {
            Leg::Near => &mut self.near,
            Leg::Far => &mut self.far,
        };
        if event.status.rank() > status.rank() {
            *status = event.status;
        }
        if event.leg == Leg::Far && event.status == LegStatus::Completed && self.far == LegStatus::Completed {
            self.secs = self.secs.or(event.secs);
        }
        if self.sid.is_none() {
            self.sid.clone_from(&event.sid);
        }
        *self != before
    }

    /// Whether the two have talked.
    pub fn was_answered(&self) -> bool {
        matches!(self.far, LegStatus::InProgress | LegStatus::Completed)
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.near.is_final() || self.far.is_final()
    }

    /// Whether a device of the callee has rung.
    pub fn has_rung(&self) -> bool {
        matches!(self.far, LegStatus::Ringing | LegStatus::Busy | LegStatus::NoAnswer) || self.was_answered()
    }

    /// How far it is, for the user whose phone rings.
    pub fn progress(&self) -> PhoneCallProgress {
        if self.is_over() {
            return PhoneCallProgress::Ended { reason: self.end() };
        }
        match (self.near, self.far) {
            (_, LegStatus::InProgress) => PhoneCallProgress::Connected,
            (_, LegStatus::Ringing) => PhoneCallProgress::RingingThem,
            (LegStatus::InProgress, _) | (_, LegStatus::Initiated) => PhoneCallProgress::CallingThem,
            (LegStatus::Ringing, _) => PhoneCallProgress::RingingYou,
            _ => PhoneCallProgress::CallingYou,
        }
    }

    fn end(&self) -> PhoneCallEnd {
        match (self.near, self.far) {
            _ if self.was_answered() => PhoneCallEnd::Finished,
            _ if self.cancelled => PhoneCallEnd::Cancelled,
            (_, LegStatus::Busy) => PhoneCallEnd::Busy,
            (_, LegStatus::NoAnswer) => PhoneCallEnd::NoAnswer,
            (LegStatus::NoAnswer, _) => PhoneCallEnd::YouDidNotAnswer,
            (LegStatus::Busy, _) => PhoneCallEnd::YouWereBusy,
            (_, LegStatus::Failed) | (LegStatus::Failed, _) => PhoneCallEnd::Failed,
            _ => PhoneCallEnd::Cancelled,
        }
    }

    /// Seconds that it counts for, of those that were reserved for it.
    pub fn counted(&self, reserved: u64) -> u64 {
        let minutes = |secs: u64| secs.div_ceil(60) * 60;
        let counted = match (self.is_over(), self.was_answered(), self.secs) {
            // The own phone was answered, and paid for, also where the other was not: by the minute.
            (true, false, _) if self.kind == TwilioCallKind::Ring && self.near == LegStatus::Completed => 60,
            (true, false, _) => 0,
            (true, true, Some(secs)) => minutes(secs).saturating_mul(self.kind.lines()),
            _ => reserved,
        };
        counted.min(reserved)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn call(kind: TwilioCallKind) -> TwilioCall {
        TwilioCall {
            id: CallId::from_u128(1),
            sid: None,
            kind,
            account: AccountId::from_u128(1),
            callee: None,
            near: LegStatus::Queued,
            far: LegStatus::Queued,
            secs: None,
            cancelled: false,
        }
    }

    fn event(leg: Leg, status: LegStatus, secs: Option<u64>) -> LegEvent {
        LegEvent { leg, status, secs, sid: Some("CA1".into()) }
    }

    fn story() -> Vec<LegEvent> {
        use LegStatus::{Completed, InProgress, Initiated, Ringing};
        let mut story: Vec<_> = [Initiated, Ringing, InProgress].map(|status| event(Leg::Near, status, None)).into();
        story.extend([Initiated, Ringing, InProgress].map(|status| event(Leg::Far, status, None)));
        story.push(event(Leg::Far, Completed, Some(61)));
        story.push(event(Leg::Near, Completed, Some(70)));
        story
    }

    proptest! {
        #[test]
        fn in_whatever_order_and_however_often_twilio_tells_the_outcome_is_one(
            order in prop::collection::vec(0..8usize, 0..40),
        ) {
            let story = story();
            let mut straight = call(TwilioCallKind::Ring);
            story.iter().for_each(|event| { straight.take(event); });
            let mut shuffled = call(TwilioCallKind::Ring);
            let mut was_over = false;
            for at in order.into_iter().chain((0..8).rev()) {
                shuffled.take(&story[at]);
                prop_assert!(!was_over || shuffled.is_over(), "what is over stays over");
                was_over = shuffled.is_over();
                prop_assert!(!shuffled.take(&story[at]), "a replay changes nothing");
            }
            prop_assert_eq!(shuffled, straight);
        }
    }

    #[test]
    fn of_two_last_words_about_one_end_the_first_counts() {
        let mut number = call(TwilioCallKind::Number);
        assert!(number.take(&event(Leg::Far, LegStatus::Completed, Some(61))));
        for late in [LegStatus::Busy, LegStatus::NoAnswer, LegStatus::Failed, LegStatus::Canceled] {
            assert!(!number.take(&event(Leg::Far, late, Some(1))), "{late:?}");
        }
        assert!(!number.take(&event(Leg::Far, LegStatus::Completed, Some(7))), "nor of two lengths");
        assert_eq!((number.far, number.secs), (LegStatus::Completed, Some(61)));
    }

    #[test]
    fn the_user_reads_how_far_it_is() {
        let mut ring = call(TwilioCallKind::Ring);
        let mut seen = vec![ring.progress()];
        for event in story() {
            ring.take(&event);
            if seen.last() != Some(&ring.progress()) {
                seen.push(ring.progress());
            }
        }
        use PhoneCallProgress::{CallingThem, CallingYou, Connected, Ended, RingingThem, RingingYou};
        let finished = Ended { reason: PhoneCallEnd::Finished };
        assert_eq!(seen, [CallingYou, RingingYou, CallingThem, RingingThem, Connected, finished]);
    }

    #[test]
    fn every_end_has_its_reason() {
        use LegStatus::{Busy, Canceled, Completed, Failed, InProgress, NoAnswer, Queued};
        for (near, far, cancelled, wanted) in [
            (NoAnswer, Queued, false, PhoneCallEnd::YouDidNotAnswer),
            (Busy, Queued, false, PhoneCallEnd::YouWereBusy),
            (Failed, Queued, false, PhoneCallEnd::Failed),
            (Canceled, Queued, true, PhoneCallEnd::Cancelled),
            (Completed, Queued, false, PhoneCallEnd::Cancelled),
            (Completed, Queued, true, PhoneCallEnd::Cancelled),
            (InProgress, Busy, false, PhoneCallEnd::Busy),
            (Completed, NoAnswer, false, PhoneCallEnd::NoAnswer),
            (InProgress, Failed, false, PhoneCallEnd::Failed),
            (Completed, Canceled, false, PhoneCallEnd::Cancelled),
            (Completed, Completed, true, PhoneCallEnd::Finished),
        ] {
            let ended = TwilioCall { near, far, cancelled, ..call(TwilioCallKind::Ring) };
            assert_eq!(ended.progress(), PhoneCallProgress::Ended { reason: wanted }, "{near:?} {far:?}");
        }
    }

    #[test]
    fn what_is_not_known_counts_whole_and_what_was_not_answered_not_at_all() {
        use LegStatus::{Completed, InProgress, NoAnswer};
        for (kind, near, far, secs, wanted) in [
            (TwilioCallKind::Number, InProgress, InProgress, None, 600),
            (TwilioCallKind::Number, Completed, InProgress, None, 600),
            (TwilioCallKind::Number, Completed, Completed, Some(61), 120),
            (TwilioCallKind::Ring, Completed, Completed, Some(61), 240),
            (TwilioCallKind::Ring, Completed, NoAnswer, None, 60),
            (TwilioCallKind::Number, Completed, NoAnswer, None, 0),
            (TwilioCallKind::Number, Completed, Completed, Some(6_000), 600),
        ] {
            assert_eq!(TwilioCall { near, far, secs, ..call(kind) }.counted(600), wanted, "{near:?} {far:?} {secs:?}");
        }
    }
}
