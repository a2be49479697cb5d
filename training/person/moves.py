"""Which moves are right for each token, and the state in which each is chosen.

The recogniser walks over a text with moves B, I, L, U and O (see
`transforms/pii/ner/decode.py`). In training the right moves are forced, so that the
states of all tokens are known beforehand and are scored at once. Moves are numbered as
spaCy numbers them: B of each label, then I, L, U, a U without a label that is never
valid, and O.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.person.corpus import LABELS, NOT_PERSON, UNKNOWN

COUNT = len(LABELS)
MOVES = 4 * COUNT + 2
BEGIN, INSIDE, LAST, UNIT, OUT = 0, COUNT, 2 * COUNT, 3 * COUNT, 4 * COUNT + 1
UNITS = slice(UNIT, UNIT + COUNT)
PERSON = LABELS.index("PERSON")


class Targets(NamedTuple):
    """What is known of each token.

    Attributes:
        valid: bool (n, moves), moves that the walk may take there.
        right: bool (n, moves), those of them that agree with the label. All of them
            where nothing is known.
        first: int32 (n,), first token of the entity that is open, or -1.
    """

    valid: NDArray[np.bool_]
    right: NDArray[np.bool_]
    first: NDArray[np.int32]


def targets(spans: NDArray[np.int32], spaces: NDArray[np.bool_]) -> Targets:
    """Targets of one text.

    Args:
        spans: int32 (m, 3), sorted token spans, see `corpus.Document`.
        spaces: bool (n,), whether a token is white space.
    """
    count = len(spaces)
    valid = np.zeros((count, MOVES), np.bool_)
    valid[:, OUT] = True
    valid[~spaces, BEGIN:INSIDE] = True
    valid[~spaces, UNITS] = True
    valid[-1, BEGIN:INSIDE] = False
    right = np.zeros_like(valid)
    right[:, OUT] = True
    first = np.full(count, -1, np.int32)
    for low, high, number in spans.tolist():
        if number == UNKNOWN:
            right[low:high] = valid[low:high]
        elif number == NOT_PERSON:
            right[low:high] = valid[low:high]
            right[low:high, [BEGIN + PERSON, UNIT + PERSON]] = False
        else:
            _entity(valid, right, (low, high, number))
            first[low + 1 : high] = low
    return Targets(valid, right, first)


def _entity(
    valid: NDArray[np.bool_], right: NDArray[np.bool_], span: tuple[int, int, int]
) -> None:
    low, high, number = span
    right[low:high] = False
    if high - low == 1:
        right[low, UNIT + number] = True
        return
    right[low, BEGIN + number] = True
    valid[low + 1 : high] = False
    valid[low + 1 : high, LAST + number] = True
    valid[low + 1 : high, INSIDE + number] = True
    if high == len(valid):
        valid[high - 1, INSIDE + number] = False
    right[low + 1 : high - 1, INSIDE + number] = True
    right[high - 1, LAST + number] = True
