"""Which spellings of a value are one value, and what kind of value an entity is."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import cache

import phonenumbers

from isinglass.transforms.pii.plain import plain_value

_KINDS = {
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "PERSON": "person",
    "PHONE_NUMBER": "phone",
    "SECRET": "secret",
    "URL_CREDENTIALS": "secret",
}
_COMPACT = frozenset({"card", "iban", "national"})


@cache
def kind_of(entity: str) -> str:
    """Kind of the values of an entity.

    `national` are entities that begin with a country, as in US_SSN; `other` are all
    that no rule is known for, such as wallets and places.
    """
    if entity in _KINDS:
        return _KINDS[entity]
    return "national" if country_of(entity) else "other"


@cache
def country_of(entity: str) -> str | None:
    """ISO 3166-1 code that an entity begins with; None without one.

    The United Kingdom is GB, also for the entities named UK_.
    """
    head, separator, _ = entity.partition("_")
    code = {"UK": "GB"}.get(head, head)
    known = separator and code in phonenumbers.SUPPORTED_REGIONS
    return code if known else None


def normalised(entity: str, value: str) -> str:
    """The value without what may differ between two spellings of it.

    Characters of full width, other blanks and hyphens and invisible characters are
    made plain first, as recognizers read them.

    - e-mail: NFC, case folded. RFC 5321 allows local parts that differ in case only,
      but hardly any host makes them different mailboxes.
    - card, IBAN, national ids: digits and upper-case letters only.
    - phone: digits only, after a plus sign if there is one: it says that a country
      code follows, so that the same digits without it are another number.
    - IP: the canonical form, for version 6 that of RFC 5952; a port, zone or prefix
      length stays.
    - person: NFC, case folded, one blank between words.
    - everything else: NFC.
    """
    kind, value = kind_of(entity), plain_value(value)
    if kind in _COMPACT:
        return compact(value)
    if kind == "phone":
        return phone_digits(value)
    if kind == "ip":
        return _canonical(value)
    value = unicodedata.normalize("NFC", value)
    if kind == "email":
        return unicodedata.normalize("NFC", value.casefold())
    if kind == "person":
        return unicodedata.normalize("NFC", " ".join(value.casefold().split()))
    return value


def compact(value: str) -> str:
    """Letters and decimal digits alone: digits as ASCII, letters upper-case.

    As many code points as `value` has letters and decimal digits.
    """
    if value.isascii():
        return "".join(filter(str.isalnum, value)).upper()
    return "".join(_compact_character(char) for char in value)


def _compact_character(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if not char.isalpha():
        return ""
    upper = char.upper()
    return upper if len(upper) == 1 else char


def phone_digits(value: str) -> str:
    """ASCII digits of a phone number, after a plus sign if one stands before them."""
    digits = "".join(str(unicodedata.decimal(c)) for c in value if c.isdecimal())
    for char in value:
        if char in "+\uff0b":
            return "+" + digits
        if char.isdecimal():
            break
    return digits


def unfolded(value: str) -> str:
    """NFC, with letters that case folding makes longer written as what they fold to.

    So all spellings that fold alike have the same letters at the same places, and a
    fake can take over the case of each.
    """
    value = unicodedata.normalize("NFC", value)
    return value if value.isascii() else "".join(map(_unfolded_character, value))


def _unfolded_character(char: str) -> str:
    folded = char.casefold()
    if len(folded) == 1:
        return char
    return folded.upper() if char.isupper() else folded


def split_address(value: str) -> tuple[str, str]:
    """An IP address, and the zone or prefix length that follows it."""
    head = re.split("[/%]", value, maxsplit=1)[0]
    return head, value[len(head) :]


def _canonical(value: str) -> str:
    head, tail = split_address(value)
    try:
        return str(ipaddress.ip_address(head)) + tail
    except ValueError:
        return unicodedata.normalize("NFC", value)
