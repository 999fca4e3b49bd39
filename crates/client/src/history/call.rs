//! One call of the history, as it is kept and as it is shown.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::UnixMs;
use crate::app_state::CallDirection;

/// The reason of a call in whose middle the app or the computer stopped.
pub(super) const INTERRUPTED: &str = "INTERRUPTED";

/// A call of the history.
#[derive(Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryCall {
    /// Which call.
    pub id: String,
    /// Who called whom, and what came of it.
    pub kind: HistoryKind,
    /// The other one's name, if one is known.
    pub name: Option<String>,
    /// The number or Care4W ID that calls them again.
    pub detail: String,
    /// Their Care4W ID, where they have one.
    pub care4w_id: Option<String>,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// How long sound flowed; none for a call that never connected. Of an interrupted call at least this long.
    pub duration_ms: Option<u32>,
    /// Why it ended ([`crate::app_state::EndReason`]'s code, or `INTERRUPTED`); none while it runs.
    pub reason: Option<String>,
    /// Missed, and nobody has looked since.
    pub is_new: bool,
}

impl std::fmt::Debug for HistoryCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HistoryCall({:?}, <redacted>)", self.kind)
    }
}

/// Who called whom, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum HistoryKind {
    /// Called from here, and both talked.
    Outgoing,
    /// Called from here, and nobody answered.
    Unanswered,
    /// Called by the other one, and both talked.
    Incoming,
    /// Called by the other one, and not answered.
    Missed,
    /// Called by the other one, and declined.
    Declined,
    /// Called by the other one, and answered on another device.
    Elsewhere,
}

impl HistoryKind {
    /// In words, for tables and terminals.
    pub fn words(self) -> &'static str {
        match self {
            Self::Outgoing => "outgoing",
            Self::Unanswered => "not answered",
            Self::Incoming => "incoming",
            Self::Missed => "missed",
            Self::Declined => "declined",
            Self::Elsewhere => "answered elsewhere",
        }
    }

    pub(super) fn of(direction: CallDirection, connected: bool, reason: Option<&str>) -> Self {
        match (direction, connected, reason) {
            (CallDirection::Outgoing, true, _) => Self::Outgoing,
            (CallDirection::Outgoing, false, _) => Self::Unanswered,
            (CallDirection::Incoming, true, _) => Self::Incoming,
            (CallDirection::Incoming, false, Some("DECLINED_HERE" | "DECLINED_ELSEWHERE")) => Self::Declined,
            // The call that it gave way to was the other one's own.
            (CallDirection::Incoming, false, Some("ANSWERED_ELSEWHERE" | "GAVE_WAY")) => Self::Elsewhere,
            (CallDirection::Incoming, false, _) => Self::Missed,
        }
    }
}

/// Where a page of the history ends: what to hand in for the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryCursor {
    /// When the last call of the page began, RFC 3339 in UTC.
    pub started_at: String,
    /// Its id.
    pub id: String,
}

/// Somebody who was called or who called.
#[derive(Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownPeer {
    /// Their name, if one is known.
    pub name: Option<String>,
    /// The number or Care4W ID that calls them.
    pub detail: String,
}

impl std::fmt::Debug for KnownPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownPeer(<redacted>)")
    }
}

/// A call that begins, or one that the server knows to have begun.
#[derive(Clone)]
pub struct Begun {
    /// Which call.
    pub id: String,
    /// Who called whom.
    pub direction: CallDirection,
    /// The other one's name, if one is known.
    pub name: Option<String>,
    /// The number or Care4W ID that calls them again.
    pub detail: String,
    /// Their Care4W ID, where they have one.
    pub care4w_id: Option<String>,
    /// When.
    pub at: UnixMs,
}

/// What a search looks through: words in small letters, and the digits of the number.
pub(super) fn searchable(name: Option<&str>, detail: &str, care4w_id: Option<&str>) -> (String, String) {
    let words = [name, Some(detail), care4w_id].into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase();
    // An id's digits are no number.
    let digits = if detail.chars().any(char::is_alphabetic) {
        String::new()
    } else {
        detail.chars().filter(char::is_ascii_digit).collect()
    };
    (words, digits)
}

/// What somebody typed as it is looked for: in the words as it is, and among the digits without what is written before a
/// number at home and not abroad. None: there are no digits to look for, or too few to mean anything.
pub(super) fn sought(text: &str) -> (String, Option<String>) {
    let words = text.trim().to_lowercase();
    let only_number = !words.is_empty() && words.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0').to_owned();
    let digits = (only_number && digits.len() >= 2).then_some(digits);
    (words, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_missed_when_it_rang_here_and_nobody_took_or_refused_it() {
        use CallDirection::{Incoming, Outgoing};
        for (direction, connected, reason, kind) in [
            (Incoming, false, Some("MISSED"), HistoryKind::Missed),
            (Incoming, false, Some(INTERRUPTED), HistoryKind::Missed),
            (Incoming, false, Some("SHUT_DOWN"), HistoryKind::Missed),
            (Incoming, false, Some("DECLINED_HERE"), HistoryKind::Declined),
            (Incoming, false, Some("DECLINED_ELSEWHERE"), HistoryKind::Declined),
            (Incoming, false, Some("ANSWERED_ELSEWHERE"), HistoryKind::Elsewhere),
            (Incoming, true, Some("REMOTE_HUNG_UP"), HistoryKind::Incoming),
            (Incoming, true, Some(INTERRUPTED), HistoryKind::Incoming),
            (Outgoing, true, None, HistoryKind::Outgoing),
            (Outgoing, false, Some("NO_ANSWER"), HistoryKind::Unanswered),
        ] {
            assert_eq!(HistoryKind::of(direction, connected, reason), kind, "{direction:?} {reason:?}");
        }
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        let (_, digits) = searchable(None, "+254 712 345678", None);
        for typed in ["0712", "+254 712", "712345678", "(0712) 345-678", "12 34"] {
            let sought = sought(typed).1.unwrap();
            assert!(digits.contains(&sought), "{typed}");
        }
        assert_eq!(sought("00").1, None, "nothing is left to look for");
        assert_eq!(sought("amina 2").1, None);
        assert_eq!(searchable(None, "care4w-ABC1234", None).1, "", "an id's digits are no number");
    }
}
