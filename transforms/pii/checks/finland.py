"""The Finnish personal identity code (henkilötunnus, HETU)."""

from __future__ import annotations

import re

from isinglass.transforms.pii.checks.digits import is_date

_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
"""By remainder of the nine digits divided by 31."""

_CENTURIES = {"+": 1800} | dict.fromkeys("-YXWVU", 1900) | dict.fromkeys("ABCDEF", 2000)
"""By sign; all but + - A since 2023 (Government Decree 128/2010, as amended)."""

_FIRST_YEAR = 1850
"""No code holds an earlier year: they were given since the 1960s."""

_FORM = re.compile("([0-9]{6})([-+A-FU-Y])([0-9]{3})([0-9A-Y])")


def is_hetu(value: str) -> bool:
    """Whether birth date and check character of a code hold.

    Individual numbers begin at 002; those from 900 on are temporary.
    """
    form = _FORM.fullmatch(value.upper())
    if form is None or not value.isascii():
        return False
    date, sign, serial, check = form.groups()
    year = _CENTURIES[sign] + int(date[4:])
    if serial < "002" or _CHECK[int(date + serial) % 31] != check:
        return False
    return is_date(year, int(date[2:4]), int(date[:2]), first=_FIRST_YEAR)
