"""International bank account numbers (ISO 13616; check digits ISO 7064 mod 97-10)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact

_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""Countries by the length of their numbers: SWIFT IBAN registry, release 99."""

LENGTH_OF = {
    country: length
    for length, countries in _LENGTHS.items()
    for country in countries.split()
}
"""Characters of an account number by ISO 3166-1 code."""


def is_iban(value: str) -> bool:
    """Whether country, length and check digits of an account number hold.

    The first four characters go to the end, letters become 10 to 35, and the number
    that comes out leaves 1 when it is divided by 97.
    """
    number = compact(value)
    if not (number.isascii() and number.isalnum()):
        return False
    if len(number) != LENGTH_OF.get(number[:2]):
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
