//! The formats that a number takes while it is typed, by calling code: libphonenumber's metadata.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexBuilder};

/// Made by `tests/oracle/number_tables.py`, which holds its columns.
const TABLE: &str = include_str!("../data/as-you-type.tsv");

/// The formats of one calling code.
pub(crate) struct Plan {
    /// The calling code; 0 for the plan of no country.
    pub(crate) code: u16,
    /// The plus sign, or what is dialled before a foreign country's code.
    pub(crate) international_prefix: Pattern,
    /// What is dialled before a number of this country, when anything is.
    pub(crate) national_prefix: Option<Pattern>,
    /// Formats for a number typed without its country.
    pub(crate) national: Vec<Format>,
    /// Formats for a number typed with its country; none when the national ones serve.
    pub(crate) international: Option<Vec<Format>>,
}

/// One way of grouping digits.
pub(crate) struct Format {
    /// The digits that it groups.
    pub(crate) pattern: Pattern,
    /// What it makes of the groups: "${1} ${2}".
    pub(crate) replacement: &'static str,
    /// Its rule for the national prefix is none, or just the first group.
    pub(crate) first_group_only: bool,
    /// The national prefix may be there or not.
    pub(crate) prefix_optional: bool,
    /// It has a rule for carrier codes.
    pub(crate) carrier_rule: bool,
    /// Its rule for the national prefix has a space or a dash in it.
    pub(crate) space_after_prefix: bool,
    /// What a number must begin with, more precise with each digit beyond the third.
    pub(crate) leading_digits: Vec<Pattern>,
}

/// A regular expression over ASCII digits, compiled when it is first needed.
pub(crate) struct Pattern {
    pub(crate) text: String,
    start: OnceLock<Regex>,
}

impl Pattern {
    fn new(text: impl Into<String>) -> Pattern {
        Pattern { text: text.into(), start: OnceLock::new() }
    }

    /// The pattern at the start of a text.
    pub(crate) fn at_start(&self) -> &Regex {
        self.start.get_or_init(|| {
            RegexBuilder::new(&format!("^(?:{})", self.text))
                .unicode(false)
                .build()
                .expect("every pattern of the table compiles: a test compiles them all")
        })
    }

    /// How many bytes it takes from the start, when it matches there.
    pub(crate) fn taken_from(&self, text: &str) -> Option<usize> {
        self.at_start().find(text).map(|found| found.end())
    }
}

static PLANS: LazyLock<HashMap<u16, Plan>> = LazyLock::new(|| {
    let mut plans: Vec<Plan> = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&'static str> = line.split('\t').collect();
        match (fields.as_slice(), plans.last_mut()) {
            (["P", code, international, abroad, trunk], _) => plans.push(Plan {
                code: code.parse().expect("the table's calling codes are numbers"),
                international_prefix: Pattern::new(format!(r"\+|{abroad}")),
                national_prefix: (!trunk.is_empty()).then(|| Pattern::new(*trunk)),
                national: Vec::new(),
                international: (*international == "i").then(Vec::new),
            }),
            (["N", rest @ ..], Some(plan)) => plan.national.extend(format(rest)),
            (["I", rest @ ..], Some(plan)) => plan.international.get_or_insert_default().extend(format(rest)),
            _ => unreachable!("the table has lines of kind P, N and I, and begins with a P"),
        }
    }
    plans.into_iter().map(|plan| (plan.code, plan)).collect()
});

/// Where no country is known only a plus sign leads anywhere.
static NO_PLAN: LazyLock<Plan> = LazyLock::new(|| Plan {
    code: 0,
    international_prefix: Pattern::new(r"\+|NA"),
    national_prefix: None,
    national: Vec::new(),
    international: None,
});

fn format(fields: &[&'static str]) -> Option<Format> {
    let [pattern, replacement, flags, leading_digits @ ..] = fields else { return None };
    Some(Format {
        pattern: Pattern::new(*pattern),
        replacement,
        first_group_only: flags.contains('f'),
        prefix_optional: flags.contains('o'),
        carrier_rule: flags.contains('c'),
        space_after_prefix: flags.contains('s'),
        leading_digits: leading_digits.iter().map(|digits| Pattern::new(*digits)).collect(),
    })
}

/// The plan of a calling code, if there is one.
pub(crate) fn plan(code: u16) -> Option<&'static Plan> {
    PLANS.get(&code)
}

/// A national number in the groups that it is written in at home, or for abroad, or as it is.
pub(crate) fn grouped(code: u16, national: String, abroad: bool) -> String {
    let formats = plan(code).map_or(&[][..], |plan| match &plan.international {
        Some(international) if abroad => international,
        _ => &plan.national,
    });
    let fits = |format: &&Format| {
        format.leading_digits.last().is_none_or(|digits| digits.at_start().is_match(&national))
            && format.pattern.taken_from(&national) == Some(national.len())
    };
    formats.iter().find(fits).map_or_else(
        || national.clone(),
        |format| format.pattern.at_start().replace(&national, format.replacement).into(),
    )
}

/// The plan of no country.
pub(crate) fn no_plan() -> &'static Plan {
    &NO_PLAN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Region;

    #[test]
    fn every_pattern_of_the_table_compiles() {
        for plan in PLANS.values() {
            let formats = || plan.national.iter().chain(plan.international.iter().flatten());
            let leading_digits = formats().flat_map(|format| &format.leading_digits);
            let patterns = formats().map(|format| &format.pattern).chain(leading_digits).chain(&plan.national_prefix);
            for pattern in patterns.chain([&plan.international_prefix]) {
                assert!(Regex::new(pattern.at_start().as_str()).is_ok());
            }
            assert!(formats().all(|format| format.replacement.contains("${1}")), "a format keeps its first group");
        }
    }

    #[test]
    fn every_region_has_a_plan() {
        for region in Region::all() {
            assert!(plan(region.calling_code()).is_some(), "{region} has a calling code of the table");
        }
    }
}
