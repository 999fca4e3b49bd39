#!/usr/bin/env python3
"""Prints what libphonenumber says of some 20 000 texts, one JSON object a line.

`numbers.py [COUNT [SEED]]`. The judge is the PyPI package `phonenumbers`, at the release that docs/numbers.md names: the one whose
metadata crates/phone has. Each line is what `care4w-cli number --json` prints of the text, and the region that it was read in.
"""
import json
import random
import sys

import phonenumbers as pn
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType, ValidationResult

KINDS = {PhoneNumberType.to_string(value): value for value in PhoneNumberType.values()}
KIND_NAMES = {value: name for name, value in KINDS.items()}
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


def as_typed(text, region):
    formatter = pn.AsYouTypeFormatter(region or "ZZ")
    shown = ""
    for character in text:
        shown = formatter.input_digit(character)
    return shown


def answer(text, region):
    found = dict.fromkeys(["reason", "full", "national", "countryCode", "region", "type", "international"])
    line = {"readIn": region, "input": text, "valid": False, **found, "asTyped": as_typed(text, region)}
    try:
        number = pn.parse(text, region)
    except NumberParseException as error:
        without_country = region is None and "+" not in text and "\uff0b" not in text
        missing = "COUNTRY_MISSING" if without_country else "INVALID_COUNTRY"
        return {**line, "reason": PARSING_REASONS.get(error.error_type, missing)}
    valid = pn.is_valid_number(number)
    return {
        **line,
        "valid": valid,
        "reason": None if valid else LENGTH_REASONS[pn.is_possible_number_with_reason(number)],
        "full": pn.format_number(number, PhoneNumberFormat.E164),
        "national": pn.national_significant_number(number),
        "countryCode": number.country_code,
        "region": pn.region_code_for_number(number),
        "type": KIND_NAMES[pn.number_type(number)],
        "international": pn.format_number(number, PhoneNumberFormat.INTERNATIONAL),
    }


def examples():
    """An example number of every kind of every region, and of every calling code of no country."""
    for region in sorted(pn.SUPPORTED_REGIONS):
        for kind in sorted(KINDS.values()):
            number = pn.example_number_for_type(region, kind)
            if number is not None:
                yield region, number
    for code in sorted(pn.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        number = pn.example_number_for_non_geo_entity(code)
        if number is not None:
            yield None, number


def written(dice, number, region):
    """The number as somebody might write it."""
    national = pn.national_significant_number(number)
    plan = PhoneMetadata.metadata_for_region(region) if region else None
    trunk = (plan.national_prefix or "") if plan else ""
    return dice.choice(
        [
            lambda: pn.format_number(number, PhoneNumberFormat.E164),
            lambda: pn.format_number(number, PhoneNumberFormat.INTERNATIONAL),
            lambda: pn.format_number(number, PhoneNumberFormat.NATIONAL),
            lambda: pn.format_number(number, PhoneNumberFormat.RFC3966),
            lambda: national,
            lambda: trunk + national,
            lambda: f"{number.country_code}{national}",
            lambda: f"{number.country_code}{trunk}{national}",
            lambda: f"+{number.country_code} ({trunk or 0}) {national}",
            lambda: f"00{number.country_code}{national}",
            lambda: f"011{number.country_code}{national}",
            lambda: f"000{number.country_code}{national}",
            lambda: f"tel:{trunk}{national};phone-context=+{number.country_code}",
        ]
    )()


def digits(dice, shortest, longest):
    return "".join(dice.choice("0123456789") for _ in range(dice.randint(shortest, longest)))


def damaged(dice, text):
    place = dice.randrange(len(text) + 1)
    one = dice.choice("0123456789")
    return dice.choice(
        [
            lambda: text[:place] + one + text[place:],
            lambda: text[:place] + text[place + 1 :],
            lambda: text[:place] + one + text[place + 1 :],
            lambda: text[:place],
            lambda: text + digits(dice, 1, 4),
            lambda: text[:place] + dice.choice("+-./()x#*, \u00a0\u2011\u200bA;~") + text[place:],
        ]
    )()


def dressed(dice, text):
    fullwidth = {ord("+"): "\uff0b", **{ord("0") + n: chr(0xFF10 + n) for n in range(10)}}
    arabic = {ord("0") + n: chr(0x660 + n) for n in range(10)}
    return dice.choice(
        [
            lambda: text.translate(fullwidth),
            lambda: text.translate(arabic),
            lambda: " " + text + " ",
            lambda: "-".join(text[n : n + 3] for n in range(0, len(text), 3)),
            lambda: f"Phone: {text}.",
            lambda: f"{text} ext. {digits(dice, 1, 5)}",
            lambda: f"{text};ext={digits(dice, 1, 5)}",
            lambda: f"{text} / {digits(dice, 2, 7)}",
            lambda: f"\u202a{text}\u202c",
            lambda: f"{text} {dice.choice(['Amina', 'x', 'FLOWERS', 'or'])}",
        ]
    )()


def texts(dice, count):
    known = list(examples())
    regions = sorted(pn.SUPPORTED_REGIONS)
    for region, number in known:
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL):
            yield pn.format_number(number, form), region
    for _ in range(count - 2 * len(known)):
        region, number = dice.choice(known)
        elsewhere = dice.choice([region, region, region, region, None, dice.choice(regions)])
        kind = dice.random()
        if kind < 0.35:
            yield written(dice, number, region), elsewhere
        elif kind < 0.60:
            yield damaged(dice, written(dice, number, region)), elsewhere
        elif kind < 0.75:
            yield dressed(dice, written(dice, number, region)), elsewhere
        elif kind < 0.85:
            yield digits(dice, 1, 17), elsewhere
        elif kind < 0.95:
            yield "+" + digits(dice, 1, 17), elsewhere
        else:
            alphabet = "0123456789+()- xA#*;=\u0661\uff11\u00e9\U0001f4de"
            yield "".join(dice.choice(alphabet) for _ in range(dice.randint(0, 20))), elsewhere


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 254
    for text, region in texts(random.Random(seed), count):
        print(json.dumps(answer(text, region), ensure_ascii=True))


if __name__ == "__main__":
    main()
