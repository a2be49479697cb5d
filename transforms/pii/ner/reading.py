"""What models are shown: texts cut, blanked in places and grouped.

Long stretches without white space are shown to none. spaCy's tokenizer takes
punctuation off a stretch one sign at a time and looks at the rest again: a page of
brackets takes quadratic time, hours for a million. No name is that long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
from threadpoolctl import ThreadpoolController

from isinglass.transforms.compiled import njit
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.windows import Piece

MOST_CHARS = 500
"""Longer stretches are blanked for own inference. 500 brackets take about 20 ms."""

MOST_EXACT_CHARS = 5_000
"""The same for spaCy's pipeline, which serves languages without blanks, too, and mode
`exact`, whose findings stock Presidio has in them."""

_BLANKS = (9, 10, 11, 12, 13, 32)

BATCH_TEXTS = 32
"""Texts a call of `nlp.pipe`; larger batches fall out of the cache and are slower."""

ZONE_CHARS = 1_000_000
"""Texts of about this length share a memory zone: strings of the vocabulary that are
new in it are forgotten at its end, so that memory does not grow with the stream."""


Read = TypeVar("Read")


def groups(parts: Iterable[Piece], size: int) -> Iterator[list[Piece]]:
    """Groups of at least `size` code points, the last one of fewer."""
    group: list[Piece] = []
    length = 0
    for part in parts:
        group.append(part)
        length += len(part.text)
        if length >= size:
            yield group
            group, length = [], 0
    if group:
        yield group


def read_together(
    read: Callable[[list[Piece]], Read], parts: list[Piece], budget: Budget
) -> Iterator[tuple[list[Piece], Read]]:
    """Read some texts together, or each alone if that fails, so that one fails alone.

    Blank ones are left out, and rows that have failed. Time is charged by length.
    """
    parts = [p for p in parts if p.text.strip() and p.row not in budget.failed]
    if not parts:
        return
    began = budget.now()
    try:
        value = read(parts)
    except Exception:  # noqa: BLE001 - whichever text it was is found below
        for part in parts:
            if part.row not in budget.failed:
                alone: list[Read] = []
                with budget.guard(part.row):
                    alone = [read([part])]
                for value in alone:
                    yield [part], value
        return
    seconds = budget.now() - began
    length = sum(len(part.text) for part in parts) or 1
    for part in parts:
        budget.charge(part.row, seconds * len(part.text) / length)
    yield parts, value


def read_in_zones(
    nlp: Any,
    read: Callable[[list[Piece]], list[Read]],
    parts: Iterable[Piece],
    budget: Budget,
) -> Iterator[tuple[Piece, Read]]:
    """Read texts in batches; each with what was read, until its row fails.

    What spaCy makes must not outlive the step of the iteration.
    """
    for zone in groups(parts, ZONE_CHARS):
        with nlp.memory_zone():
            for begin in range(0, len(zone), BATCH_TEXTS):
                batch = zone[begin : begin + BATCH_TEXTS]
                for some, values in read_together(read, batch, budget):
                    for part, value in zip(some, values, strict=True):
                        if part.row not in budget.failed:
                            yield part, value


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


@njit(nogil=True)
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


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit the BLAS libraries of this process to one thread; undone at the exit.

    The matrices of these models are small: threads of BLAS wait for each other longer
    than they compute, and processes share the cores already.
    """
    limited: AbstractContextManager[Any] = _controller().limit(
        limits=1, user_api="blas"
    )
    return limited


@cache
def _controller() -> ThreadpoolController:
    # Looks through all loaded libraries, which takes milliseconds.
    return ThreadpoolController()
