"""The texts that the number rules are asked about: what people write, and what they do not.

`examples()` is exhaustive: libphonenumber's test numbers of every region and type. `texts(dice)` goes on for ever, a kind of text
after another by their weights; the same dice give the same texts.
"""
import random
import re

import phonenumbers as pn
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

try:
    from re import _parser as sre_parse
except ImportError:  # before Python 3.11
    import sre_parse

REGIONS = sorted(pn.SUPPORTED_REGIONS)
FREE_CODES = sorted(pn.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
TYPES = sorted(PhoneNumberType.values())
FORMATS = [PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.RFC3966]
# The fields of a region's metadata that describe a type of number.
RANGES = (
    "fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail no_international_dialling general_desc"
).split()
PLANS = [(region, PhoneMetadata.metadata_for_region(region)) for region in REGIONS]
PLANS += [(None, PhoneMetadata.metadata_for_nongeo_region(code)) for code in FREE_CODES]
# Zeros of scripts with decimal digits, in and beyond the basic plane.
ZEROS = [0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xBE6, 0xE50, 0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10, 0x104A0, 0x1D7CE, 0x1FBF0]
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\uff0d"
SPACES = " \u00a0\u00ad\u200b\u2060\u3000\t\n\u2009"
MARKS = DASHES + SPACES + "\uff0f./()\uff08\uff09\uff3b\uff3d[]~\u2053\u223c\uff5e*x"
EXTENSIONS = [" ext. {}", ";ext={}", " x{}", "x{}", " #{}", "#{}", " extn {}", " extensi\u00f3n {}", " \u0434\u043e\u0431. {}", " int. {}", " anexo {}"]
EXTENSIONS += [",{}#", ",,{}", ";{}#", " - {}#", " \uff45\uff58\uff54 {}", " ~{}", "ext:{}", " Ext.:\u00a0{}", "\uff58{}", ";extension={}"]


def _known():
    """Every example number: the region it is of (None for the codes of no country) and the number."""
    for region in REGIONS:
        yield region, pn.example_number(region)
        yield region, pn.invalid_example_number(region)
        for kind in TYPES:
            yield region, pn.example_number_for_type(region, kind)
    for code in FREE_CODES:
        yield None, pn.example_number_for_non_geo_entity(code)
        plan = PhoneMetadata.metadata_for_nongeo_region(code)
        for name in RANGES:
            text = getattr(getattr(plan, name), "example_number", None)
            if text:
                yield None, pn.parse(f"+{code}{text}", None)


KNOWN = [(region, number) for region, number in _known() if number is not None]


def examples():
    """Every example number in every format, read where it belongs."""
    for region, number in KNOWN:
        for form in FORMATS:
            yield pn.format_number(number, form), region
        yield pn.national_significant_number(number), region


def short_examples():
    """The short numbers that libphonenumber gives as examples; they are no phone numbers, but may read as one."""
    for region in REGIONS:
        plan = PhoneMetadata.short_metadata_for_region(region)
        for name in ("toll_free", "premium_rate", "emergency", "short_code", "standard_rate", "carrier_specific", "sms_services"):
            text = getattr(getattr(plan, name, None), "example_number", None)
            if text:
                yield text, region


SHORT = list(short_examples())


def digits(dice, shortest, longest):
    return "".join(dice.choice("0123456789") for _ in range(dice.randint(shortest, longest)))


def matching(dice, pattern):
    """A random text that the pattern matches, as long as it looks neither ahead nor behind."""
    return "".join(_match(dice, sre_parse.parse(pattern)))


def _match(dice, parsed):
    for operation, value in parsed:
        name = str(operation)
        if name == "LITERAL":
            yield chr(value)
        elif name == "IN":
            choices = []
            for kind, what in value:
                if str(kind) == "LITERAL":
                    choices.append(chr(what))
                elif str(kind) == "RANGE":
                    choices.extend(map(chr, range(what[0], what[1] + 1)))
                else:
                    choices.extend("0123456789")
            yield dice.choice(choices)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            for _ in range(dice.randint(least, min(most, least + 12))):
                yield from _match(dice, inner)
        elif name == "SUBPATTERN":
            yield from _match(dice, value[-1])
        elif name == "BRANCH":
            yield from _match(dice, dice.choice(value[1]))


def in_range(dice):
    """A national number out of one of the ranges of some region."""
    region, plan = dice.choice(PLANS)
    ranges = [getattr(plan, name) for name in RANGES]
    patterns = [found.national_number_pattern for found in ranges if found is not None and found.national_number_pattern]
    return region, plan, matching(dice, dice.choice(patterns))


def abroad(dice, plan):
    """What is dialled before a foreign number: the plan's own prefix, or one that many know."""
    own = plan.preferred_international_prefix or matching(dice, plan.international_prefix or "00")
    return dice.choice([own, own, own, "00", "011", "0011", "000", "010", "810", "8~10", "+", "++", "\uff0b", "00 +"])


def number(dice):
    """Region, plan, calling code and national number: an example, or out of a range."""
    if dice.random() < 0.4:
        region, found = dice.choice(KNOWN)
        code = found.country_code
        plan = PhoneMetadata.metadata_for_region(region) if region else PhoneMetadata.metadata_for_nongeo_region(code)
        return region, plan, code, pn.national_significant_number(found)
    region, plan, national = in_range(dice)
    return region, plan, plan.country_code, national


def written(dice):
    """A number as somebody might write it."""
    region, plan, code, national = number(dice)
    trunk = plan.national_prefix or ""
    choice = dice.randrange(14)
    if choice < 4:
        leading = len(national) - len(national.lstrip("0"))
        found = pn.PhoneNumber(code, int(national or 0), italian_leading_zero=leading > 0, number_of_leading_zeros=leading or None)
        return region, pn.format_number(found, FORMATS[choice])
    # What is taken off a number of this plan before it is read: trunk prefixes, carrier codes, area codes.
    parsing = matching(dice, plan.national_prefix_for_parsing or "0")
    return region, [
        lambda: national,
        lambda: trunk + national,
        lambda: parsing + national,
        lambda: f"{code}{national}",
        lambda: f"{code}{trunk}{national}",
        lambda: f"+{code} ({trunk or 0}) {national}",
        lambda: f"{abroad(dice, plan)}{code}{national}",
        lambda: f"{abroad(dice, plan)} {code} {parsing}{national}",
        lambda: f"+{code}{national}",
        lambda: f"+{code} {national[:3]} {national[3:]}",
    ][choice - 4]()


def mutated(dice, text):
    """One to three characters changed, taken out, put in or cut off."""
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(text) + 1)
        one = dice.choice("0123456789")
        text = [
            lambda: text[:place] + one + text[place:],
            lambda: text[:place] + text[place + 1 :],
            lambda: text[:place] + one + text[place + 1 :],
            lambda: text[:place] + one + text[place + 1 :],
            lambda: text[:place],
            lambda: text + digits(dice, 1, 4),
            lambda: text[:place] + dice.choice(MARKS + "+#,;A\uff0b") + text[place:],
        ][dice.randrange(7)]()
    return text


