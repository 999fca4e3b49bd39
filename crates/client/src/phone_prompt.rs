//! When the question "What's your phone number?" opens by itself.
//!
//! Invariant: it opens once per sign-in at most; never before the check has answered, never when the check failed
//! (offline is not "no number"), never while a call rings or runs (it waits), never when a number is set. It
//! closes by itself when a number is set anywhere; a number that waits for its code leaves it as it stands. A call that
//! begins while it is open puts it away until the call has ended: whoever rings must be seen. Who loses a claim or a
//! number is asked again, also who skipped it before: it is news. A dismissal is remembered before the question closes.
//!
//! Inputs, by who may send them:
//! - the session: [`Input::SignedIn`], [`Input::SignedOut`]
//! - the server's answer: [`Input::HasNumber`], [`Input::Pending`], [`Input::NoNumber`],
//!   [`Input::CheckFailed`]
//! - the line: [`Input::CallBegan`], [`Input::CallEnded`]
//! - the person: [`Input::Skip`], [`Input::Never`], [`Input::OpenFromSettings`], [`Input::Removed`]

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::defaults::PROMPT_AGAIN_AFTER_DAYS;

/// Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub u64);

/// What is remembered of an account's dismissals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Dismissal {
    /// "Skip for now", for the `times`-th time.
    Skipped {
        /// How often it was skipped.
        times: u32,
        /// From when on it may ask again.
        until: UnixTime,
    },
    /// "Don't ask again".
    Never,
}

const DAY: u64 = 24 * 60 * 60;

/// The longest that a skipped question stays away.
const LONGEST_DAYS: u64 = PROMPT_AGAIN_AFTER_DAYS[PROMPT_AGAIN_AFTER_DAYS.len() - 1];

impl Dismissal {
    fn holds(self, now: UnixTime) -> bool {
        match self {
            // One that was made while the clock was years ahead lasts no longer than any other.
            Self::Skipped { until, .. } => now < until && until.0 - now.0 <= LONGEST_DAYS * DAY,
            Self::Never => true,
        }
    }
}

/// What may happen to the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody signed in, or was signed in when the app started; with what is remembered of them.
    SignedIn(Option<Dismissal>),
    /// Nobody is signed in any more.
    SignedOut,
    /// The server says that a number is set.
    HasNumber,
    /// The server says that a number waits for its code.
    Pending,
    /// The server says that no number is set.
    NoNumber,
    /// The server could not be asked.
    CheckFailed,
    /// A call rings or runs.
    CallBegan,
    /// No call rings or runs any more.
    CallEnded,
    /// "Skip for now", Escape, or closing the modal.
    Skip,
    /// "Don't ask again".
    Never,
    /// The person asks for it.
    OpenFromSettings,
    /// The person gave the number up.
    Removed,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Show the modal.
    Open,
    /// Take the modal away.
    Close,
    /// Keep this for the account.
    Remember(Dismissal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Unknown,
    Set,
    Pending,
    NotSet,
}

/// The machine. Reads no clock, does no I/O.
#[derive(Debug)]
pub struct PhonePrompt {
    signed_in: bool,
    dismissal: Option<Dismissal>,
    number: Number,
    in_call: bool,
    asked: bool,
    open: bool,
    /// A call came while it was open.
    put_away: bool,
    /// Somebody else proved the number, and the person was not told yet.
    lost: bool,
    outputs: VecDeque<Output>,
}

impl Default for PhonePrompt {
    fn default() -> Self {
        Self {
            signed_in: false,
            dismissal: None,
            number: Number::Unknown,
            in_call: false,
            asked: false,
            open: false,
            put_away: false,
            lost: false,
            outputs: VecDeque::new(),
        }
    }
}

