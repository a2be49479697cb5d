"""Long stretches without white space, which no model is shown.

spaCy's tokenizer takes punctuation off a stretch one sign at a time and looks at the
rest again: a page of brackets takes quadratic time, hours for a million. No name is
that long.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from isinglass.transforms.text import string_buffers

MOST_CHARS = 500
"""Longer stretches are blanked for own inference. 500 brackets take about 20 ms."""

MOST_EXACT_CHARS = 5_000
"""The same for spaCy's pipeline, which serves languages without blanks, too, and mode
`exact`, whose findings stock Presidio has in them."""

_BLANKS = (9, 10, 11, 12, 13, 32)


def without_long_stretches(texts: pa.StringArray, most: int) -> pa.StringArray:
    """Texts with blanks in place of over-long stretches; offsets stay as they are."""
    flagged = np.flatnonzero(_has_long(*string_buffers(texts), most))
    if not len(flagged):
        return texts
    values = texts.to_pylist()
    for row in flagged.tolist():
        values[row] = blank_long_stretches(values[row], most)
    return pa.array(values, pa.string())


def blank_long_stretches(text: str, most: int) -> str:
    """A text of the same length with blanks in place of over-long stretches."""
    return _long(most).sub(lambda found: " " * len(found[0]), text)


@cache
def _long(most: int) -> re.Pattern[str]:
    return re.compile(rf"\S{{{most + 1},}}")


@njit(cache=True, nogil=True)
def _has_long(data: Any, offsets: Any, most: Any) -> Any:
    """Whether a text may hold such a stretch: bytes are counted, and ASCII blanks."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(offsets) - 1):
        length = 0
        for position in range(offsets[row], offsets[row + 1]):
            byte = data[position]
            length = 0 if byte in _BLANKS else length + 1
            if length > most:
                found[row] = True
                break
    return found
