"""Sentence starts where they may matter, so that entities are those of all of spaCy.

In the full pipeline no entity continues over a sentence start of the parser. Without
any, the walk takes the same moves up to the first start within an entity that it found;
starts elsewhere change nothing. So only the inside of entities of several tokens can be
suspicious, and of it only white space (line ends, columns of tables) and a capital
letter behind a token with a sign, such as `D.C.` before `Law`. The parser reads a
window around those, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.ner.chunks import CAPITAL, SIGN, SPACE

if TYPE_CHECKING:
    from isinglass.transforms.pii.ner.batch import Batch
    from isinglass.transforms.pii.ner.inference import Entities

BEFORE, AFTER = 128, 32
"""Tokens that the parser reads before and after a suspicious one."""

BATCH_WINDOWS = 64

_NUMBERS = frozenset({"PERCENT", "MONEY", "QUANTITY", "CARDINAL", "ORDINAL"})
"""Entities of these labels are no findings, and break into none."""


class Window(NamedTuple):
    """Rows of one text that the parser reads."""

    text: int
    low: int
    high: int


def mark_sentence_starts(
    nlp: Any,
    labels: tuple[str, ...],
    found: Entities,
    batch: Batch,
    texts: pa.StringArray,
    starts: NDArray[np.bool_],
) -> bool:
    """Note sentence starts around suspicious places in `starts`, bool (rows,).

    Returns:
        Whether any was found, so that the batch must be decoded again.
    """
    wanted = np.array([label not in _NUMBERS for label in labels])
    several = wanted[found.labels] & (found.ends - found.begins > 1)
    rows = _suspicious(batch.flags, found.begins[several], found.ends[several])
    windows = list(_windows(rows, batch))
    marked = False
    for low in range(0, len(windows), BATCH_WINDOWS):
        part = windows[low : low + BATCH_WINDOWS]
        for window, begins in zip(part, _parse(nlp, part, batch, texts), strict=True):
            known = batch.begins[window.low : window.high]
            rows = window.low + np.searchsorted(known, begins)
            # The first token of a window starts a sentence only for the parser.
            rows = rows[rows > window.low]
            starts[rows] = True
            marked |= len(rows) > 0
    return marked


def _parse(
    nlp: Any, windows: list[Window], batch: Batch, texts: pa.StringArray
) -> list[NDArray[np.int64]]:
    """Code points of the text at which sentences start, for each window."""
    known: dict[int, str] = {}
    pieces = []
    for text, low, high in windows:
        if text not in known:
            known = {text: texts[text].as_py()}
        pieces.append(known[text][batch.begins[low] : batch.ends[high - 1]])
    found = []
    with nlp.memory_zone():
        docs = nlp.pipe(pieces, batch_size=BATCH_WINDOWS, disable=["ner"])
        for window, doc in zip(windows, docs, strict=True):
            values = doc.to_array(["IDX", "SENT_START"]).astype(np.int64)
            local = values[values[:, 1] == 1, 0]
            found.append(local + batch.begins[window.low])
    return found


def _windows(rows: NDArray[np.int64], batch: Batch) -> Iterator[Window]:
    """Windows around rows, joined where they overlap."""
    texts = np.searchsorted(batch.highs, rows, side="right").tolist()
    last: Window | None = None
    for text, row in zip(texts, rows.tolist(), strict=True):
        bounds = int(batch.lows[text]), int(batch.highs[text])
        low = _edge(batch, max(row - BEFORE, bounds[0]), -1, bounds)
        high = _edge(batch, min(row + AFTER, bounds[1]), 1, bounds)
        if last is not None and last.text == text and last.high >= low:
            last = last._replace(high=max(high, last.high))
            continue
        if last is not None:
            yield last
        last = Window(text, low, high)
    if last is not None:
        yield last


def _edge(batch: Batch, row: int, step: int, bounds: tuple[int, int]) -> int:
    """The nearest row in one direction that the tokenizer reads by itself."""
    while row not in bounds and (
        batch.begins[row] == batch.ends[row - 1]
        and not (batch.flags[row] | batch.flags[row - 1]) & SPACE
    ):
        row += step
    return row


@njit(nogil=True)
def _suspicious(flags: Any, begins: Any, ends: Any) -> Any:
    out = np.empty((ends - begins).sum(), np.int64)
    count = 0
    for i in range(len(begins)):
        for row in range(begins[i] + 1, ends[i]):
            begins_anew = flags[row] & CAPITAL and flags[row - 1] & SIGN
            if begins_anew or (flags[row] | flags[row - 1]) & SPACE:
                out[count] = row
                count += 1
    return out[:count]
