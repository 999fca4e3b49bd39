use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use rlibphonenumber::PHONE_NUMBER_UTIL;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A country or territory with a numbering plan, named by its ISO 3166-1 alpha-2 code ("KE").
///
/// Only regions that libphonenumber has rules for exist, so a `Region` always has a calling code. As JSON it is
/// its two letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(rlibphonenumber::Region);

/// The text names no country or territory that has phone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not a country code. Use two letters such as KE, or a calling code such as 254.")]
pub struct InvalidRegion;

static ALL: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let mut all: Vec<Region> = PHONE_NUMBER_UTIL.get_supported_regions().map(Region).collect();
    all.sort_by_key(|region| region.code());
    all
});

impl Region {
    /// Kenya, where a new server's users are taken to be unless it is told otherwise (`defaultRegion`).
    pub const KENYA: Region = Region(rlibphonenumber::Region::KE);

    /// Reads two letters in any case ("ke"), with space around them.
    pub fn parse(text: &str) -> Result<Region, InvalidRegion> {
        let text = text.trim();
        if text.len() != 2 {
            return Err(InvalidRegion);
        }
        let region = rlibphonenumber::Region::from_code(&text.to_ascii_uppercase()).map_err(|_| InvalidRegion)?;
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Region(region)).ok_or(InvalidRegion)
    }

    /// Reads what the API calls `countryCode`: letters ("KE") or a calling code ("254", "+254"). A calling code
    /// that several regions share gives the one whose plan the others follow: 1 is US, 7 is RU, 39 is IT.
    pub fn parse_hint(text: &str) -> Result<Region, InvalidRegion> {
        let text = text.trim();
        let digits = text.strip_prefix('+').unwrap_or(text);
        if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Region::parse(text);
        }
        digits.parse().ok().and_then(Region::main_for_calling_code).ok_or(InvalidRegion)
    }

    /// The region whose plan leads a calling code; none for the codes of no country (800, 870, …) and unknown ones.
    pub fn main_for_calling_code(code: u16) -> Option<Region> {
        PHONE_NUMBER_UTIL
            .get_region_for_country_code(i32::from(code))
            .filter(|region| *region != rlibphonenumber::Region::World)
            .map(Region)
    }

    /// The calling codes that belong to no country, such as 800 (freephone all over the world), in order.
    pub fn calling_codes_of_no_country() -> Vec<u16> {
        let codes = PHONE_NUMBER_UTIL.get_supported_global_network_calling_codes();
        let mut codes: Vec<u16> = codes.filter_map(|code| code.try_into().ok()).collect();
        codes.sort_unstable();
        codes
    }

    /// Every region, ordered by its letters.
    pub fn all() -> &'static [Region] {
        &ALL
    }

    /// The country calling code without a plus: 254 for Kenya.
    pub fn calling_code(self) -> u16 {
        PHONE_NUMBER_UTIL
            .get_country_code_for_region(self.0)
            .and_then(|code| u16::try_from(code).ok())
            .expect("a Region is only made of regions that have a calling code of one to three digits")
    }

    /// The two letters.
    pub fn code(self) -> String {
        self.0.to_string()
    }

    pub(crate) fn from_library(region: rlibphonenumber::Region) -> Option<Region> {
        (region != rlibphonenumber::Region::World).then_some(Region(region))
    }

    pub(crate) fn library(self) -> rlibphonenumber::Region {
        self.0
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Region, InvalidRegion> {
        Region::parse(text)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.as_region_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.as_region_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        let text = String::deserialize(deserializer)?;
        Region::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_region_is_read_in_any_case() {
        assert_eq!(Region::parse(" ke ").unwrap(), Region::KENYA);
        assert_eq!(Region::KENYA.to_string(), "KE");
    }

    #[test]
    fn what_has_no_numbering_plan_is_no_region() {
        for text in ["", "K", "KEN", "ZZ", "AQ", "001", "é", "2K"] {
            assert_eq!(Region::parse(text), Err(InvalidRegion), "{text:?} has no phone numbers");
        }
    }

    #[test]
    fn a_hint_is_letters_or_a_calling_code() {
        for (hint, region) in [("254", "KE"), ("+254", "KE"), ("KE", "KE"), ("1", "US"), ("7", "RU"), ("39", "IT")] {
            assert_eq!(Region::parse_hint(hint).unwrap().to_string(), region);
        }
        for hint in ["0", "999", "800", "+", "", "2544", "+KE1", "Kenya"] {
            assert_eq!(Region::parse_hint(hint), Err(InvalidRegion), "{hint:?} names no country");
        }
    }

    #[test]
    fn every_region_has_a_calling_code_and_is_listed_in_order() {
        assert!(Region::all().len() > 240);
        assert!(Region::all().is_sorted_by_key(|region| region.to_string()));
        for region in Region::all() {
            assert!((1..=999).contains(&region.calling_code()));
            assert_eq!(Region::parse(&region.to_string()), Ok(*region));
        }
    }

    #[test]
    fn the_codes_of_no_country_are_listed_beside_the_regions() {
        let codes = Region::calling_codes_of_no_country();
        assert!(codes.contains(&800) && codes.contains(&878) && codes.is_sorted(), "{codes:?}");
        assert!(codes.iter().all(|code| Region::main_for_calling_code(*code).is_none()), "{codes:?}");
    }

    #[test]
    fn a_region_is_two_letters_in_json() {
        assert_eq!(serde_json::to_string(&Region::KENYA).unwrap(), "\"KE\"");
        assert_eq!(serde_json::from_str::<Region>("\"tz\"").unwrap().to_string(), "TZ");
        assert!(serde_json::from_str::<Region>("\"XX\"").is_err());
    }
}