impl PhonePrompt {
    /// Whether the modal stands open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes one input. `now` is the wall clock: dismissals last over restarts.
    pub fn handle(&mut self, input: Input, now: UnixTime) {
        match input {
            Input::SignedIn(dismissal) => {
                self.close();
                self.lost = false;
                self.signed_in = true;
                self.dismissal = dismissal;
                self.number = Number::Unknown;
                self.asked = false;
            }
            Input::SignedOut => {
                self.close();
                self.signed_in = false;
                self.dismissal = None;
                self.number = Number::Unknown;
            }
            Input::HasNumber => {
                self.number = Number::Set;
                self.lost = false;
                self.close();
            }
            Input::Pending => {
                self.number = Number::Pending;
                self.lost = false;
            }
            Input::NoNumber => {
                // Somebody else proved the number that was held or claimed here.
                if matches!(self.number, Number::Set | Number::Pending) {
                    self.asked = false;
                    self.lost = true;
                }
                self.number = Number::NotSet;
            }
            Input::CheckFailed => {}
            // Each news of the call comes as this; the person may have opened the question during the call.
            Input::CallBegan if self.in_call => {}
            Input::CallBegan => {
                self.in_call = true;
                let was_open = self.open;
                self.close();
                self.put_away = was_open;
            }
            Input::CallEnded => {
                self.in_call = false;
                if self.put_away {
                    self.open();
                }
            }
            Input::Skip if self.open => {
                let times = match self.dismissal {
                    Some(Dismissal::Skipped { times, .. }) => times.saturating_add(1),
                    Some(Dismissal::Never) | None => 1,
                };
                let step = (times as usize - 1).min(PROMPT_AGAIN_AFTER_DAYS.len() - 1);
                let until = UnixTime(now.0.saturating_add(PROMPT_AGAIN_AFTER_DAYS[step] * DAY));
                // Who said "don't ask again" and then opened it from settings has not taken that back.
                if self.dismissal != Some(Dismissal::Never) && self.number != Number::Set {
                    self.remember(Dismissal::Skipped { times, until });
                }
                self.close();
            }
            Input::Never if self.open => {
                self.remember(Dismissal::Never);
                self.close();
            }
            Input::Skip | Input::Never => {}
            // They know that they have none, and need not be asked.
            Input::Removed => {
                self.asked = true;
                self.number = Number::Unknown;
            }
            Input::OpenFromSettings => {
                if self.signed_in && !self.open {
                    self.asked = true;
                    self.open();
                }
            }
        }
        self.open_if_due(now);
    }

