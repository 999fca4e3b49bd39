use rlibphonenumber::PhoneNumberType;
use serde::{Deserialize, Serialize};

/// What a number is for, in libphonenumber's names (as JSON: `"FIXED_LINE_OR_MOBILE"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NumberKind {
    /// A line to a place.
    FixedLine,
    /// A mobile phone.
    Mobile,
    /// A plan that does not tell the two apart, such as North America's.
    FixedLineOrMobile,
    /// Free for the caller.
    TollFree,
    /// Dearer than a normal call.
    PremiumRate,
    /// Paid by both ends.
    SharedCost,
    /// A number of a telephone service over the internet.
    Voip,
    /// A number that follows a person.
    PersonalNumber,
    /// A pager.
    Pager,
    /// A company's universal access number.
    Uan,
    /// Access to a voicemail service.
    Voicemail,
    /// In no known range.
    Unknown,
}

impl From<PhoneNumberType> for NumberKind {
    fn from(kind: PhoneNumberType) -> NumberKind {
        match kind {
            PhoneNumberType::FixedLine => NumberKind::FixedLine,
            PhoneNumberType::Mobile => NumberKind::Mobile,
            PhoneNumberType::FixedLineOrMobile => NumberKind::FixedLineOrMobile,
            PhoneNumberType::TollFree => NumberKind::TollFree,
            PhoneNumberType::PremiumRate => NumberKind::PremiumRate,
            PhoneNumberType::SharedCost => NumberKind::SharedCost,
            PhoneNumberType::VoIP => NumberKind::Voip,
            PhoneNumberType::PersonalNumber => NumberKind::PersonalNumber,
            PhoneNumberType::Pager => NumberKind::Pager,
            PhoneNumberType::UAN => NumberKind::Uan,
            PhoneNumberType::VoiceMail => NumberKind::Voicemail,
            PhoneNumberType::Unknown => NumberKind::Unknown,
        }
    }
}
