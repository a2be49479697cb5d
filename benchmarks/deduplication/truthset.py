"""The truth set: real documents, planted edits, and all alike pairs among them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.deduplication.exact import (
    jaccard,
    normal_form,
    shingle_matrix,
    similar_pairs,
    units,
)
from benchmarks.deduplication.planted import plant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy import sparse

LEAST = 0.5
FILES = 4


@dataclass(frozen=True, eq=False)
class Truth:
    """Documents of which all pairs that are alike are known.

    Attributes:
        texts: The documents, real and edited ones mixed.
        kinds: What was done to each; empty for a real document.
        origins: Index of the document that each was made from; itself if real.
        forms: Normal form of each.
        matrix: Which document has which shingle.
        pairs: Shape (p, 2): all pairs of J >= 0.5. Texts too short for a shingle are
            alike (J = 1) if their normal forms are equal; of each group of those,
            every one is paired with the first.
        similarity: Shape (p,): exact Jaccard similarity.
        same_words: Shape (p,): the two differ, in nothing but case, white space and
            punctuation.
        candidates: Pairs that were compared to find them.
    """

    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    origins: NDArray[np.int64]
    forms: tuple[str, ...]
    matrix: sparse.csr_matrix
    pairs: NDArray[np.int64]
    similarity: NDArray[np.float64]
    same_words: NDArray[np.bool_]
    candidates: int

    def similarity_of(self, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact similarity of any pairs; equal normal forms are 1."""
        found = jaccard(self.matrix, pairs)
        for row in np.flatnonzero(found == 0).tolist():
            left, right = pairs[row].tolist()
            found[row] = float(self.forms[left] == self.forms[right])
        return found


def build_truth(real: Sequence[str], edited: int, seed: int) -> Truth:
    """Plant edits into real documents, mix all, and find every alike pair.

    Args:
        real: Real documents.
        edited: Edited texts to make of them.
        seed: Of every choice and of the order.
    """
    planted = plant(real, edited, seed)
    order = list(range(len(real) + edited))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    texts = [*real, *(one.text for one in planted)]
    kinds = [""] * len(real) + [one.kind for one in planted]
    origins = np.array([*range(len(real)), *(one.origin for one in planted)])
    mixed = tuple(texts[number] for number in order)
    return compare_all(
        mixed,
        tuple(kinds[number] for number in order),
        place[origins[order]],
    )


def compare_all(
    texts: tuple[str, ...], kinds: tuple[str, ...], origins: NDArray[np.int64]
) -> Truth:
    """Find every alike pair of some texts; see `Truth` for the arguments."""
    forms = tuple(normal_form(text) for text in texts)
    matrix = shingle_matrix(forms)
    join = similar_pairs(matrix, LEAST)
    short = _equal_short(forms, np.diff(matrix.indptr))
    pairs = np.concatenate([join.pairs, short])
    similarity = np.concatenate([join.similarity, np.ones(len(short))])
    same = np.zeros(len(pairs), np.bool_)
    for row in np.flatnonzero(similarity == 1).tolist():
        left, right = pairs[row].tolist()
        differ = texts[left] != texts[right]
        same[row] = differ and units(forms[left]) == units(forms[right])
    return Truth(
        texts=texts,
        kinds=kinds,
        origins=origins,
        forms=forms,
        matrix=matrix,
        pairs=pairs,
        similarity=similarity,
        same_words=same,
        candidates=join.candidates,
    )


def _equal_short(
    forms: Sequence[str], shingles: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Pairs of equal texts without shingles, each with the first of its group."""
    first: dict[str, int] = {}
    pairs = []
    for number in np.flatnonzero(shingles == 0).tolist():
        leader = first.setdefault(forms[number], number)
        if leader != number and forms[number]:
            pairs.append((leader, number))
    return np.array(pairs, np.int64).reshape(-1, 2)


def write_truth(truth: Truth, folder: Path, count: int | None = None) -> Path:
    """Write the first documents, in files of about equal size, for a job to read."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    count = len(truth.texts) if count is None else min(count, len(truth.texts))
    bounds = np.linspace(0, count, FILES + 1).astype(int).tolist()
    for number, (start, stop) in enumerate(pairwise(bounds)):
        table = pa.table(
            {
                "id": [f"t{index:07d}" for index in range(start, stop)],
                "text": pa.array(truth.texts[start:stop], pa.string()),
                "edit": pa.array(truth.kinds[start:stop], pa.string()),
            }
        )
        path = folder / f"truth-{number}.parquet"
        pq.write_table(table, path, compression="zstd", row_group_size=2048)
    return folder


def write_pairs(truth: Truth, path: Path) -> None:
    """Write the alike pairs, so that others can measure against them."""
    table = pa.table(
        {
            "left": truth.pairs[:, 0],
            "right": truth.pairs[:, 1],
            "jaccard": truth.similarity,
            "same_words": truth.same_words,
        }
    )
    pq.write_table(table, path)
