"""Whether a made-up value of any kind would pass as a payment card number."""

from __future__ import annotations

import re

from isinglass.transforms.pii.checks.cards import is_card_number
from isinglass.transforms.pii.operators.normalised import compact

_SHORTEST, _LONGEST = 12, 19
"""Digits of a payment card number (ISO/IEC 7812-1; 12 are in use by Maestro)."""

_RUN = re.compile(rf"[0-9]{{{_SHORTEST},}}")


def holds_card(value: str) -> bool:
    """Whether 12 to 19 digits in a row are those of an issued card, Luhn digit too.

    Separators do not count, and a number may begin and end inside of a run: groups
    could be read so. Thus all spellings of a value get the same answer.
    """
    return any(_run_holds_card(run) for run in _RUN.findall(compact(value)))


def _run_holds_card(run: str) -> bool:
    return any(
        is_card_number(run[start:end])
        for start in range(len(run) - _SHORTEST + 1)
        for end in range(start + _SHORTEST, min(start + _LONGEST, len(run)) + 1)
    )
