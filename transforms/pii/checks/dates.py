"""Birth dates inside of numbers."""

from __future__ import annotations

import calendar

FIRST_YEAR = 1925
LAST_YEAR = 2039
"""Years of birth of people on record; transforms read no clock. Earlier years are rare
among the living, and common by chance in long row numbers."""


def is_date(year: int, month: int, day: int) -> bool:
    """Whether a day exists and somebody now on record may be born on it."""
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= month <= 12:  # noqa: PLR2004
        return False
    return 1 <= day <= calendar.monthrange(year, month)[1]
