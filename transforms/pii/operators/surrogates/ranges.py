"""Made-up values of ranges that are kept for examples or never given out."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from isinglass.schemas.config.kinds import NeverIssued, known_kinds
from isinglass.transforms.pii.checks.domains import split_mailbox
from isinglass.transforms.pii.operators.normalised import (
    compact,
    split_address,
    unfolded,
)
from isinglass.transforms.pii.operators.surrogates.shape import laid_over, same_shape

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.shape import Stream

DOMAINS = ("example.com", "example.net", "example.org")
"""RFC 2606, section 3: reserved, they never have users."""

BLOCKS = ("192.0.2.", "198.51.100.", "203.0.113.")
"""RFC 5737: TEST-NET-1 to TEST-NET-3, 768 addresses in all, so that collisions are
common: with 33 different addresses the odds are even."""

BLOCK6 = ipaddress.ip_network("2001:db8::/32")
"""RFC 3849."""

_V4, _OCTET, _WORD, _WORDS = 4, 256, 1 << 16, 4


def fake_email(value: str, stream: Stream) -> str | None:
    """An address with a local part of the same shape, and the at sign as it is written.

    Short local parts have few fakes: one letter has 26 at 3 domains.
    None if the value has no local part.
    """
    local, at, _ = split_mailbox(unfolded(value))
    if not at or not local:
        return None
    domain = stream.choice(DOMAINS)
    return f"{same_shape(local, stream)}{at}{domain}"


def is_fake_email(value: str) -> bool:
    """Whether an address is at one of the domains; also what is no address."""
    local, _, domain = split_mailbox(value)
    return not local or domain in DOMAINS


def fake_address(value: str, stream: Stream) -> str | None:
    """An address of the same version, written as the value is: in full or short.

    A version 6 address gets 64 drawn bits. A zone or prefix length stays.
    None if the value is no address.
    """
    head, tail = split_address(value)
    try:
        address = ipaddress.ip_address(head)
    except ValueError:
        return None
    if address.version == _V4:
        return f"{stream.choice(BLOCKS)}{stream.below(_OCTET)}{tail}"
    number = 0
    for _ in range(_WORDS):
        number = number * _WORD + stream.below(_WORD)
    fake = BLOCK6[number]
    text = str(fake) if "::" in head else fake.exploded
    return (text.upper() if head.isupper() else text) + tail


def is_fake_address(value: str) -> bool:
    """Whether an address is in one of the blocks; also what is no address."""
    head, _ = split_address(value)
    try:
        address = ipaddress.ip_address(head)
    except ValueError:
        return True
    if address.version == _V4:
        return head.startswith(BLOCKS)
    return address in BLOCK6


def range_of(entity: str) -> NeverIssued | None:
    """The range that the file of a kind names; None if it names none."""
    kind = known_kinds().get(entity)
    return None if kind is None else kind.never_issued


def fake_number(span: NeverIssued, value: str, stream: Stream) -> str | None:
    """A number in the range; there are few, so collisions are possible.

    None if the value has not as many digits, or other letters.
    """
    if not _is_written_like(span, value):
        return None
    rest = stream.digits(span.digits - len(span.prefix))
    return laid_over(value, span.prefix + rest)


def is_fake_number(span: NeverIssued, value: str) -> bool:
    """Whether a number is in the range; also what is no number of that length."""
    if not _is_written_like(span, value):
        return True
    return compact(value).startswith(span.prefix)


def _is_written_like(span: NeverIssued, value: str) -> bool:
    digits = compact(value)
    return len(digits) == span.digits and digits.isdecimal()