def in_script(dice, text):
    zero = dice.choice(ZEROS)
    return text.translate({ord("0") + n: zero + n for n in range(10)} | ({ord("+"): "\uff0b"} if dice.random() < 0.5 else {}))


def punctuated(dice, text):
    return "".join(c + (dice.choice(MARKS) if dice.random() < 0.3 else "") for c in text)


def with_extension(dice, text):
    return text + dice.choice(EXTENSIONS).format(digits(dice, 1, 8))


def in_letters(dice, text):
    """Part of the digits as the letters of their keys."""
    keys = {"2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ"}
    from_here = dice.randrange(len(text) + 1)
    letters = "".join(dice.choice(keys[c]) if c in keys else c for c in text[from_here:])
    return text[:from_here] + (letters if dice.random() < 0.7 else letters.lower())


def as_link(dice, text):
    """RFC 3966, kept and broken."""
    code = dice.choice(PLANS)[1].country_code
    contexts = [f"+{code}", f"+{code}", f"+1-{code}", "example.com", "", "+", str(code), f"+{code};x=y", "a b", "+\u0661", f"+{code}\uff11"]
    parameters = [f";phone-context={dice.choice(contexts)}", f";ext={digits(dice, 1, 5)}", ";isub=12", f";isub={text}", ";x=1", ";phone-context=", ""]
    scheme = dice.choice(["tel:", "tel:", "tel:", "TEL:", "sip:", ""])
    return scheme + text + "".join(dice.sample(parameters, dice.randint(0, 2)))


