"""Hosts below a public suffix."""

from __future__ import annotations

import pytest

from isinglass.transforms.pii.checks.domains import has_public_suffix


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("a@example.com", True),
        ("a@example.co.uk", True),
        ("a@localhost", False),
        ("a@example.invalid", False),
        ("a@co.uk", False),
    ],
)
def test_hosts(value: str, known: bool) -> None:  # noqa: FBT001 - a table
    assert has_public_suffix(value) is known
