#!/usr/bin/env python3
"""Prints what libphonenumber says of numbers as people write them, one JSON object a line.

`numbers.py COUNT SEED PART` says it of COUNT texts; part 0 begins with every example number of every region and type. Parts with
one seed are different texts, for processes that work beside each other. `numbers.py --speed COUNT SEED PART` prints how many it reads a
second. The judge is the PyPI package `phonenumbers`, at the release that docs/numbers.md names: the one whose metadata
crates/phone has. Each line is what `care4w-cli number --json` prints of the text, the region that it was read in, and more
that crates/phone/tests/oracle compares.
"""
import itertools
import json
import random
import re
import sys
import time

# Python's cache of 512 compiled patterns is far too small for all regions: with it this takes three times as long.
re._MAXCACHE = 1 << 20
sys.dont_write_bytecode = True

import phonenumbers as pn
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from number_texts import examples, texts

KIND_NAMES = {value: PhoneNumberType.to_string(value) for value in PhoneNumberType.values()}
PARSING_REASONS = {
    NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT",
    NumberParseException.TOO_SHORT_NSN: "TOO_SHORT",
    NumberParseException.TOO_LONG: "TOO_LONG",
}
LENGTH_REASONS = {
    ValidationResult.IS_POSSIBLE: "NOT_IN_COUNTRY",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "AREA_CODE_MISSING",
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY",
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.TOO_LONG: "TOO_LONG",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}
# What is longer than any number takes no shape while it is typed, and costs time.
LONGEST_TYPED = 40


def typed(text, region):
    """What is shown after each of the first characters."""
    formatter = pn.AsYouTypeFormatter(region or "ZZ")
    return [formatter.input_digit(character) for character in text[:LONGEST_TYPED]]


def blank(text, region):
    found = dict.fromkeys(["reason", "full", "national", "countryCode", "region", "type", "international"])
    steps = typed(text, region)
    # What decides about calls for help looks at the text itself.
    help_ = region is not None and pn.is_emergency_number(text, region)
    return {"readIn": region, "input": text, "valid": False, **found, "typed": steps, "emergency": help_}


def answer(text, region):
    line = blank(text, region)
    try:
        number = pn.parse(text, region)
    except NumberParseException as error:
        without_country = region is None and "+" not in text and "\uff0b" not in text
        missing = "COUNTRY_MISSING" if without_country else "INVALID_COUNTRY"
        return {**line, "reason": PARSING_REASONS.get(error.error_type, missing)}
    valid = pn.is_valid_number(number)
    length = LENGTH_REASONS[pn.is_possible_number_with_reason(number)]
    line |= {
        "valid": valid,
        "reason": None if valid else length,
        "byLength": length,
        "full": pn.format_number(number, PhoneNumberFormat.E164),
        "national": pn.national_significant_number(number),
        "countryCode": number.country_code,
        "region": pn.region_code_for_number(number),
        "type": KIND_NAMES[pn.number_type(number)],
        "international": pn.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        "nationalFormat": pn.format_number(number, PhoneNumberFormat.NATIONAL),
        "extension": number.extension,
    }
    if valid:
        source = pn.parse(text, region, keep_raw_input=True).country_code_source
        line["withCountry"] = source != CountryCodeSource.FROM_DEFAULT_COUNTRY
    return line


def asked(count, seed, part):
    return itertools.islice(itertools.chain(examples() if part == 0 else (), texts(random.Random(f"{seed}/{part}"))), count)


def speed(questions):
    """Numbers read a second, with validity and E.164, once every pattern is compiled."""
    for _ in range(2):
        start = time.perf_counter()
        for text, region in questions:
            try:
                number = pn.parse(text, region)
            except NumberParseException:
                continue
            if pn.is_valid_number(number):
                pn.format_number(number, PhoneNumberFormat.E164)
        took = time.perf_counter() - start
    return len(questions) / took


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--speed"]
    questions = asked(*map(int, arguments))
    if "--speed" in sys.argv:
        print(speed(list(questions)))
        return
    for text, region in questions:
        print(json.dumps(answer(text, region)))


if __name__ == "__main__":
    main()
