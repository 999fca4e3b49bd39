use care4w_phone::{Care4wId, PhoneNumber};
use serde_json::{Map, Value};

use super::refusals::Reason;
use crate::accounts;
use crate::clock;
use crate::store::{AccountId, BroughtAccount, Claims, HeldNumber, UnixMs};

/// What an import takes for granted.
#[derive(Clone, Copy, Debug)]
pub struct Assumed {
    /// Whether numbers count as proved.
    pub numbers_proved: bool,
    /// When accounts were created of which the file does not say it.
    pub now: UnixMs,
}

/// A document that is no user.
#[derive(Debug, Default)]
pub struct Refused {
    /// All the reasons.
    pub reasons: Vec<Reason>,
    /// What could be read of it, which may be a reason too.
    pub claims: Box<Claims>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reasons: vec![reason], claims: Box::default() }
    }
}

/// Reads a user of the web app. What is not named here is passed over.
pub fn read(text: &[u8], assumed: Assumed) -> Result<BroughtAccount, Refused> {
    let whole = |code, reason| Refused::from(Reason { field: "(document)", code, reason });
    let Ok(document) = serde_json::from_slice::<Value>(text) else {
        return Err(whole("NOT_JSON", "This is not JSON.".to_owned()));
    };
    let Value::Object(document) = document else {
        return Err(whole("NOT_AN_OBJECT", "This is not an object.".to_owned()));
    };
    let mut reasons = Vec::new();
    let mut keep = |reason| reasons.push(reason);
    let id = id(&document).map_err(&mut keep).ok();
    let email = email(&document).map_err(&mut keep).ok();
    let display_name = display_name(&document).map_err(&mut keep).ok();
    let care4w_id = care4w_id(&document).map_err(&mut keep).ok();
    let phone = phone(&document).map_err(&mut keep).ok();
    let active = active(&document).map_err(&mut keep).ok();
    let created_at = created_at(&document, assumed.now).map_err(&mut keep).ok();
    if let (Some(id), Some(email), Some(display_name), Some(care4w_id), Some(phone), Some(active), Some(created_at)) =
        (id, &email, display_name, &care4w_id, &phone, active, created_at)
    {
        let (email, care4w_id) = (email.clone(), care4w_id.clone());
        let phone = phone.clone().map(|number| (number, assumed.numbers_proved));
        return Ok(BroughtAccount { id, email, display_name, care4w_id, phone, active, created_at });
    }
    let claims = Claims { id, email, care4w_id, phone: phone.flatten() };
    Err(Refused { reasons, claims: Box::new(claims) })
}

fn reason(field: &'static str, code: &'static str, reason: impl Into<String>) -> Reason {
    Reason { field, code, reason: reason.into() }
}

fn missing(field: &'static str) -> Reason {
    reason(field, "MISSING", "This field is missing.")
}

fn wrong_type(field: &'static str, wanted: &str) -> Reason {
    reason(field, "WRONG_TYPE", format!("This field is {wanted}."))
}

/// The field's value; `null` is as good as none.
fn given<'a>(document: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    document.get(field).filter(|value| !value.is_null())
}

fn text<'a>(document: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, Reason> {
    given(document, field).ok_or_else(|| missing(field))?.as_str().ok_or_else(|| wrong_type(field, "a text"))
}

fn id(document: &Map<String, Value>) -> Result<AccountId, Reason> {
    const FIELD: &str = "_id";
    let value = given(document, FIELD).ok_or_else(|| missing(FIELD))?;
    let text = value.get("$oid").unwrap_or(value).as_str();
    let wrong = || reason(FIELD, "INVALID_ID", "An id has 24 hexadecimal digits, as text or as {\"$oid\": …}.");
    text.and_then(AccountId::parse).ok_or_else(wrong)
}

fn email(document: &Map<String, Value>) -> Result<String, Reason> {
    const FIELD: &str = "email";
    accounts::email(text(document, FIELD)?)
        .map_err(|_| reason(FIELD, "INVALID_EMAIL", "This is not an e-mail address."))
}

fn display_name(document: &Map<String, Value>) -> Result<String, Reason> {
    const FIELD: &str = "displayName";
    let name = text(document, FIELD)?;
    if name.trim().is_empty() {
        return Err(reason(FIELD, "EMPTY_NAME", "The name is empty."));
    }
    let wrong = |_| reason(FIELD, "INVALID_NAME", "A name has 1 to 80 characters and no control characters.");
    accounts::display_name(name).map_err(wrong)
}

