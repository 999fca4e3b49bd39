//! Who may call whom over Twilio, and with which number: pure decisions, whose tables are the tests.

use care4w_phone::{Care4wId, Destination, DestinationError, NumberKind, PhoneNumber, Region};
use care4w_protocol::{ApiError, ErrorCode};

use super::access_token;
use super::settings::VoiceSettings;
use crate::store::Account;

/// Whom a call over Twilio is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A telephone number.
    Number(PhoneNumber),
    /// A user.
    User(Care4wId),
}

/// Why a call is not put through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The text is nobody who can be called: also emergency and short numbers.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// A dear number.
    #[error("This server does not call premium-rate numbers.")]
    Premium,
    /// Its country is not one of those that may be called.
    #[error("This server does not call numbers of this country.")]
    Country,
    /// Somebody else's number.
    #[error("You can call out only with a number that is yours.")]
    CallerId,
    /// The user has talked enough today.
    #[error("You have used up your minutes for today.")]
    MinutesUsedUp,
    /// Nobody has the id, or whoever has it is not there for this user.
    #[error("Nobody has this Care4W id.")]
    Nobody,
    /// Too many different people were tried.
    #[error("Too many requests. Try again later.")]
    TooMany,
}

impl Refused {
    /// For the client.
    pub fn error(self) -> ApiError {
        let code = match self {
            Self::Destination(DestinationError::InvalidId | DestinationError::Empty) => ErrorCode::Validation,
            Self::Destination(_) => ErrorCode::InvalidPhone,
            Self::Premium | Self::Country | Self::CallerId => ErrorCode::Forbidden,
            Self::MinutesUsedUp | Self::TooMany => ErrorCode::RateLimited,
            Self::Nobody => ErrorCode::NotFound,
        };
        ApiError::new(code, self.to_string())
    }
}

/// Whom `to` means: a number as typed or E.164, a care4wId, or Twilio's identity of a user with `client:` or without.
pub fn callee(to: &str, region: Region, rules: &VoiceSettings) -> Result<Callee, Refused> {
    if let Some(user) = access_token::user_of(to.strip_prefix("client:").unwrap_or(to)) {
        return Ok(Callee::User(user));
    }
    match Destination::parse(to, Some(region))? {
        Destination::Id(id) => Ok(Callee::User(id)),
        Destination::Number(dialled) => allowed(dialled.number, rules).map(Callee::Number),
    }
}

/// A number, if it may be called.
fn allowed(number: PhoneNumber, rules: &VoiceSettings) -> Result<PhoneNumber, Refused> {
    let region = number.region();
    let dear = matches!(number.kind(), NumberKind::PremiumRate | NumberKind::SharedCost) || region.is_none();
    if dear && !rules.premium_numbers {
        return Err(Refused::Premium);
    }
    if !rules.countries.is_empty() && region.is_none_or(|region| !rules.countries.contains(&region)) {
        return Err(Refused::Country);
    }
    Ok(number)
}

