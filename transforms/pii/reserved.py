"""Values that are set aside for examples, tests or private use: they name nobody."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import Any

from isinglass.transforms.pii.catalogue import reserved_check
from isinglass.transforms.pii.checks.domains import split_mailbox
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.operators.surrogates.phones import is_fake_phone

PHONE_NUMBER = "PHONE_NUMBER"

_LEAST_PHONE_DIGITS = 7
"""Shorter runs are years, prices and page numbers more often than numbers to call."""

_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_EMBEDDING = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "64:ff9b::/96"))
)
"""Addresses whose last 32 bits are those of an IPv4 host (RFC 4291, section 2.5.5; RFC
6052, section 2.1)."""

_WORDS_OF_CODE = 0xFFFF
"""`::add` and the like are code."""
_NOT_DIGITS = re.compile(r"\D")


def is_reserved(entity: str, value: str) -> bool:
    """Whether a value is set aside for examples or private use and so names nobody.

    E-mail addresses at the domains of RFC 2606 and RFC 6761; IP addresses that are
    not routed globally (private, loopback, link-local, unspecified, shared, and the
    documentation blocks of RFC 5737 and RFC 3849), multicast and reserved ones; phone
    numbers of fewer than seven digits, those that regulators keep for fiction, and
    surrogates; what the file of a kind calls reserved, such as social security numbers
    that were never issued; secrets that say of themselves that they are examples;
    placeholders in place of a password; and numbers that repeat one digit. The lists
    and their sources are in `recognizers/generic.yaml`.

    Published test numbers of payment cards are not reserved: they belong to ranges of
    real issuers.
    """
    if entity == "EMAIL_ADDRESS":
        return _reserved_domain(split_mailbox(value)[2].lower())
    if entity == "IP_ADDRESS":
        return not _is_public(value)
    if entity == PHONE_NUMBER:
        return _is_fictional_phone(value)
    if entity in ("SECRET", "URL_CREDENTIALS"):
        return _any_of("placeholders").search(value) is not None
    check = reserved_check(entity)
    return (check is not None and check(value)) or _repeats_one_digit(value)


@cache
def _lists() -> dict[str, Any]:
    lists: dict[str, Any] = load_data("recognizers", "generic").content["reserved"]
    return lists


def _reserved_domain(domain: str) -> bool:
    labels = domain.rstrip(".").split(".")
    if labels[-1] in _lists()["email_top_level"]:
        return True
    return ".".join(labels[-2:]) in _lists()["email_domains"]


def _is_public(value: str) -> bool:
    address = ipaddress.ip_interface(value.partition("%")[0]).ip
    if isinstance(address, ipaddress.IPv6Address):
        for network in _EMBEDDING:
            if address in network and int(address) > _WORDS_OF_CODE:
                return _is_public(str(ipaddress.IPv4Address(int(address) % 2**32)))
        # Only 2000::/3 is handed out. Outside of it, `::add` and `f::b` are code; but
        # eight groups in full are meant as an address.
        plausible = address in _GLOBAL_IPV6 or "::" not in value
        return plausible and address.is_global
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _is_fictional_phone(value: str) -> bool:
    digits = _NOT_DIGITS.sub("", value)
    if len(digits) < _LEAST_PHONE_DIGITS:
        return True
    kept = _any_of("fictional_phones").fullmatch(digits) is not None
    return kept or is_fake_phone(value)


@cache
def _any_of(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(_lists()[patterns]), re.IGNORECASE)


def _repeats_one_digit(value: str) -> bool:
    digits = _NOT_DIGITS.sub("", value)
    return len(digits) >= _LEAST_PHONE_DIGITS and len(set(digits)) == 1
