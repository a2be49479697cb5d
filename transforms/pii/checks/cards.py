"""Payment card numbers: issuer ranges, lengths and the Luhn digit.

Ranges as published by the networks: Visa 4; Mastercard 51-55 and 2221-2720; American
Express 34, 37; Diners Club 300-305, 3095, 36, 38, 39; Discover 6011, 644-649, 65; JCB
3528-3589, and 2131 and 1800 with 15 digits; UnionPay 62 and 81; Maestro 50, 56-58,
6304, 6390, 67; UATP 1 with 15 digits; Mir 2200-2204; RuPay 60, 6521, 6522; Elo 4011,
5067, 6362, 6363.
"""

from __future__ import annotations

from isinglass.transforms.pii.checks.china import has_id_form
from isinglass.transforms.pii.checks.digits import digits_of, passes_luhn

_PREFIX = 4

_RANGES: tuple[tuple[int, int, frozenset[int]], ...] = (
    (1000, 1999, frozenset({15})),
    (2131, 2131, frozenset({15})),
    (2200, 2204, frozenset({16, 17, 18, 19})),
    (2221, 2720, frozenset({16})),
    (3000, 3059, frozenset({14, 16, 17, 18, 19})),
    (3095, 3095, frozenset({14, 16, 17, 18, 19})),
    (3400, 3499, frozenset({15})),
    (3528, 3589, frozenset({16, 17, 18, 19})),
    (3600, 3699, frozenset({14, 15, 16, 17, 18, 19})),
    (3700, 3799, frozenset({15})),
    (3800, 3999, frozenset({14, 16, 17, 18, 19})),
    (4000, 4999, frozenset({13, 16, 19})),
    (5000, 5099, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),
    (5100, 5599, frozenset({16})),
    (5600, 5899, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),
    (6000, 6099, frozenset({16, 17, 18, 19})),
    (6200, 6299, frozenset({16, 17, 18, 19})),
    (6304, 6304, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),
    (6362, 6363, frozenset({16})),
    (6390, 6390, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),
    (6440, 6599, frozenset({16, 17, 18, 19})),
    (6700, 6799, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),
    (8100, 8171, frozenset({16, 17, 18, 19})),
)
"""First and last four digits, and the lengths that are issued with them."""


def is_card_number(value: str) -> bool:
    """Whether a number may be a payment card: known issuer, its length, Luhn digit."""
    digits = digits_of(value, range(12, 20))
    if digits is None:
        return False
    head = int("".join(map(str, digits[:_PREFIX])))
    issued = any(low <= head <= high and len(digits) in n for low, high, n in _RANGES)
    if not issued or not passes_luhn(digits):
        return False
    # One in ten of Chinese identity numbers that were mistyped passes the Luhn check.
    return not has_id_form(value)
