"""Made-up IP addresses from the blocks for documentation."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from isinglass.transforms.pii.operators.normalised import split_address

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.stream import Stream

BLOCKS = ("192.0.2.", "198.51.100.", "203.0.113.")
"""RFC 5737: TEST-NET-1 to TEST-NET-3, 768 addresses in all, so that collisions are
common: with 33 different addresses the odds are even."""

BLOCK6 = ipaddress.ip_network("2001:db8::/32")
"""RFC 3849."""

_V4, _OCTET, _WORD, _WORDS = 4, 256, 1 << 16, 4


def fake_address(value: str, stream: Stream) -> str | None:
    """An address of the same version, written as the value is: in full or short.

    A version 6 address gets 64 drawn bits. A zone or prefix length stays.

    Returns:
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