    /// What is to be done next, until there is nothing.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn open_if_due(&mut self, now: UnixTime) {
        let dismissed = match self.dismissal {
            Some(Dismissal::Skipped { .. }) if self.lost => false,
            dismissal => dismissal.is_some_and(|dismissal| dismissal.holds(now)),
        };
        let due = self.signed_in
            && matches!(self.number, Number::NotSet | Number::Pending)
            && !dismissed
            && !self.asked
            && !self.in_call;
        if due && !self.open {
            self.asked = true;
            self.open();
        }
    }

    fn open(&mut self) {
        self.put_away = false;
        self.lost = false;
        self.open = true;
        self.outputs.push_back(Output::Open);
    }

    fn close(&mut self) {
        self.put_away = false;
        if std::mem::take(&mut self.open) {
            self.outputs.push_back(Output::Close);
        }
    }

    fn remember(&mut self, dismissal: Dismissal) {
        self.dismissal = Some(dismissal);
        self.outputs.push_back(Output::Remember(dismissal));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn after(inputs: &[Input]) -> PhonePrompt {
        let mut prompt = PhonePrompt::default();
        for &input in inputs {
            prompt.handle(input, NOW);
        }
        prompt
    }

    #[test]
    fn it_opens_by_itself_when_the_server_says_that_there_is_no_number() {
        assert!(after(&[Input::SignedIn(None), Input::NoNumber]).is_open());
    }

    #[test]
    fn it_does_not_open_before_the_check_has_answered() {
        assert!(!after(&[Input::SignedIn(None)]).is_open());
    }

    #[test]
    fn being_offline_is_not_having_no_number() {
        assert!(!after(&[Input::SignedIn(None), Input::CheckFailed]).is_open());
    }

    #[test]
    fn it_does_not_open_when_a_number_is_set_even_if_an_old_dismissal_ran_out() {
        let old = Dismissal::Skipped { times: 1, until: UnixTime(NOW.0 - 1) };
        assert!(!after(&[Input::SignedIn(Some(old)), Input::HasNumber]).is_open());
    }

    #[test]
    fn it_waits_for_a_call_to_end() {
        let mut prompt = after(&[Input::SignedIn(None), Input::CallBegan, Input::NoNumber]);
        assert!(!prompt.is_open(), "it must not open over a ringing or running call");
        prompt.handle(Input::CallEnded, NOW);
        assert!(prompt.is_open());
    }

    #[test]
    fn a_call_that_begins_puts_it_away_until_the_call_has_ended() {
        let mut prompt = after(&[Input::SignedIn(None), Input::NoNumber, Input::CallBegan]);
        assert!(!prompt.is_open(), "whoever rings must be seen");
        prompt.handle(Input::CallBegan, NOW);
        assert!(!prompt.is_open());
        prompt.handle(Input::CallEnded, NOW);
        assert!(prompt.is_open(), "nobody has answered it");
        prompt.handle(Input::CallBegan, NOW);
        prompt.handle(Input::HasNumber, NOW);
        prompt.handle(Input::CallEnded, NOW);
        assert!(!prompt.is_open(), "it was answered elsewhere during the call");
    }

    #[test]
    fn who_opens_it_during_a_call_keeps_it() {
        let mut prompt = after(&[Input::SignedIn(None), Input::HasNumber, Input::CallBegan, Input::OpenFromSettings]);
        prompt.handle(Input::CallBegan, NOW);
        assert!(prompt.is_open());
    }

    #[test]
    fn it_opens_once_per_sign_in() {
        let mut prompt = after(&[Input::SignedIn(None), Input::NoNumber, Input::Skip]);
        prompt.handle(Input::NoNumber, UnixTime(NOW.0 + 365 * DAY));
        assert!(!prompt.is_open());
    }

    #[test]
    fn skipping_is_remembered_for_7_then_30_then_90_days() {
        let mut dismissal = None;
        for (times, days) in [(1, 7), (2, 30), (3, 90), (4, 90)] {
            let mut prompt = after(&[Input::SignedIn(dismissal), Input::NoNumber]);
            // The earlier dismissal has run out by now.
            if !prompt.is_open() {
                prompt.handle(Input::OpenFromSettings, NOW);
            }
            prompt.handle(Input::Skip, NOW);
            let remembered = std::iter::from_fn(|| prompt.poll()).find_map(|output| match output {
                Output::Remember(dismissal) => Some(dismissal),
                _ => None,
            });
            assert_eq!(remembered, Some(Dismissal::Skipped { times, until: UnixTime(NOW.0 + days * DAY) }));
            dismissal = remembered;
        }
    }

    #[test]
    fn a_skipped_prompt_comes_back_when_its_time_has_passed_and_not_before() {
        let skipped = Some(Dismissal::Skipped { times: 1, until: UnixTime(NOW.0 + 7 * DAY) });
        let mut prompt = PhonePrompt::default();
        prompt.handle(Input::SignedIn(skipped), UnixTime(NOW.0 + 7 * DAY - 1));
        prompt.handle(Input::NoNumber, UnixTime(NOW.0 + 7 * DAY - 1));
        assert!(!prompt.is_open());
        prompt.handle(Input::SignedIn(skipped), UnixTime(NOW.0 + 7 * DAY));
        prompt.handle(Input::NoNumber, UnixTime(NOW.0 + 7 * DAY));
        assert!(prompt.is_open());
    }

    #[test]
    fn who_skipped_while_the_clock_was_years_ahead_is_asked_again_once_it_is_right() {
        let ahead = Dismissal::Skipped { times: 1, until: UnixTime(NOW.0 + 10 * 365 * DAY) };
        assert!(after(&[Input::SignedIn(Some(ahead)), Input::NoNumber]).is_open());
    }

    #[test]
    fn dont_ask_again_is_for_good_but_settings_always_offers_the_number() {
        let mut prompt = after(&[Input::SignedIn(Some(Dismissal::Never)), Input::NoNumber]);
        assert!(!prompt.is_open());
        prompt.handle(Input::OpenFromSettings, NOW);
        assert!(prompt.is_open());
        prompt.handle(Input::Skip, NOW);
        assert!(!std::iter::from_fn(|| prompt.poll()).any(|output| matches!(output, Output::Remember(_))));
    }

    #[test]
    fn it_closes_by_itself_when_the_number_is_set_on_another_device() {
        let mut prompt = after(&[Input::SignedIn(None), Input::NoNumber, Input::HasNumber]);
        let outputs: Vec<_> = std::iter::from_fn(|| prompt.poll()).collect();
        assert_eq!(outputs, [Output::Open, Output::Close]);
    }

    #[test]
    fn a_number_that_waits_for_its_code_leaves_the_question_open_until_it_is_proved() {
        let mut prompt = after(&[Input::SignedIn(None), Input::NoNumber, Input::Pending]);
        assert!(prompt.is_open());
        prompt.handle(Input::HasNumber, NOW);
        assert!(!prompt.is_open());
        assert!(after(&[Input::SignedIn(None), Input::Pending]).is_open(), "it asks for the code at the next start");
    }

    #[test]
    fn a_claim_from_settings_stays_open_for_its_code_and_a_skipped_one_closes() {
        let mut prompt = after(&[Input::SignedIn(None), Input::HasNumber, Input::OpenFromSettings, Input::Pending]);
        assert!(prompt.is_open());
        prompt.handle(Input::Skip, NOW);
        assert!(!prompt.is_open());
        prompt.handle(Input::Pending, NOW);
        assert!(!prompt.is_open(), "once per sign-in");
    }

    #[test]
    fn who_loses_their_number_is_asked_again() {
        for mut prompt in [
            after(&[Input::SignedIn(None), Input::NoNumber, Input::HasNumber]),
            after(&[Input::SignedIn(None), Input::Pending, Input::Pending]),
        ] {
            prompt.handle(Input::NoNumber, NOW);
            assert!(prompt.is_open());
        }
        let mut skipped = after(&[Input::SignedIn(None), Input::Pending, Input::Skip]);
        assert!(!skipped.is_open());
        skipped.handle(Input::NoNumber, NOW);
        assert!(skipped.is_open(), "who skipped the code is told that somebody else had it");
        let mut never = after(&[Input::SignedIn(None), Input::Pending, Input::Never]);
        never.handle(Input::NoNumber, NOW);
        assert!(!never.is_open(), "who said never is not asked");
        let mut removed = after(&[Input::SignedIn(None), Input::NoNumber, Input::HasNumber, Input::Removed]);
        removed.handle(Input::NoNumber, NOW);
        assert!(!removed.is_open(), "who removed it themselves is not asked");
    }

    fn any_input() -> impl Strategy<Value = Input> {
        prop_oneof![
            Just(Input::SignedIn(None)),
            Just(Input::SignedIn(Some(Dismissal::Never))),
            (0..5u32, NOW.0 - 9 * DAY..NOW.0 + 9 * DAY)
                .prop_map(|(times, until)| Input::SignedIn(Some(Dismissal::Skipped { times, until: UnixTime(until) }))),
            Just(Input::SignedOut),
            Just(Input::HasNumber),
            Just(Input::NoNumber),
            Just(Input::Pending),
            Just(Input::Removed),
            Just(Input::CheckFailed),
            Just(Input::CallBegan),
            Just(Input::CallEnded),
            Just(Input::Skip),
            Just(Input::Never),
            Just(Input::OpenFromSettings),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_it_opens_by_itself_once_per_sign_in_and_never_over_a_call_or_a_number(
            inputs in prop::collection::vec(any_input(), 0..60)
        ) {
            let mut prompt = PhonePrompt::default();
            let (mut opened, mut in_call, mut has_number, mut signed_in, mut may_lose) = (0, false, false, false, false);
            // A question that a call put away is the same one when it comes back.
            let mut comes_back = false;
            for input in inputs {
                let back = comes_back && input == Input::CallEnded;
                comes_back = match input {
                    Input::CallBegan => comes_back || prompt.is_open() && !in_call,
                    Input::CallEnded | Input::HasNumber | Input::SignedIn(_) | Input::SignedOut => false,
                    Input::OpenFromSettings => false,
                    _ => comes_back,
                };
                match input {
                    Input::SignedIn(_) => { opened = 0; has_number = false; may_lose = false; signed_in = true; }
                    Input::SignedOut => { signed_in = false; has_number = false; may_lose = false; }
                    Input::HasNumber => (has_number, may_lose) = (true, true),
                    Input::NoNumber => {
                        if may_lose { opened = 0; }
                        (has_number, may_lose) = (false, false);
                    }
                    Input::Pending => (has_number, may_lose) = (false, true),
                    Input::Removed => (has_number, may_lose) = (false, false),
                    Input::CallBegan => in_call = true,
                    Input::CallEnded => in_call = false,
                    _ => {}
                }
                prompt.handle(input, NOW);
                while let Some(output) = prompt.poll() {
                    if output == Output::Open && input != Input::OpenFromSettings && !back {
                        opened += 1;
                        prop_assert!(!in_call && !has_number && signed_in);
                    }
                }
                prop_assert!(opened <= 1);
            }
        }
    }
}
