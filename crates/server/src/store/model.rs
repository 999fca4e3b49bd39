use std::fmt;

use care4w_phone::{Care4wId, PhoneNumber, Region};
use care4w_protocol::rest::{Discoverable, Settings, User, Verification};
use care4w_protocol::signal::Party;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Milliseconds since 1970 in UTC.
pub type UnixMs = i64;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new, random one.
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// One made of a number, for tests that need the same each time.
            pub fn from_u128(value: u128) -> Self {
                Self(Uuid::from_u128(value))
            }

            /// Reads what `Display` wrote.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::parse_str(text).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// An account's key in the store: a UUID for one that was made here, the 24 hexadecimal digits of its `_id` for one that
/// was brought over by an import and keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountId {
    /// Made here.
    Made(Uuid),
    /// Brought over: MongoDB's ObjectId.
    Brought([u8; 12]),
}

impl AccountId {
    /// A new, random one.
    pub fn random() -> Self {
        Self::Made(Uuid::new_v4())
    }

    /// One made of a number, for tests that need the same each time.
    pub fn from_u128(value: u128) -> Self {
        Self::Made(Uuid::from_u128(value))
    }

    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 24 {
            return Uuid::parse_str(text).ok().map(Self::Made);
        }
        let mut bytes = [0; 12];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digit = |at: usize| char::from(digits[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(0)? << 4 | digit(1)?;
        }
        Some(Self::Brought(bytes))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(id) => id.fmt(f),
            Self::Brought(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

uuid_newtype! {
    /// One sign-in: from a log-in to its log-out, over all refreshes between.
    SignInId
}

/// The SHA-256 of a refresh token, all that is kept of it. The token has 256 random bits, so no slow hash is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshHash(pub [u8; 32]);

impl RefreshHash {
    /// Hashes a token as it came over the wire.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for RefreshHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshHash(<redacted>)")
    }
}

/// The SHA-256 of a one-time link's token, all that is kept of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkHash(pub [u8; 32]);

impl LinkHash {
    /// Hashes a token as it stands in the link.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for LinkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkHash(<redacted>)")
    }
}

/// A one-time link that was used now.
#[derive(Debug)]
pub struct UsedLink {
    /// Whose password it set.
    pub account: Account,
    /// The sign-ins that ended by it.
    pub ended: Vec<SignInId>,
}

/// A number as it is stored: full, national and country code.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldNumber {
    /// E.164 with `+`.
    pub full: String,
    /// National significant number, leading zeros kept.
    pub national: String,
    /// Calling code.
    pub country_code: u16,
}

impl HeldNumber {
    /// The region it belongs to, by today's numbering plans.
    pub fn region(&self) -> Option<Region> {
        PhoneNumber::parse(&self.full, None).ok().and_then(|number| number.region())
    }
}

impl From<&PhoneNumber> for HeldNumber {
    fn from(number: &PhoneNumber) -> Self {
        Self {
            full: number.full().to_owned(),
            national: number.national().to_owned(),
            country_code: number.country_code(),
        }
    }
}

impl fmt::Debug for HeldNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldNumber(<redacted>)")
    }
}

/// An account to be created.
pub struct NewAccount {
    /// Lower case.
    pub email: String,
    /// PHC string.
    pub password_hash: String,
    /// As others read it.
    pub display_name: String,
    /// Drawn for it.
    pub care4w_id: Care4wId,
    /// When.
    pub created_at: UnixMs,
}

/// An account that is brought over from the web app: all checked, nothing of a password.
#[derive(Clone, Debug)]
pub struct BroughtAccount {
    /// As it was.
    pub id: AccountId,
    /// Lower case.
    pub email: String,
    /// As others read it.
    pub display_name: String,
    /// As it was.
    pub care4w_id: Care4wId,
    /// Its number, with whether that counts as proved.
    pub phone: Option<(HeldNumber, bool)>,
    /// Whether its user may sign in and be found.
    pub active: bool,
    /// As it was.
    pub created_at: UnixMs,
}

