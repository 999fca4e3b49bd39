//! Looking people up, calling them, and being in a call.

use std::sync::atomic::Ordering;
use std::time::Instant;

use care4w_audio::{DeviceSelector, Levels};
use care4w_calls::{BackendName, Callee, EndReason, LineError};
use care4w_phone::{Care4wId, Destination, PhoneNumber, Region};
use care4w_protocol::CallId;

use super::{Phone, read_region};
use crate::Problem;
use crate::app_state::{ConnectionState, SessionStatus};
use crate::dialling::{Verdict, read, verdict};
use crate::lookup::{Person, ask, cache_key};
use crate::preview::{DialPreview, dial_field};
use crate::routing::{self, Found as Asked, Route, TwilioVoice, Ways};

impl From<LineError> for Problem {
    fn from(error: LineError) -> Self {
        Problem::new(error.code(), error.to_string())
    }
}

/// Who would be called, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// What was typed, as it was read; `None` for a number of some other country, where nobody can tell of which.
    pub destination: Option<Destination>,
    /// Which way the call would take.
    pub route: Route,
    /// Who it is; `None`: nobody uses Care4W with that number or id.
    pub person: Option<Person>,
    /// Whether a call would ask first ([`Verdict::Confirm`]).
    pub confirm: bool,
}

impl Phone {
    /// What the dialler's field shows after a key or a paste.
    ///
    /// # Errors
    /// `INVALID_COUNTRY`.
    pub fn dial_preview(&self, text: &str, country: &str, caret: u32) -> Result<DialPreview, Problem> {
        Ok(dial_field(text, Some(read_region(country)?), caret))
    }

    /// Who would be called. A number without a country is read in `country`, else in the dialler's region.
    ///
    /// # Errors
    /// The destination's own code (`TOO_SHORT`, `EMERGENCY_NUMBER`, …), `RATE_LIMITED`, `OFFLINE`, `SIGNED_OUT`, …
    pub async fn lookup(&self, text: &str, country: Option<&str>) -> Result<Found, Problem> {
        let region = self.region(country)?;
        let destination = match read(text, Some(region)) {
            Ok(destination) => destination,
            Err(reason) => return self.lookup_abroad(text, region, reason).await,
        };
        let person = self.find(&destination).await?;
        let confirm = person.as_ref().is_some_and(|person| verdict(&destination, person, false) == Verdict::Confirm);
        let asked = asked(&destination, person.as_ref(), false);
        let ways = routing::ways(&destination, self.twilio_voice(), self.inner.state.borrow().free_calls, asked);
        let route = ways.map_or_else(|_| routing::route(self.twilio_voice()), |ways| ways.first);
        Ok(Found { destination: Some(destination), route, person, confirm })
    }

    /// Calls a number or id. Returns as soon as the call exists.
    ///
    /// # Errors
    /// As [`Phone::lookup`], and `NOT_FOUND`, `SELF`, `CONFIRM_OTHER_COUNTRY` (ask by name, then call again with
    /// `confirmed`), `LINE_BUSY`, `NOT_AVAILABLE`.
    pub async fn dial(&self, text: &str, country: Option<&str>, confirmed: bool) -> Result<CallId, Problem> {
        let region = self.region(country)?;
        let destination = match read(text, Some(region)) {
            Ok(destination) => destination,
            Err(reason) => return self.dial_abroad(text, region, reason, confirmed).await,
        };
        self.can_call()?;
        self.know_server().await?;
        let twilio = self.twilio_voice();
        let found = self.find(&destination).await;
        let (person, asked) = match (found, twilio) {
            (Ok(person), _) => {
                let asked = asked(&destination, person.as_ref(), confirmed);
                (person, asked)
            }
            (Err(problem), TwilioVoice::NotActive) => return Err(problem),
            // Twilio dials the number itself; only the name and the other way are missing.
            (Err(problem), TwilioVoice::Active) => {
                tracing::debug!(code = problem.code, "nobody could be asked whose number it is");
                (None, Asked::Unknown)
            }
        };
        let ways = routing::ways(&destination, twilio, self.inner.state.borrow().free_calls, asked)
            .map_err(|no_way| no_way.problem(&destination))?;
        let (detail, number) = match &destination {
            Destination::Number(dialled) => (dialled.number.international(), Some(dialled.number.clone())),
            Destination::Id(id) => (id.to_string(), None),
        };
        if ways.uses(Route::P2p)
            && let Some(person) = person
        {
            let verdict = verdict(&destination, &person, confirmed);
            return self.ring(person, number, detail, verdict, ways).await;
        }
        if asked == Asked::Somebody(Verdict::Oneself) {
            return Err(oneself());
        }
        let care4w_id = match &destination {
            Destination::Id(id) => Some(id.clone()),
            Destination::Number(_) => None,
        };
        let callee = Callee { care4w_id, number, name: detail.clone(), detail };
        Ok(self.inner.line.dial_by(callee, ways.first.into(), ways.then.map(BackendName::from)).await?)
    }

    /// Which way calls go is the server's word: it is asked if it has not been.
    async fn know_server(&self) -> Result<(), Problem> {
        if !self.inner.knows_server.load(Ordering::SeqCst) {
            self.inner.ask_config().await?;
        }
        Ok(())
    }