fn care4w_id(document: &Map<String, Value>) -> Result<Care4wId, Reason> {
    const FIELD: &str = "care4wId";
    let wrong = "A Care4W id is care4w- followed by 4 to 16 letters or digits.";
    Care4wId::parse(text(document, FIELD)?).map_err(|_| reason(FIELD, "INVALID_CARE4W_ID", wrong))
}

fn active(document: &Map<String, Value>) -> Result<bool, Reason> {
    const FIELD: &str = "isActive";
    given(document, FIELD).map_or(Ok(true), |value| value.as_bool().ok_or_else(|| wrong_type(FIELD, "true or false")))
}

/// MongoDB's extended JSON, relaxed or canonical, a plain RFC 3339 text, or milliseconds since 1970.
fn created_at(document: &Map<String, Value>, now: UnixMs) -> Result<UnixMs, Reason> {
    const FIELD: &str = "createdAt";
    let Some(value) = given(document, FIELD) else { return Ok(now) };
    let value = value.get("$date").unwrap_or(value);
    let value = value.get("$numberLong").unwrap_or(value);
    let at = match value {
        Value::String(text) => clock::parse_rfc3339(text).or_else(|| text.parse().ok()),
        value => value.as_i64(),
    };
    // Year 1 to 9999, which is what a time can be written as.
    at.filter(|at| (-62_135_596_800_000..=253_402_300_799_999).contains(at))
        .ok_or_else(|| reason(FIELD, "INVALID_TIME", "A time looks like {\"$date\": \"2026-01-05T08:15:00Z\"}."))
}

