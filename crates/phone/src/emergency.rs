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
    fn a_country_has_its_own_emergency_numbers() {
        let germany = Region::parse("DE").unwrap();
        assert!(is_emergency("110", Some(germany)));
        assert!(!is_emergency("114", Some(germany)));
        assert!(is_emergency("114", Some(Region::KENYA)));
        assert!(is_emergency("110", None), "without a country every country's numbers count");
    }
}