impl BroughtAccount {
    /// What it wants of what belongs to one alone.
    pub fn claims(&self) -> Claims {
        Claims {
            id: Some(self.id),
            email: Some(self.email.clone()),
            care4w_id: Some(self.care4w_id.clone()),
            phone: self.phone.as_ref().map(|(number, _)| number.clone()),
        }
    }
}

/// What a document claims of what belongs to one account alone, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Its id.
    pub id: Option<AccountId>,
    /// Lower case.
    pub email: Option<String>,
    /// What it is called by.
    pub care4w_id: Option<Care4wId>,
    /// Its number.
    pub phone: Option<HeldNumber>,
}

/// What became of a [`BroughtAccount`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// It is an account now.
    Added,
    /// There is an account with its id, which was left as it is.
    AlreadyThere,
    /// Other accounts have what belongs to one alone.
    Taken(Vec<TakenField>),
}

/// What of [`Claims`] another account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TakenField {
    /// The e-mail address.
    Email,
    /// The care4wId.
    Care4wId,
    /// The number.
    Phone,
}

/// Somebody whom a user has blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The id; nobody may have it.
    pub care4w_id: Care4wId,
    /// What the blocker calls them.
    pub name: Option<String>,
    /// When.
    pub blocked_at: UnixMs,
}

/// An account without its password.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its key.
    pub id: AccountId,
    /// Lower case.
    pub email: String,
    /// As others read it.
    pub display_name: String,
    /// What it is called by.
    pub care4w_id: Care4wId,
    /// Its number.
    pub phone: Option<HeldNumber>,
    /// Whether the number was proved. One that was not counts only where numbers are not verified ([`Account::counts`]).
    pub phone_verified: bool,
    /// The number that it wants and has not proved yet.
    pub claim: Option<HeldNumber>,
    /// Who may find it by number.
    pub discoverable: Discoverable,
    /// When it was made.
    pub created_at: UnixMs,
}

impl Account {
    /// As its user sees it.
    pub fn user(&self) -> User {
        User {
            id: self.id.to_string(),
            email: self.email.clone(),
            display_name: self.display_name.clone(),
            care4w_id: self.care4w_id.clone(),
        }
    }

    /// Whether its number is its own: proved, or on a server that asks for no proof.
    pub fn counts(&self, verification: Verification) -> bool {
        self.phone.is_some() && (self.phone_verified || verification == Verification::Off)
    }

    /// The number that waits to be proved: the claim, else the one that it has if that was never proved.
    pub fn pending(&self, verification: Verification) -> Option<&HeldNumber> {
        if verification == Verification::Off {
            return None;
        }
        self.claim.as_ref().or_else(|| self.phone.as_ref().filter(|_| !self.phone_verified))
    }

    /// Its number and, for who has none, the one that waits to be proved.
    pub fn shown_number(&self, verification: Verification) -> Option<&HeldNumber> {
        self.phone.as_ref().or_else(|| self.pending(verification))
    }

    /// Its settings.
    pub fn settings(&self, verification: Verification) -> Settings {
        Settings {
            personal_phone_number: self.shown_number(verification).map(|phone| phone.full.clone()),
            phone_verified: self.counts(verification),
            pending_phone_number: self.pending(verification).map(|phone| phone.full.clone()),
            care4w_id: self.care4w_id.clone(),
            display_name: self.display_name.clone(),
            discoverable_by_phone: self.discoverable,
        }
    }

    /// As the other end of a call sees it.
    pub fn party(&self) -> Party {
        Party { care4w_id: self.care4w_id.clone(), display_name: self.display_name.clone() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself_whether_it_was_made_here_or_brought_over() {
        for text in ["65c1f2a0b1c2d3e4f5a60001", "000000000000000000000000", "0e0f0a3c-7a52-4be5-9ef5-5f0a6c1d2b3e"] {
            assert_eq!(AccountId::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(AccountId::parse("65C1F2A0B1C2D3E4F5A60001").unwrap().to_string(), "65c1f2a0b1c2d3e4f5a60001");
        for text in ["", "65c1f2a0b1c2d3e4f5a6000", "65c1f2a0b1c2d3e4f5a6000g", "€€€€€€€€"] {
            assert!(AccountId::parse(text).is_none(), "{text}");
        }
    }
}
