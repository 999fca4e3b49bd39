use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const PREFIX: &str = "care4w-";
const SHORTEST: usize = 4;
const LONGEST: usize = 16;

/// The name that a user is called by: `care4w-` and 4 to 16 letters or digits of ASCII.
///
/// Read in any case and kept in one: the prefix small, the rest in capitals ("care4w-ABC1234"). As JSON it is that text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Care4wId(String);

/// The text is not a Care4W id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A Care4W id is care4w- followed by 4 to 16 letters or digits.")]
pub struct InvalidCare4wId;

impl Care4wId {
    /// Reads an id in any case, with space around it.
    pub fn parse(text: &str) -> Result<Care4wId, InvalidCare4wId> {
        let text = text.trim();
        let (Some(prefix), Some(own)) = (text.get(..PREFIX.len()), text.get(PREFIX.len()..)) else {
            return Err(InvalidCare4wId);
        };
        let fits = prefix.eq_ignore_ascii_case(PREFIX)
            && (SHORTEST..=LONGEST).contains(&own.len())
            && own.bytes().all(|b| b.is_ascii_alphanumeric());
        if !fits {
            return Err(InvalidCare4wId);
        }
        Ok(Care4wId(format!("{PREFIX}{}", own.to_ascii_uppercase())))
    }

    /// The id in its one spelling: "care4w-ABC1234".
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Care4wId {
    type Err = InvalidCare4wId;

    fn from_str(text: &str) -> Result<Care4wId, InvalidCare4wId> {
        Care4wId::parse(text)
    }
}

impl fmt::Display for Care4wId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Care4wId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Care4wId({})", self.0)
    }
}

impl Serialize for Care4wId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Care4wId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Care4wId, D::Error> {
        let text = String::deserialize(deserializer)?;
        Care4wId::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_id_is_read_in_any_case_and_kept_in_one() {
        for text in ["care4w-ABC1234", "CARE4W-abc1234", " Care4W-aBc1234\n"] {
            assert_eq!(Care4wId::parse(text).unwrap().to_string(), "care4w-ABC1234");
        }
    }

    #[test]
    fn an_id_has_four_to_sixteen_letters_or_digits() {
        assert!(Care4wId::parse("care4w-ABCD").is_ok());
        assert!(Care4wId::parse("care4w-ABCDEFGHIJKLMNOP").is_ok());
        for text in [
            "",
            "care4w-",
            "care4w-ABC",
            "care4w-ABCDEFGHIJKLMNOPQ",
            "care4w-ABC 123",
            "care4w-ÄBC12",
            "care4wABC1234",
            "écare4w-ABC1",
        ] {
            assert_eq!(Care4wId::parse(text), Err(InvalidCare4wId), "{text:?} is not an id");
        }
    }

    #[test]
    fn an_id_is_its_text_in_json() {
        let id: Care4wId = serde_json::from_str("\"CARE4W-abc1234\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"care4w-ABC1234\"");
    }
}
