//! Twilio's error codes (TWILIO.md §7): how a call ends with them, and what becomes of the connection.

use crate::EndReason;

/// What the connection does about a code that is about no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Nothing: the code is about a call, or says nothing that helps.
    None,
    /// The token is not taken: get another, once.
    NewToken,
    /// Nothing that this end does will help.
    Stop,
    /// Say again that calls may come.
    Register,
}

/// A row for each code: how a call ends, and what the connection does.
const TABLE: &[(u32, EndReason, Reaction)] = {
    use EndReason as End;
    use Reaction as Do;
    &[
        (20101, End::TwilioRefused, Do::NewToken),
        (20104, End::TwilioRefused, Do::NewToken),
        (31000, End::TwilioFailed, Do::None),
        (31001, End::TwilioRefused, Do::Stop),
        (31002, End::Declined, Do::None),
        (31003, End::TwilioFailed, Do::None),
        (31005, End::TwilioFailed, Do::None),
        (31008, End::Missed, Do::None),
        (31009, End::TwilioUnreachable, Do::None),
        // Malformed in some way: ours to mend.
        (31100, End::TwilioFailed, Do::None),
        (31101, End::TwilioFailed, Do::None),
        (31102, End::TwilioFailed, Do::None),
        (31103, End::TwilioFailed, Do::None),
        (31104, End::TwilioFailed, Do::None),
        (31105, End::TwilioFailed, Do::None),
        (31107, End::ConnectionLost, Do::None),
        (31201, End::TwilioRefused, Do::Stop),
        (31202, End::TwilioRefused, Do::NewToken),
        (31203, End::TwilioRefused, Do::Stop),
        (31204, End::TwilioRefused, Do::NewToken),
        (31205, End::TwilioRefused, Do::NewToken),
        (31206, End::RateLimited, Do::None),
        (31207, End::TwilioRefused, Do::Stop),
        (31208, End::MicrophoneFailed, Do::None),
        (31209, End::ConnectionLost, Do::None),
        (31400, End::TwilioFailed, Do::None),
        (31401, End::MicrophoneFailed, Do::None),
        (31402, End::MicrophoneFailed, Do::None),
        (31404, End::NotInService, Do::None),
        (31408, End::TwilioFailed, Do::None),
        (31480, End::Unreachable, Do::None),
        (31486, End::Busy, Do::None),
        (31603, End::Declined, Do::None),
        (51005, End::TwilioFailed, Do::Register),
        (53000, End::TwilioFailed, Do::None),
        (53001, End::TwilioUnreachable, Do::None),
        (53400, End::Internal, Do::None),
        (53402, End::TwilioFailed, Do::None),
        (53405, End::NoPath, Do::None),
    ]
};

/// How a call ends with this code.
pub(super) fn end_reason(code: u32) -> EndReason {
    row(code).map_or(EndReason::TwilioFailed, |row| row.1)
}

/// What the connection does about it.
pub(super) fn reaction(code: u32) -> Reaction {
    row(code).map_or(Reaction::None, |row| row.2)
}

fn row(code: u32) -> Option<&'static (u32, EndReason, Reaction)> {
    TABLE.binary_search_by_key(&code, |row| row.0).ok().map(|at| &TABLE[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_sheet_has_its_row_and_is_found() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} comes before {}", pair[0].0, pair[1].0);
        }
        for (code, reason) in [
            (31486, EndReason::Busy),
            (31603, EndReason::Declined),
            (31480, EndReason::Unreachable),
            (31404, EndReason::NotInService),
            (31206, EndReason::RateLimited),
            (31107, EndReason::ConnectionLost),
            (31209, EndReason::ConnectionLost),
            (31204, EndReason::TwilioRefused),
            (31408, EndReason::TwilioFailed),
            (99999, EndReason::TwilioFailed),
        ] {
            assert_eq!(end_reason(code), reason, "{code}");
        }
    }

    #[test]
    fn normal_outcomes_are_no_failures_of_twilio() {
        for (code, fails) in
            [(31486, false), (31603, false), (31480, false), (31404, false), (31005, true), (31201, true)]
        {
            assert_eq!(end_reason(code).is_failure_of_twilio(), fails, "{code}");
        }
    }

    #[test]
    fn a_token_that_is_not_taken_is_renewed_and_an_account_that_is_not_is_left() {
        for code in [31202, 31204, 31205, 20101, 20104] {
            assert_eq!(reaction(code), Reaction::NewToken, "{code}");
        }
        for code in [31201, 31203, 31207, 31001] {
            assert_eq!(reaction(code), Reaction::Stop, "{code}");
        }
        assert_eq!(reaction(31486), Reaction::None);
        assert_eq!(reaction(51005), Reaction::Register);
    }
}