/// The number with its three fields, which must say the same.
fn phone(document: &Map<String, Value>) -> Result<Option<HeldNumber>, Reason> {
    const FIELD: &str = "personalPhoneNumber";
    const FULL: &str = "personalPhoneNumber.full";
    const NATIONAL: &str = "personalPhoneNumber.national";
    const COUNTRY: &str = "personalPhoneNumber.countryCode";
    let Some(value) = given(document, FIELD) else { return Ok(None) };
    let Value::Object(parts) = value else { return Err(wrong_type(FIELD, "an object or null")) };
    let full = given(parts, "full").ok_or_else(|| missing(FULL))?.as_str().ok_or_else(|| wrong_type(FULL, "a text"))?;
    if !full.trim_start().starts_with('+') {
        return Err(reason(FULL, "INVALID_PHONE", "A full number begins with + and its country's calling code."));
    }
    let number = PhoneNumber::parse(full, None).map_err(|error| reason(FULL, error.code(), error.to_string()))?;
    let number = HeldNumber::from(&number);
    let disagree = |field, with| reason(field, "INCONSISTENT", format!("This does not go with {with}."));
    let national = given(parts, "national").ok_or_else(|| missing(NATIONAL))?;
    if national.as_str().ok_or_else(|| wrong_type(NATIONAL, "a text"))? != number.national {
        return Err(disagree(NATIONAL, "personalPhoneNumber.full"));
    }
    let country = given(parts, "countryCode").ok_or_else(|| missing(COUNTRY))?;
    let code = match country {
        Value::String(text) => text.strip_prefix('+').unwrap_or(text).parse().ok(),
        value => value.as_u64(),
    };
    if code != Some(u64::from(number.country_code)) {
        return Err(disagree(COUNTRY, "personalPhoneNumber.full"));
    }
    Ok(Some(number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const ASSUMED: Assumed = Assumed { numbers_proved: true, now: 77 };

    fn amina() -> Value {
        json!({"_id": {"$oid": "65c1f2a0b1c2d3e4f5a60001"}, "email": "Amina@example.org", "displayName": "Amina Wanjiru",
            "role": "admin", "passwordHash": "hush", "care4wId": "Care4W-abc1001", "isActive": true,
            "personalPhoneNumber": {"full": "+254712345678", "national": "712345678", "countryCode": "254"},
            "createdAt": {"$date": "2026-01-05T08:15:00Z"}})
    }

    fn with(field: &str, value: Value) -> Result<BroughtAccount, Refused> {
        let mut document = amina();
        document[field] = value;
        read(document.to_string().as_bytes(), ASSUMED)
    }

    fn refused(field: &str, value: Value) -> Vec<(&'static str, &'static str)> {
        with(field, value).unwrap_err().reasons.iter().map(|reason| (reason.field, reason.code)).collect()
    }

    #[test]
    fn a_user_keeps_ids_name_number_and_time() {
        let user = read(amina().to_string().as_bytes(), ASSUMED).unwrap();
        assert_eq!(user.id.to_string(), "65c1f2a0b1c2d3e4f5a60001");
        assert_eq!((user.email.as_str(), user.display_name.as_str()), ("amina@example.org", "Amina Wanjiru"));
        assert_eq!(user.care4w_id.as_str(), "care4w-ABC1001");
        assert_eq!(clock::rfc3339(user.created_at), "2026-01-05T08:15:00Z");
        let (number, proved) = user.phone.unwrap();
        assert_eq!(
            (number.full.as_str(), number.national.as_str(), number.country_code),
            ("+254712345678", "712345678", 254)
        );
        assert!(proved && user.active);
    }

    #[test]
    fn what_may_be_missing_may_be_missing() {
        assert!(with("personalPhoneNumber", Value::Null).unwrap().phone.is_none());
        assert_eq!(with("createdAt", Value::Null).unwrap().created_at, 77);
        assert!(with("isActive", Value::Null).unwrap().active && !with("isActive", json!(false)).unwrap().active);
        for time in [json!("2026-01-05T11:15:00+03:00"), json!({"$date": {"$numberLong": "1767600900000"}})] {
            assert_eq!(with("createdAt", time).unwrap().created_at, 1_767_600_900_000);
        }
    }

    #[test]
    fn every_field_that_is_wrong_is_named_with_a_reason() {
        assert_eq!(refused("_id", json!(5)), [("_id", "INVALID_ID")]);
        assert_eq!(refused("_id", Value::Null), [("_id", "MISSING")]);
        assert_eq!(refused("email", json!("not-an-address")), [("email", "INVALID_EMAIL")]);
        assert_eq!(refused("email", json!(["a@b.c"])), [("email", "WRONG_TYPE")]);
        assert_eq!(refused("displayName", json!(" ")), [("displayName", "EMPTY_NAME")]);
        assert_eq!(refused("displayName", json!("\u{202e}evil")), [("displayName", "INVALID_NAME")]);
        assert_eq!(refused("care4wId", json!("abc")), [("care4wId", "INVALID_CARE4W_ID")]);
        assert_eq!(refused("isActive", json!("no")), [("isActive", "WRONG_TYPE")]);
        for time in [json!("yesterday"), json!(1e30), json!(i64::MAX), json!({})] {
            assert_eq!(refused("createdAt", time), [("createdAt", "INVALID_TIME")]);
        }
        let sample = json!({"_id": {"$oid": "65c1f2a0b1c2d3e4f5a60004"}, "email": "not-an-address", "displayName": "",
            "care4wId": "care4w-1000001"});
        let Refused { reasons, claims } = read(sample.to_string().as_bytes(), ASSUMED).unwrap_err();
        assert_eq!(reasons.iter().map(|reason| reason.field).collect::<Vec<_>>(), ["email", "displayName"]);
        assert_eq!(claims.care4w_id.unwrap().as_str(), "care4w-1000001", "what could be read may be taken besides");
    }

    #[test]
    fn a_number_whose_parts_disagree_is_refused() {
        let number = |full: &str, national: &str, country: Value| {
            refused("personalPhoneNumber", json!({"full": full, "national": national, "countryCode": country}))
        };
        assert_eq!(number("+25471", "71", json!("254"))[0].0, "personalPhoneNumber.full");
        assert_eq!(number("0712345678", "712345678", json!("254"))[0].0, "personalPhoneNumber.full");
        assert_eq!(
            number("+254712345678", "0712345678", json!("254")),
            [("personalPhoneNumber.national", "INCONSISTENT")]
        );
        assert_eq!(
            number("+254712345678", "712345678", json!(255)),
            [("personalPhoneNumber.countryCode", "INCONSISTENT")]
        );
        assert_eq!(refused("personalPhoneNumber", json!("+254712345678")), [("personalPhoneNumber", "WRONG_TYPE")]);
        assert_eq!(refused("personalPhoneNumber", json!({})), [("personalPhoneNumber.full", "MISSING")]);
    }

    #[test]
    fn no_reason_repeats_what_was_there() {
        for (field, value) in [("email", "hush hush"), ("displayName", "hush\0"), ("_id", "hush"), ("care4wId", "hush")]
        {
            for reason in with(field, json!(value)).unwrap_err().reasons {
                assert!(!reason.reason.contains("hush"), "{}", reason.reason);
            }
        }
        assert_eq!(read(b"{\"hush", ASSUMED).unwrap_err().reasons[0].reason, "This is not JSON.");
        assert_eq!(read(b"[]", ASSUMED).unwrap_err().reasons[0].code, "NOT_AN_OBJECT");
    }
}
