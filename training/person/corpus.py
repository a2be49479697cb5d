"""Labelled text as tokens of spaCy's English tokenizer.

A document holds what the network sees of each token (the hashes of norm, prefix, suffix
and shape) and what people or the teacher said of it. Text is kept only where it is
written in another case at training time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

ATTRIBUTES = ("NORM", "PREFIX", "SUFFIX", "SHAPE")
LABELS = ("PERSON", "ORG", "LOC")
"""Labels of the moves, in their order; only PERSON is measured and looked for."""

UNKNOWN, NOT_PERSON = len(LABELS), len(LABELS) + 1
_NUMBERS = {name: number for number, name in enumerate(LABELS)} | {
    "IGNORE": UNKNOWN,
    "NOTPER": NOT_PERSON,
}


@dataclass(frozen=True)
class Document:
    """A tokenised text with labels.

    Attributes:
        text: The text.
        keys: uint64 (tokens, 4), hashes of `ATTRIBUTES`.
        spaces: bool (tokens,), whether a token is white space.
        spans: int32 (n, 3), sorted: first token, last (exclusive), and number of the
            label, `UNKNOWN` or `NOT_PERSON`.
        labels: Spans in code points: start, end, number.
    """

    text: str
    keys: NDArray[np.uint64]
    spaces: NDArray[np.bool_]
    spans: NDArray[np.int32]
    labels: tuple[tuple[int, int, int], ...]

    def __len__(self) -> int:
        """Tokens."""
        return len(self.spaces)


def read_documents(path: Path, nlp: Any) -> list[Document]:
    """Read a file of `shared/data/ner`.

    Args:
        path: Parquet with `text` and `spans` (start, end, label).
        nlp: spaCy pipeline with the tokenizer.
    """
    table = pq.read_table(path, columns=["text", "spans"])
    rows = zip(table["text"].to_pylist(), table["spans"].to_pylist(), strict=True)
    found = []
    for text, spans in rows:
        labels = [(s["start"], s["end"], _NUMBERS[s["label"]]) for s in spans]
        found.append(tokenise(text, labels, nlp))
    return [document for document in found if len(document)]


def tokenise(text: str, labels: Sequence[tuple[int, int, int]], nlp: Any) -> Document:
    """Tokenise a text; a label that begins or ends within a token becomes unknown.

    Args:
        text: The text.
        labels: Start and end in code points, and number.
        nlp: spaCy pipeline with the tokenizer.
    """
    doc = nlp.tokenizer(text)
    values = doc.to_array(["IDX", "LENGTH", "IS_SPACE", *ATTRIBUTES])
    values = values.reshape(len(doc), 3 + len(ATTRIBUTES))
    starts = values[:, 0].astype(np.int64)
    ends = starts + values[:, 1].astype(np.int64)
    spaces = values[:, 2] != 0
    spans = list(_token_spans(sorted(labels), starts, ends, spaces))
    return Document(
        text,
        np.ascontiguousarray(values[:, 3:]).astype(np.uint64),
        spaces,
        np.array(_without_overlaps(spans), np.int32).reshape(-1, 3),
        tuple(labels),
    )


def _token_spans(
    labels: Sequence[tuple[int, int, int]],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    spaces: NDArray[np.bool_],
) -> Iterator[tuple[int, int, int]]:
    for start, end, number in labels:
        low = int(np.searchsorted(ends, start, side="right"))
        high = int(np.searchsorted(starts, end, side="left"))
        if high <= low:
            continue
        exact = starts[low] == start and ends[high - 1] == end
        while exact and low < high and spaces[low]:
            low += 1
        while exact and high > low and spaces[high - 1]:
            high -= 1
        if high > low:
            yield low, high, number if exact or number > UNKNOWN else UNKNOWN


def _without_overlaps(
    spans: list[tuple[int, int, int]],
) -> list[tuple[int, int, int]]:
    """The first of spans that overlap. Labels of one source do so by mistake only."""
    kept: list[tuple[int, int, int]] = []
    for span in sorted(spans):
        if not kept or kept[-1][1] <= span[0]:
            kept.append(span)
    return kept
