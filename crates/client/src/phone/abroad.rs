//! Numbers typed without a country that are none where they were typed: the server looks for them in every country, and
//! whoever it finds is named before their phone rings.

use std::time::Instant;

use care4w_phone::{NumberAbroad, Region};
use care4w_protocol::CallId;

use super::Phone;
use super::calling::Found;
use crate::Problem;
use crate::dialling::Verdict;
use crate::lookup::{Person, ask_by_number};
use crate::routing::{Route, TwilioVoice, Ways, route};

impl Phone {
    /// Who would be called by a text that is no number in `region`, which is why: `reason`.
    pub(super) async fn lookup_abroad(&self, text: &str, region: Region, reason: Problem) -> Result<Found, Problem> {
        let person = self.find_abroad(text, region, reason).await?;
        let confirm = !person.is_self;
        Ok(Found { destination: None, route: route(self.twilio_voice()), person: Some(person), confirm })
    }

    /// Calls them, confirmed by name and country.
    pub(super) async fn dial_abroad(
        &self,
        text: &str,
        region: Region,
        reason: Problem,
        confirmed: bool,
    ) -> Result<CallId, Problem> {
        // Twilio would dial it as it is, which is no number here.
        if self.twilio_voice() != TwilioVoice::NotActive || NumberAbroad::read(text, region).is_err() {
            return Err(reason);
        }
        self.can_call()?;
        let person = self.find_abroad(text, region, reason).await?;
        let verdict = match confirmed {
            _ if person.is_self => Verdict::Oneself,
            true => Verdict::Ring,
            false => Verdict::Confirm,
        };
        self.ring(person, None, text.trim().to_owned(), verdict, Ways::only(Route::P2p)).await
    }

    /// What is a number nowhere is not asked about; of what nobody has abroad either the person is told why it is none here.
    async fn find_abroad(&self, text: &str, region: Region, reason: Problem) -> Result<Person, Problem> {
        if NumberAbroad::read(text, region).is_err() {
            return Err(reason);
        }
        let key = format!("{} {text}", region.code());
        let cached = self.lookups().get(&key, Instant::now());
        let person = match cached {
            Some(person) => person,
            None => {
                let me = self.own_id();
                let person = ask_by_number(&self.inner.session, text, Some(region), me.as_ref()).await?;
                self.lookups().put(key, person.clone(), Instant::now());
                person
            }
        };
        person.ok_or(reason)
    }
}