def surrounded(dice, text):
    name = dice.choice(["Amina", "Phone", "or", "x", "T", "\u0422\u0435\u043b", "\u96fb\u8a71", "\U0001f4de", "care4w-", "ext"])
    return dice.choice([f" {text} ", f"{name}: {text}.", f"{text} {name}", f"{name}{text}", f"\u202a{text}\u202c", f"({text})", f"\u00ab{text}\u00bb,", f"{text} / {digits(dice, 2, 9)}", f"{text}\\{digits(dice, 1, 9)}"])


def with_controls(dice, text):
    place = dice.randrange(len(text) + 1)
    return text[:place] + chr(dice.choice([*range(32), *range(127, 160), 0x2028, 0xFEFF, 0xFFFD, 0x10FFFF])) + text[place:]


def zeros(dice, text):
    """Leading zeros, which belong to the number in Italy and to nobody elsewhere."""
    code, zero = dice.choice(["39", "39", "378", "225", "242", "241", "229", "1", "254"]), "0" * dice.randint(1, 17)
    return dice.choice([f"+{code}{zero}{digits(dice, 0, 10)}", zero + digits(dice, 0, 11), f"+{zero}{text}"])


def american(dice, _):
    """Argentina's and Mexico's mobile numbers, and Brazil's carriers: prefixes that move, come and go."""
    area, rest = dice.choice(["11", "221", "2966", "3715", "55", "33", "442", "664", "21", "999"]), digits(dice, 6, 8)
    forms = ["+54 9 {} {}", "+54 {} 15 {}", "0{} 15-{}", "9 {} {}", "{} 15 {}", "+52 1 {} {}", "+52 {} {}", "044 {} {}", "045 {} {}", "01 {} {}", "1 {} {}", "0 15 {} {}", "+55 {} {}", "0 21 {} {}", "+549{}15{}"]
    return dice.choice(forms).format(area, rest)


def superscript(dice, text):
    """Digits that are no decimal digits: superscript, subscript, circled. The oracle and the original disagree on them."""
    zero = dice.choice([0x2070, 0x2080, 0x245F])
    place = dice.randrange(len(text) + 1)
    return text[:place] + "".join(chr(zero + n) for n in dice.choices(range(4, 10), k=dice.randint(1, 5))) + text[place:]


def very_long(dice, text):
    length = dice.choice([249, 250, 251, 300, 2_000])
    filler = dice.choice(["0", "1", " ", "-", "+", "(", "x", "\u00e9", "\U0001d7ce", text or "7", "ext. 1 "])
    return dice.choice([(text + filler * length)[:length], (filler * length)[: length - len(text)] + text])


# What becomes of a written number, and how often, in thousandths.
KINDS = [
    ("written", 250, lambda dice, text: text),
    ("mutated", 200, mutated),
    ("script", 60, in_script),
    ("punctuated", 80, punctuated),
    ("extension", 60, with_extension),
    ("letters", 30, in_letters),
    ("link", 60, as_link),
    ("surrounded", 60, surrounded),
    ("controls", 15, with_controls),
    ("zeros", 25, zeros),
    ("american", 25, american),
    ("superscript", 5, superscript),
    ("long", 5, very_long),
    ("short", 20, lambda dice, _: dice.choice(SHORT)[0] + dice.choice(["", "", digits(dice, 1, 3)])),
    ("digits", 40, lambda dice, _: digits(dice, 1, 18)),
    ("plus", 40, lambda dice, _: "+" + digits(dice, 0, 18)),
    ("junk", 24, lambda dice, _: "".join(dice.choices("0123456789+()- xA#*;=,.\u0661\uff11\u00e9\U0001f4de\u200b", k=dice.randint(1, 24)))),
    ("empty", 1, lambda dice, _: ""),
]
assert sum(weight for _, weight, _ in KINDS) == 1_000


def texts(dice):
    """Texts without end, each with the region to read it in: mostly its own, else another or none."""
    makers, weights = [make for _, _, make in KINDS], [weight for _, weight, _ in KINDS]
    while True:
        region, text = written(dice)
        make = dice.choices(makers, weights)[0]
        text = make(dice, text)
        if make is not mutated and dice.random() < 0.1:
            text = mutated(dice, text)
        where = dice.random()
        yield text, region if where < 0.65 else None if where < 0.8 else dice.choice(REGIONS)
