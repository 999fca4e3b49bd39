//! Who somebody is: asking the server, and remembering the answer for a short while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use care4w_phone::{Care4wId, Destination, DialledNumber, Region};
use care4w_protocol::rest::{IdLookup, Match, PhoneLookup};
use reqwest::Method;

use crate::api::RequestError;
use crate::defaults::{LOOKUP_CACHE, LOOKUP_FOUND_FOR, LOOKUP_NOBODY_FOR};
use crate::session::Session;

/// Somebody who was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The id to call.
    pub care4w_id: Care4wId,
    /// The name to show.
    pub name: String,
    /// Whether it is the asking user.
    pub is_self: bool,
    /// Whether country and number matched, or the national number alone.
    pub matched: Match,
    /// Region of the number that was found; none for an id.
    pub region: Option<Region>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(<redacted>)")
    }
}

/// Answers that are still good. Reads no clock.
#[derive(Default)]
pub struct LookupCache {
    answers: HashMap<String, (Instant, Option<Person>)>,
}

impl LookupCache {
    /// The answer for a key, if it is still good: `Some(None)` is "nobody".
    pub fn get(&self, key: &str, now: Instant) -> Option<Option<Person>> {
        let (until, person) = self.answers.get(key)?;
        (now < *until).then(|| person.clone())
    }

    /// Keeps an answer.
    pub fn put(&mut self, key: String, person: Option<Person>, now: Instant) {
        if self.answers.len() >= LOOKUP_CACHE {
            self.answers.retain(|_, (until, _)| now < *until);
        }
        if self.answers.len() >= LOOKUP_CACHE
            && let Some(oldest) = self.answers.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| key.clone())
        {
            self.answers.remove(&oldest);
        }
        let good_for: Duration = if person.is_some() { LOOKUP_FOUND_FOR } else { LOOKUP_NOBODY_FOR };
        self.answers.insert(key, (now + good_for, person));
    }

    /// Forgets everything: somebody else signed in, or a number changed.
    pub fn clear(&mut self) {
        self.answers.clear();
    }
}

/// What an answer is kept under.
pub fn cache_key(destination: &Destination) -> String {
    match destination {
        Destination::Number(dialled) => {
            format!("{}{}", dialled.number.full(), if dialled.with_country { "!" } else { "?" })
        }
        Destination::Id(id) => id.to_string(),
    }
}

/// Asks the server. `Ok(None)`: nobody.
///
/// # Errors
/// [`RequestError`].
pub async fn ask(
    session: &Session,
    destination: &Destination,
    me: Option<&Care4wId>,
) -> Result<Option<Person>, RequestError> {
    match destination {
        // With a country the full number is asked for, which matches nothing else; without one the national form and the
        // region it was read in, so that the server may look further.
        Destination::Number(DialledNumber { number, with_country: true }) => {
            ask_by_number(session, number.full(), None, me).await
        }
        Destination::Number(DialledNumber { number, with_country: false }) => {
            ask_by_number(session, &number.national_format(), number.region(), me).await
        }
        Destination::Id(id) => {
            let text = id.to_string();
            let query = [("care4wId", text.as_str())];
            let answer: IdLookup = session.call(Method::GET, "users/lookup", &query, None::<&()>).await?;
            if !answer.exists {
                return Ok(None);
            }
            let care4w_id = answer.care4w_id.unwrap_or_else(|| id.clone());
            Ok(Some(Person {
                name: answer.display_name.unwrap_or_else(|| care4w_id.to_string()),
                is_self: me == Some(&care4w_id),
                matched: Match::Full,
                region: None,
                care4w_id,
            }))
        }
    }
}

/// Asks the server for whoever has the number that `text` is when it is read in `region`, or in some other country if it is
/// none there. `Ok(None)`: nobody.
///
/// # Errors
/// [`RequestError`].
pub async fn ask_by_number(
    session: &Session,
    text: &str,
    region: Option<Region>,
    me: Option<&Care4wId>,
) -> Result<Option<Person>, RequestError> {
    let region = region.map(Region::code);
    let mut query = vec![("phoneNumber", text)];
    query.extend(region.as_ref().map(|region| ("countryCode", region.as_str())));
    let answer: PhoneLookup = session.call(Method::GET, "users/lookup/phone", &query, None::<&()>).await?;
    let Some(care4w_id) = answer.care4w_id.filter(|_| answer.exists) else { return Ok(None) };
    Ok(Some(Person {
        name: answer.display_name.unwrap_or_else(|| care4w_id.to_string()),
        is_self: answer.is_self.unwrap_or(false) || me == Some(&care4w_id),
        matched: answer.matched.unwrap_or(Match::National),
        region: answer.region.and_then(|region| Region::parse(&region).ok()),
        care4w_id,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Person {
        Person {
            care4w_id: "care4w-ABC1234".parse().unwrap(),
            name: "Amina".into(),
            is_self: false,
            matched: Match::Full,
            region: None,
        }
    }

    #[test]
    fn who_was_found_is_remembered_longer_than_that_nobody_was() {
        let now = Instant::now();
        let mut cache = LookupCache::default();
        cache.put("a".into(), Some(person()), now);
        cache.put("b".into(), None, now);
        assert_eq!(cache.get("b", now), Some(None));
        assert_eq!(cache.get("b", now + LOOKUP_NOBODY_FOR), None);
        assert_eq!(cache.get("a", now + LOOKUP_NOBODY_FOR), Some(Some(person())));
        assert_eq!(cache.get("a", now + LOOKUP_FOUND_FOR), None);
    }

    #[test]
    fn a_full_cache_forgets_what_ends_first() {
        let now = Instant::now();
        let mut cache = LookupCache::default();
        for index in 0..LOOKUP_CACHE * 2 {
            cache.put(index.to_string(), Some(person()), now + Duration::from_millis(index as u64));
        }
        assert_eq!(cache.get("0", now), None);
        assert!(cache.get(&(LOOKUP_CACHE * 2 - 1).to_string(), now).is_some());
        assert!(cache.answers.len() <= LOOKUP_CACHE);
    }

    #[test]
    fn a_number_with_its_country_and_one_without_are_different_questions() {
        let region = Some(Region::KENYA);
        let with = Destination::parse("+254712345678", region).unwrap();
        let without = Destination::parse("0712345678", region).unwrap();
        assert_ne!(cache_key(&with), cache_key(&without));
    }
}
