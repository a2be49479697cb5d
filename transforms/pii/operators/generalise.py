"""Coarse forms: what a value says of a group, and nothing of the person.

| entity | what is left | example |
| --- | --- | --- |
| EMAIL_ADDRESS | class of the domain | `<EMAIL_ADDRESS:.ac.uk>` |
| PHONE_NUMBER | calling code, if written | `<PHONE_NUMBER:+44>` |
| IP_ADDRESS | the first 16 bits, of version 6 the first 32 | `203.0.0.0/16` |
| CREDIT_CARD | issuer | `<CREDIT_CARD:visa>` |
| IBAN_CODE | country | `<IBAN_CODE:DE>` |
| national ids | country | `<US_SSN:US>` |
| DATE_TIME | year, if it has four digits | `<DATE_TIME:1990>` |
| all others, PERSON and LOCATION too | nothing | `<PERSON>` |

What a rule cannot tell from a value is left out: `<PHONE_NUMBER>`. A group may be small
(a country of few people, the only card of an issuer), so generalised values are coarser
than the values, not free of persons.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from isinglass.transforms.pii.checks.domains import split_mailbox
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.operators.normalised import (
    compact,
    country_of,
    kind_of,
    phone_digits,
    split_address,
)
from isinglass.transforms.pii.operators.surrogates.numbers import issuer_of
from isinglass.transforms.pii.operators.surrogates.phones import split_number
from isinglass.transforms.pii.plain import plain_value

_PREFIX_BITS = {4: 16, 6: 32}
"""A /16 was the smallest block of a large network (class B of RFC 791), a /32 is the
least that a registry gives to a provider (RIPE-738, section 5.1.1)."""

_YEAR = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])")
_COUNTRY = re.compile(r"[A-Z]{2}[0-9]{2}")
_DETAIL = re.compile(
    r"\.[a-z]{2,4}(\.[a-z]{2})?|\+[0-9]{1,3}|[a-z]+|[A-Z]{2}|[12][0-9]{3}"
)


def generalise(entity: str, value: str) -> str:
    """The coarse form of a value."""
    value = plain_value(value)
    kind = "date" if entity == "DATE_TIME" else kind_of(entity)
    if kind == "ip":
        return _network(value) or f"<{entity}>"
    if kind == "national":
        return f"<{entity}:{country_of(entity)}>"
    rule = _RULES.get(kind)
    detail = rule(value) if rule is not None else ""
    return f"<{entity}:{detail}>" if detail else f"<{entity}>"


def may_be_generalised(entity: str, text: str) -> bool:
    """Whether a text is a coarse form of some value, for who has no value."""
    if text == f"<{entity}>":
        return True
    if kind_of(entity) == "ip":
        return _network(text) == text
    head = f"<{entity}:"
    detail = text[len(head) : -1]
    whole = text.startswith(head) and text.endswith(">")
    return whole and _DETAIL.fullmatch(detail) is not None


def _network(value: str) -> str:
    try:
        address = ipaddress.ip_address(split_address(value)[0])
    except ValueError:
        return ""
    without_zone, _, _ = str(address).partition("%")
    block = f"{without_zone}/{_PREFIX_BITS[address.version]}"
    return str(ipaddress.ip_network(block, strict=False))


def _ends() -> dict[str, Any]:
    return load_data("surrogates", "domains").content


def _domain_class(value: str) -> str:
    labels = split_mailbox(value)[2].lower().rstrip(".").split(".")
    last = labels[-1]
    if len(labels) == 1 or not last.isascii() or not last.isalpha():
        return ""
    if last in _ends()["top_level"]:
        return f".{last}"
    if len(last) != 2:  # noqa: PLR2004
        return ""
    if len(labels) > 2 and labels[-2] in _ends()["second_level"]:  # noqa: PLR2004
        return f".{labels[-2]}.{last}"
    return f".{last}"


def _calling_code(value: str) -> str:
    code, _ = split_number(phone_digits(value))
    return f"+{code}" if code else ""


def _country(value: str) -> str:
    number = compact(value)
    return number[:2] if _COUNTRY.match(number) else ""


def _year(value: str) -> str:
    match = _YEAR.search(value)
    return match.group() if match is not None else ""


_RULES: dict[str, Callable[[str], str]] = {
    "card": lambda value: issuer_of(compact(value))[0],
    "date": _year,
    "email": _domain_class,
    "iban": _country,
    "phone": _calling_code,
}
