"""The Irish personal public service number (PPSN)."""

from __future__ import annotations

import re

from isinglass.transforms.pii.checks.digits import compact, weighted

_LETTERS = "WABCDEFGHIJKLMNOPQRSTUV"
"""By remainder of the weighted sum divided by 23."""

_FORM = re.compile("([0-9]{7})([A-W])([ABHTWX]?)")


def is_ppsn(value: str) -> bool:
    """Whether the check letter of a number fits.

    A second letter is A, B or H since 2013 and counts nine times its place in the
    alphabet; W, T or X of earlier numbers counts nothing (Department of Social
    Protection, "Extension of the Personal Public Service Number Range").
    """
    form = _FORM.fullmatch(compact(value))
    if form is None or len(set(form[1])) == 1:
        return False
    second = "ABCDEFGH".find(form[3] or "-") + 1
    total = weighted([int(digit) for digit in form[1]], range(8, 1, -1)) + 9 * second
    return form[2] == _LETTERS[total % 23]
