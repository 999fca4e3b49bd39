//! "Ring my phone" as a window draws it: the user's own telephone rings, then the destination's; the sound is not here.

use care4w_protocol::twilio::{PhoneCallEnd, PhoneCallProgress};
use serde::Serialize;
use specta::Type;

use super::{CallPeer, EndReason};

/// A call between the user's own telephone and another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RingView {
    /// Which call; none until the server has begun it.
    pub id: Option<String>,
    /// Who is called.
    pub peer: CallPeer,
    /// The user's own number, which rings first, as people write it for abroad.
    pub own_number: String,
    /// How far it is.
    pub state: RingState,
    /// Why it ended.
    pub reason: Option<EndReason>,
}

/// How far "ring my phone" is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RingState {
    /// The user's own phone is to be called.
    CallingYou,
    /// It rings.
    RingingYou,
    /// The user picked up, the destination is being called.
    CallingThem,
    /// The destination rings.
    RingingThem,
    /// The two talk.
    Connected,
    /// Over.
    Ended,
}

impl From<PhoneCallProgress> for RingState {
    fn from(progress: PhoneCallProgress) -> Self {
        match progress {
            PhoneCallProgress::CallingYou => Self::CallingYou,
            PhoneCallProgress::RingingYou => Self::RingingYou,
            PhoneCallProgress::CallingThem => Self::CallingThem,
            PhoneCallProgress::RingingThem => Self::RingingThem,
            PhoneCallProgress::Connected => Self::Connected,
            PhoneCallProgress::Ended { .. } => Self::Ended,
        }
    }
}

impl RingView {
    /// Goes on to this, unless it is further already: what is told may come late or twice.
    pub(crate) fn advance(&mut self, progress: PhoneCallProgress) -> bool {
        let state = RingState::from(progress);
        let further = state > self.state;
        if further {
            self.state = state;
            if let PhoneCallProgress::Ended { reason } = progress {
                self.reason = Some(words(reason, self.peer.name.as_deref().unwrap_or(&self.peer.detail)));
            }
        }
        further
    }

    /// Whether it is under way.
    pub fn goes_on(&self) -> bool {
        self.state != RingState::Ended
    }
}

/// Why it ended, for the person: a code and a sentence.
fn words(reason: PhoneCallEnd, peer: &str) -> EndReason {
    let (code, sentence) = match reason {
        PhoneCallEnd::Finished => ("FINISHED", "The call has ended.".to_owned()),
        PhoneCallEnd::Cancelled => ("CANCELLED", "You cancelled the call.".to_owned()),
        PhoneCallEnd::YouDidNotAnswer => ("YOU_DID_NOT_ANSWER", "You didn't answer your phone.".to_owned()),
        PhoneCallEnd::YouWereBusy => ("YOU_WERE_BUSY", "Your phone was busy.".to_owned()),
        PhoneCallEnd::Busy => ("BUSY", format!("{peer} is busy.")),
        PhoneCallEnd::NoAnswer => ("NO_ANSWER", format!("{peer} didn't answer.")),
        PhoneCallEnd::Failed => ("FAILED", "The telephone network could not connect the call.".to_owned()),
    };
    EndReason { code: code.to_owned(), sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> RingView {
        RingView {
            id: None,
            peer: CallPeer { name: Some("Baraka".into()), detail: "+254 700 000001".into(), care4w_id: None },
            own_number: "+254 712 345678".into(),
            state: RingState::CallingYou,
            reason: None,
        }
    }

    #[test]
    fn what_is_told_late_or_twice_changes_nothing() {
        let mut view = view();
        assert!(view.advance(PhoneCallProgress::RingingThem));
        assert!(!view.advance(PhoneCallProgress::RingingYou) && !view.advance(PhoneCallProgress::RingingThem));
        assert!(view.advance(PhoneCallProgress::Ended { reason: PhoneCallEnd::Busy }));
        assert!(!view.advance(PhoneCallProgress::Ended { reason: PhoneCallEnd::Failed }));
        assert_eq!(view.reason.unwrap().sentence, "Baraka is busy.");
    }

    #[test]
    fn every_end_has_words_of_its_own() {
        let ends = [
            PhoneCallEnd::Finished,
            PhoneCallEnd::Cancelled,
            PhoneCallEnd::YouDidNotAnswer,
            PhoneCallEnd::YouWereBusy,
            PhoneCallEnd::Busy,
            PhoneCallEnd::NoAnswer,
            PhoneCallEnd::Failed,
        ];
        let said: std::collections::BTreeSet<_> = ends.map(|end| words(end, "Baraka").sentence).into();
        assert_eq!(said.len(), ends.len());
    }
}
