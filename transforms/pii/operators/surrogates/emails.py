"""Made-up e-mail addresses at domains that are kept for examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.checks.domains import split_mailbox
from isinglass.transforms.pii.operators.normalised import unfolded
from isinglass.transforms.pii.operators.surrogates.shape import same_shape

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.stream import Stream

DOMAINS = ("example.com", "example.net", "example.org")
"""RFC 2606, section 3: reserved, they never have users."""


def fake_email(value: str, stream: Stream) -> str | None:
    """An address with a local part of the same shape, and the at sign as it is written.

    Short local parts have few fakes: one letter has 26 at 3 domains.

    Returns:
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