/// The number that a call goes out with: the one that is asked for, if it may be, else the user's own as far as it may
/// be shown, else everybody's. `assigned` are the numbers of the Twilio account that were given to the user.
pub fn caller_id(
    asked: Option<&str>,
    account: &Account,
    assigned: &[String],
    rules: &VoiceSettings,
) -> Result<String, Refused> {
    // Only a number that was proved is known to be one's own, also on a server that asks for no proof.
    let own = account.phone.as_ref().filter(|_| rules.own_number_as_caller_id && account.phone_verified);
    let mut allowed = assigned.iter().chain(own.map(|own| &own.full)).chain([&rules.caller_id]);
    match asked.map(str::trim).filter(|asked| !asked.is_empty()) {
        None => Ok(allowed.next().unwrap_or(&rules.caller_id).clone()),
        Some(asked) => {
            let number = PhoneNumber::parse(asked, None).map_err(|_| Refused::CallerId)?;
            allowed.find(|allowed| **allowed == number.full()).cloned().ok_or(Refused::CallerId)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::{AccountId, HeldNumber};
    use crate::twilio::settings_for_tests;
    use care4w_protocol::rest::Discoverable;

    fn reads(to: &str, rules: &VoiceSettings) -> Result<String, &'static str> {
        match callee(to, Region::KENYA, rules) {
            Ok(Callee::Number(number)) => Ok(number.full().to_owned()),
            Ok(Callee::User(id)) => Ok(id.to_string()),
            Err(refused) => Err(match refused {
                Refused::Destination(error) => error.code(),
                Refused::Premium => "premium",
                Refused::Country => "country",
                other => panic!("{other}"),
            }),
        }
    }

    #[test]
    fn who_is_called_and_who_is_not() {
        let rules = settings_for_tests();
        for (to, wanted) in [
            ("+254712345678", Ok("+254712345678")),
            ("0712 345678", Ok("+254712345678")),
            ("+1 202 555 0143", Ok("+12025550143")),
            ("care4w-abc1234", Ok("care4w-ABC1234")),
            ("client:care4w_ABC1234", Ok("care4w-ABC1234")),
            ("care4w_ABC1234", Ok("care4w-ABC1234")),
            ("client:alice", Err("NOT_A_DESTINATION")),
            ("", Err("EMPTY")),
            ("112", Err("EMERGENCY_NUMBER")),
            ("911", Err("EMERGENCY_NUMBER")),
            ("999", Err("EMERGENCY_NUMBER")),
            ("114", Err("EMERGENCY_NUMBER")),
            ("100", Err("SHORT_NUMBER")),
            ("+44 909 879 0000", Err("premium")),
            ("+1 900 555 0143", Err("premium")),
            ("+979 123456789", Err("premium")),
            ("+882 1634567890", Err("premium")),
        ] {
            assert_eq!(reads(to, &rules), wanted.map(str::to_owned), "{to}");
        }
    }

    #[test]
    fn countries_and_dear_numbers_are_the_operators_choice() {
        let only = VoiceSettings { countries: [Region::KENYA].into(), ..settings_for_tests() };
        assert_eq!(reads("+254712345678", &only), Ok("+254712345678".into()));
        assert_eq!(reads("+255754111222", &only), Err("country"));
        assert_eq!(reads("care4w-ABC1234", &only), Ok("care4w-ABC1234".into()), "a user is in no country");
        let dear = VoiceSettings { premium_numbers: true, ..settings_for_tests() };
        assert_eq!(reads("+44 909 879 0000", &dear), Ok("+449098790000".into()));
        let both = VoiceSettings { premium_numbers: true, ..only };
        assert_eq!(reads("+979 123456789", &both), Err("country"), "a number of no country is not Kenyan");
    }

    #[test]
    fn nobody_calls_out_with_a_number_that_is_not_theirs() {
        let own = "+254712345678";
        let account = |verified| Account {
            id: AccountId::from_u128(1),
            email: "a@b.c".into(),
            display_name: "A".into(),
            care4w_id: Care4wId::parse("care4w-AAAA").unwrap(),
            phone: Some(HeldNumber::from(&PhoneNumber::parse(own, None).unwrap())),
            phone_verified: verified,
            claim: None,
            discoverable: Discoverable::Everyone,
            created_at: 0,
        };
        let general = settings_for_tests();
        let shown = VoiceSettings { own_number_as_caller_id: true, ..settings_for_tests() };
        let (everybodys, assigned) = (general.caller_id.clone(), vec!["+12025550199".to_owned()]);
        let with = |asked, verified, assigned: &[String], rules: &VoiceSettings| {
            caller_id(asked, &account(verified), assigned, rules)
        };
        assert_eq!(with(None, true, &[], &general), Ok(everybodys.clone()));
        assert_eq!(with(None, true, &[], &shown), Ok(own.into()));
        assert_eq!(with(None, false, &[], &shown), Ok(everybodys.clone()), "not proved");
        assert_eq!(with(None, true, &assigned, &shown), Ok(assigned[0].clone()));
        assert_eq!(with(Some("+1 202 555 0199"), true, &assigned, &general), Ok(assigned[0].clone()));
        assert_eq!(with(Some(&everybodys), true, &assigned, &shown).as_ref(), Ok(&everybodys));
        assert_eq!(with(Some(own), true, &[], &shown), Ok(own.into()));
        for (asked, verified, rules) in [
            (own, true, &general),
            (own, false, &shown),
            ("+12025550199", true, &shown),
            ("+254700000001", true, &shown),
            ("anonymous", true, &shown),
            ("client:care4w_AAAA", true, &shown),
        ] {
            assert_eq!(with(Some(asked), verified, &[], rules), Err(Refused::CallerId), "{asked}");
        }
    }
}
