#!/usr/bin/env python3
"""Prints which short numbers call for help in each region, as libphonenumber's ShortNumberInfo has it, one region a line.

`emergency_numbers.py DIGITS` asks about every row of up to DIGITS digits, and always about the emergency numbers of every region, and
those with digits more or less. Each line: {"dialledIn": "KE", "emergency": [texts], "connects": [texts], "neither": [texts]}; what
calls for help although more digits follow stands in "connects".
"""
import itertools
import json
import re
import sys

re._MAXCACHE = 1 << 20
sys.dont_write_bytecode = True

import phonenumbers as pn

from number_tables import emergency


def main():
    known = {"112", "911", "999"}.union(*(line.split("\t")[1:] for line in emergency()))
    longest = int(sys.argv[1])
    asked = {"".join(row) for length in range(1, longest + 1) for row in itertools.product("0123456789", repeat=length)}
    for number in known:
        asked |= {number, number[:-1], number + "0", number + "7", number + "12", "0" + number} - {""}
    for region in sorted(pn.SUPPORTED_REGIONS):
        found = {"emergency": [], "connects": [], "neither": []}
        for text in sorted(asked):
            if not pn.connects_to_emergency_number(text, region):
                found["neither"].append(text)
            elif pn.is_emergency_number(text, region):
                found["emergency"].append(text)
            else:
                found["connects"].append(text)
        print(json.dumps({"dialledIn": region, **found}))


if __name__ == "__main__":
    main()