    /// Whether this phone can call at all now.
    pub(super) fn can_call(&self) -> Result<(), Problem> {
        let state = self.inner.state.borrow();
        if state.session.status != SessionStatus::SignedIn {
            return Err(Problem::new("SIGNED_OUT", "Sign in to call."));
        }
        if state.connection == ConnectionState::Offline {
            return Err(Problem::new("OFFLINE", "You're offline. Calls will work when you're back."));
        }
        Ok(())
    }

    /// Rings somebody, if they may ring at once. `detail` stands under their name, `number` is what was dialled.
    pub(super) async fn ring(
        &self,
        person: Person,
        number: Option<PhoneNumber>,
        detail: String,
        verdict: Verdict,
        ways: Ways,
    ) -> Result<CallId, Problem> {
        match verdict {
            Verdict::Ring => {}
            Verdict::Oneself => return Err(oneself()),
            Verdict::Confirm => {
                let place = person.region.map_or_else(|| "another country".to_owned(), |region| region.code());
                let sentence = format!("This number belongs to {} in {place}. Call anyway?", person.name);
                return Err(Problem::new("CONFIRM_OTHER_COUNTRY", sentence));
            }
        }
        self.expect(&person.care4w_id);
        let callee = Callee { care4w_id: Some(person.care4w_id), number, name: person.name, detail };
        Ok(self.inner.line.dial_by(callee, ways.first.into(), ways.then.map(BackendName::from)).await?)
    }

    /// Somebody will be called: a call of theirs gets through from now on, on a phone that takes no others too.
    pub fn expect(&self, care4w_id: &Care4wId) {
        *self.inner.calling.lock().expect("no one panics with the callee locked") = Some(care4w_id.clone());
    }

    /// Takes the call that rings here.
    ///
    /// # Errors
    /// `NO_CALL` when it rings no more.
    pub async fn accept(&self, call: CallId) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.accept().await?)
    }

    /// Does not take the call that rings here.
    ///
    /// # Errors
    /// `NO_CALL`.
    pub async fn decline(&self, call: CallId) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.decline().await?)
    }

    /// Hangs up or cancels.
    ///
    /// # Errors
    /// `NO_CALL`.
    pub async fn hang_up(&self, call: CallId) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.hang_up().await?)
    }

    /// Ends whatever call there is, for a reason that is not the person's.
    ///
    /// # Errors
    /// `NO_CALL`.
    pub async fn end_call(&self, reason: EndReason) -> Result<(), Problem> {
        Ok(self.inner.line.end(reason).await?)
    }

    /// Mutes the microphone, or opens it again.
    ///
    /// # Errors
    /// `NO_CALL`.
    pub async fn set_muted(&self, call: CallId, muted: bool) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.set_muted(muted).await?)
    }

    /// Sends dialled digits.
    ///
    /// # Errors
    /// `NO_CALL`, `INVALID_DIGITS`.
    pub async fn send_digits(&self, call: CallId, digits: &str) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.send_digits(digits).await?)
    }

    /// Takes the picture of an ended call away.
    ///
    /// # Errors
    /// `NO_CALL`.
    pub async fn dismiss(&self, call: CallId) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.dismiss().await?)
    }

    /// How loud both directions are; `None` without a call.
    pub async fn levels(&self) -> Option<Levels> {
        self.inner.line.levels().await
    }

    /// Chooses the microphone, of a running call too.
    ///
    /// # Errors
    /// `DEVICE_FAILED`; the old one goes on.
    pub async fn set_microphone(&self, microphone: DeviceSelector) -> Result<(), Problem> {
        Ok(self.inner.line.set_microphone(microphone).await?)
    }

    /// Chooses the speaker, of a running call too.
    ///
    /// # Errors
    /// `DEVICE_FAILED`; the old one goes on.
    pub async fn set_speaker(&self, speaker: DeviceSelector) -> Result<(), Problem> {
        Ok(self.inner.line.set_speaker(speaker).await?)
    }

    pub(super) fn is_current(&self, call: CallId) -> Result<(), Problem> {
        let current = self.inner.line.view().borrow().as_ref().map(|view| view.id);
        if current == Some(call) { Ok(()) } else { Err(LineError::NoCall.into()) }
    }

    pub(super) fn region(&self, country: Option<&str>) -> Result<Region, Problem> {
        match country {
            Some(country) => read_region(country),
            None => read_region(&self.inner.state.borrow().country),
        }
    }

    pub(super) async fn find(&self, destination: &Destination) -> Result<Option<Person>, Problem> {
        let key = cache_key(destination);
        let cached = self.lookups().get(&key, Instant::now());
        if let Some(person) = cached {
            return Ok(person);
        }
        let me = self.own_id();
        let person = ask(&self.inner.session, destination, me.as_ref()).await?;
        self.lookups().put(key, person.clone(), Instant::now());
        Ok(person)
    }

    pub(super) fn own_id(&self) -> Option<Care4wId> {
        self.inner.session.user().borrow().as_ref().map(|user| user.care4w_id.clone())
    }

    pub(super) fn lookups(&self) -> std::sync::MutexGuard<'_, crate::lookup::LookupCache> {
        self.inner.lookups.lock().expect("no one panics with the lookups locked")
    }
}

fn asked(destination: &Destination, person: Option<&Person>, confirmed: bool) -> Asked {
    person.map_or(Asked::Nobody, |person| Asked::Somebody(verdict(destination, person, confirmed)))
}

fn oneself() -> Problem {
    Problem::new("SELF", "That's you. Call somebody else.")
}
