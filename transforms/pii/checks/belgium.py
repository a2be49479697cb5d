"""The Belgian national register number and the bis number of foreigners."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import FIRST_NAMED_YEAR, digits_of, is_date

_CENTURIES = {1900: 0, 2000: 2_000_000_000}
"""What is put before the nine digits of births in a century."""

_BIS = 20
"""Added to the month of a bis number once, or twice where the sex is known."""


def is_national_number(value: str) -> bool:
    """Whether birth date and check number (mod 97) of a national number hold.

    Month and day are 00 where they are not known (Royal Decree of 3 April 1984).
    """
    digits = digits_of(value, (11,))
    if digits is None:
        return False
    plain = int("".join(map(str, digits)))
    body, check = divmod(plain, 100)
    day, months = digits[4] * 10 + digits[5], digits[2] * 10 + digits[3]
    added, month = divmod(months, _BIS)
    if added > 2 or body % 1000 == 0:  # noqa: PLR2004 - twice at most
        return False
    for century, before in _CENTURIES.items():
        year = century + plain // 10**9
        unknown = month == day == 0
        if check == 97 - (before + body) % 97 and is_date(
            year, month or unknown, day or unknown, first=FIRST_NAMED_YEAR
        ):
            return True
    return False
