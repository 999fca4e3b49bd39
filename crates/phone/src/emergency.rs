//! Numbers that call for help. Care4W cannot place such calls, so they must be told apart from everything else.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Region;

/// libphonenumber's short-number metadata: a region's letters and its emergency numbers, a line each.
const TABLE: &str = include_str!("../data/emergency.tsv");

/// Known well beyond the countries that use them: films, phones and travel have taught them.
const KNOWN_EVERYWHERE: [&str; 3] = ["112", "911", "999"];

/// Where libphonenumber wants the digits exact; elsewhere a switch puts a call through once it has heard them, whatever follows.
const EXACT: [&str; 3] = ["BR", "CL", "NI"];

static BY_REGION: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.collect()))
        })
        .collect()
});

/// Whether these digits call for help: in `region`, or anywhere when none is known.
pub(crate) fn is_emergency(digits: &str, region: Option<Region>) -> bool {
    let listed = |numbers: &Vec<&str>| numbers.contains(&digits);
    KNOWN_EVERYWHERE.contains(&digits)
        || match region {
            Some(region) => BY_REGION.get(region.code().as_str()).is_some_and(listed),
            None => BY_REGION.values().any(listed),
        }
}

/// Whether a switch in `region` that is sent these digits would connect them to an emergency service: they begin with
/// an emergency number.
pub(crate) fn connects_to_emergency(digits: &str, region: Option<Region>) -> bool {
    let Some(code) = region.map(Region::code) else { return is_emergency(digits, None) };
    let begins = |numbers: &Vec<&str>| numbers.iter().any(|number| digits.starts_with(number));
    is_emergency(digits, region)
        || (!EXACT.contains(&code.as_str()) && BY_REGION.get(code.as_str()).is_some_and(begins))
}

/// The emergency number to dial on a telephone in `region` for somebody who typed `text` here: what was typed where it
/// calls for help there, else one that does; 112 where none is known.
pub fn emergency_number(text: &str, region: Option<Region>) -> &'static str {
    let typed: String = text.chars().filter(char::is_ascii_digit).collect();
    let Some(numbers) = region.and_then(|region| BY_REGION.get(region.code().as_str())) else {
        return KNOWN_EVERYWHERE.into_iter().find(|known| *known == typed).unwrap_or(KNOWN_EVERYWHERE[0]);
    };
    let preferred = [typed.as_str()].into_iter().chain(KNOWN_EVERYWHERE);
    let found = preferred.filter_map(|wanted| numbers.iter().copied().find(|number| *number == wanted)).next();
    found.or(numbers.first().copied()).unwrap_or(KNOWN_EVERYWHERE[0])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_region_with_numbers() {
        assert!(BY_REGION.len() > 200);
        for (region, numbers) in BY_REGION.iter() {
            assert!(Region::parse(region).is_ok(), "{region} is a region");
            assert!(!numbers.is_empty() && numbers.iter().all(|number| number.bytes().all(|b| b.is_ascii_digit())));
        }
    }

    #[test]
    fn who_typed_a_foreign_emergency_number_is_told_one_of_the_country() {
        let region = |code| Some(Region::parse(code).unwrap());
        assert_eq!(emergency_number("999", region("KE")), "999");
        assert_eq!(emergency_number("911", region("KE")), "112");
        assert_eq!(emergency_number("1 1 0", region("DE")), "110");
        assert_eq!(emergency_number("9112", region("US")), "112", "what follows is not heard");
        assert_eq!(emergency_number("911", None), "911");
        assert_eq!(emergency_number("110", None), "112");
    }

    #[test]
    fn a_country_has_its_own_emergency_numbers() {
        let germany = Region::parse("DE").unwrap();
        assert!(is_emergency("110", Some(germany)));
        assert!(!is_emergency("114", Some(germany)));
        assert!(is_emergency("114", Some(Region::KENYA)));
        assert!(is_emergency("110", None), "without a country every country's numbers count");
    }
}
