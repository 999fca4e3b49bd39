#!/usr/bin/env python3
"""Writes the two tables of crates/phone/data from the PyPI package `phonenumbers`.

`number_tables.py DIRECTORY`. The tables are libphonenumber's metadata (Apache-2.0) for what no Rust package offers: the
formats of its AsYouTypeFormatter and the emergency numbers. docs/numbers.md says when to run it again.
"""
import itertools
import pathlib
import re
import sys

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from phonenumbers.asyoutypeformatter import _ELIGIBLE_FORMAT_PATTERN, _NATIONAL_PREFIX_SEPARATORS_PATTERN
from phonenumbers.phonenumberutil import _formatting_rule_has_first_group_only as first_group_only
from phonenumbers.re_util import fullmatch

HEAD = f"# libphonenumber {phonenumbers.__version__}, Apache-2.0. Made by tests/oracle/number_tables.py; not edited by hand.\n"


def flags(entry):
    rule = entry.national_prefix_formatting_rule
    found = "f" if first_group_only(rule) else ""
    found += "o" if entry.national_prefix_optional_when_formatting else ""
    found += "c" if entry.domestic_carrier_code_formatting_rule is not None else ""
    found += "s" if rule and _NATIONAL_PREFIX_SEPARATORS_PATTERN.search(rule) else ""
    return found or "-"


def formats(kind, entries):
    for entry in entries or []:
        if fullmatch(_ELIGIBLE_FORMAT_PATTERN, entry.format):
            replacement = re.sub(r"\\(\d)", r"${\1}", entry.format)
            yield "\t".join([kind, entry.pattern, replacement, flags(entry), *entry.leading_digits_pattern])


def as_you_type():
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        if regions[0] == "001":
            plan = PhoneMetadata.metadata_for_nongeo_region(code)
        else:
            plan = PhoneMetadata.metadata_for_region(regions[0])
        international = "i" if plan.intl_number_format else "-"
        yield "\t".join(
            ["P", str(code), international, plan.international_prefix or "", plan.national_prefix_for_parsing or ""]
        )
        yield from formats("N", plan.number_format)
        yield from formats("I", plan.intl_number_format)


def emergency():
    for region in sorted(SUPPORTED_REGIONS):
        plan = PhoneMetadata.short_metadata_for_region(region)
        if plan is None or plan.emergency is None or plan.emergency.national_number_pattern is None:
            continue
        lengths = [n for n in plan.emergency.possible_length if 0 < n <= 6]
        texts = ("".join(digits) for n in lengths for digits in itertools.product("0123456789", repeat=n))
        pattern = re.compile(plan.emergency.national_number_pattern)
        yield "\t".join([region, *(text for text in texts if pattern.fullmatch(text))])


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, lines in [("as-you-type.tsv", as_you_type()), ("emergency.tsv", emergency())]:
        (directory / name).write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
