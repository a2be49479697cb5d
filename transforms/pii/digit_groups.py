"""Where digits stand close, and which patterns of a gate can match nowhere else.

Identity numbers, cards and the like hold many digits, and few texts do. Patterns that
demand some are tried there alone: they are most of a gate, and cost little then.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from isinglass.transforms.compiled import njit

DIGITS = 6
WIDTH = 48
"""Digits that stand close: so many within so many bytes."""

_ZERO, _NINE = 0x30, 0x39


def needs_digits(expression: str) -> bool:
    """Whether every match of a byte pattern is narrow and holds close digits."""
    # What the module `re` itself reads patterns with; it has no public name.
    tree = importlib.import_module("re._parser").parse(expression)
    _, widest = tree.getwidth()
    return bool(widest <= WIDTH) and _least_digits(tree) >= DIGITS


def _least_digits(tree: Any) -> int:
    """The least number of digits in a match of a parsed pattern."""
    return sum(_least_of(operation.name, value) for operation, value in tree)


def _least_of(operation: str, value: Any) -> int:
    if operation == "LITERAL":
        return int(_ZERO <= value <= _NINE)
    if operation == "IN":
        return int(all(_holds_digits(*item) for item in value))
    if operation == "SUBPATTERN":
        return _least_digits(value[-1])
    if operation == "BRANCH":
        return min(map(_least_digits, value[1]))
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        return int(value[0]) * _least_digits(value[-1])
    return 0


def _holds_digits(operation: Any, value: Any) -> bool:
    """Whether a part of a character class is of digits alone."""
    if operation.name == "LITERAL":
        value = value, value
    elif operation.name != "RANGE":
        return False
    return bool(value[0] >= _ZERO and value[1] <= _NINE)


@njit(nogil=True)
def close_digits(data: Any, offsets: Any) -> Any:
    """Stretches of texts around close digits, on both sides wide enough for a match.

    Args:
        data: uint8 (n,), the bytes of all texts.
        offsets: int (rows + 1,), where texts begin and end.

    Returns:
        Starts and stops, int64 (m,) each, sorted and without overlap.
    """
    # Of different stretches no two share a digit that made them one.
    starts = np.empty(len(data) // DIGITS + 1, np.int64)
    stops = np.empty(len(data) // DIGITS + 1, np.int64)
    last = np.zeros(DIGITS, np.int64)
    count = 0
    for row in range(len(offsets) - 1):
        low: Any = np.int64(offsets[row])
        high: Any = np.int64(offsets[row + 1])
        seen, stop = 0, low - 1
        for place in range(low, high):
            if data[place] < _ZERO or data[place] > _NINE:
                continue
            last[seen % DIGITS] = place
            seen += 1
            first = last[seen % DIGITS]
            if seen < DIGITS or place - first >= WIDTH:
                continue
            start = max(first - WIDTH, low)
            if start > stop:
                starts[count] = start
                count += 1
            stop = min(place + WIDTH + 1, high)
            stops[count - 1] = stop
    return starts[:count], stops[:count]
