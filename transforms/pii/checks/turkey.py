"""The Turkish identity number (T.C. kimlik no)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of


def is_identity_number(value: str) -> bool:
    """Whether both check digits of a number hold.

    The tenth digit is seven times the odd places less the even ones, mod 10; the last
    one the sum of all others, mod 10 (General Directorate of Population and
    Citizenship Affairs).
    """
    digits = digits_of(value, (11,))
    if digits is None or digits[0] == 0:
        return False
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[9:] == [tenth, sum(digits[:10]) % 10]
