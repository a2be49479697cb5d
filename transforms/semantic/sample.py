"""A sample of documents that depends on their ids alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.hashing import hash_ids, id_bytes

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass
class Drawn:
    """Accumulator: pieces of (hashes, ids, vectors), at most about twice the sample.

    Attributes:
        pieces: What was added and not yet brought together.
        rows: Documents in all pieces.
        limit: A hash above it cannot be of the sample.
        documents: Documents that were looked at.
    """

    pieces: list[tuple[NDArray[np.uint64], NDArray[np.bytes_], NDArray[np.float32]]] = (
        field(default_factory=list)
    )
    rows: int = 0
    limit: int = 2**64 - 1
    documents: int = 0


@dataclass(frozen=True, eq=False)
class Sample:
    """The sampled documents, by ascending hash.

    Attributes:
        ids: Shape (m,), 32-byte ids.
        vectors: float32 (m, d).
        documents: How many there were to draw from.
    """

    ids: NDArray[np.bytes_]
    vectors: NDArray[np.float32]
    documents: int


@dataclass(frozen=True)
class SampleFold:
    """The `size` documents of the smallest hashes; order and grouping do not matter.

    A document's id must come once: a second row of it would count twice.

    Attributes:
        size: Most documents of the sample.
        seed: Key of the hash.
    """

    size: int
    seed: int

    def create(self) -> Drawn:
        """Return the accumulator of no documents."""
        return Drawn()

    def add(
        self, drawn: Drawn, doc_ids: pa.StringArray, matrix: NDArray[np.float32]
    ) -> Drawn:
        """Add a batch; changes and returns `drawn`.

        Args:
            drawn: From `create`, `add` or `merge`.
            doc_ids: Without nulls, 32 characters each.
            matrix: Shape (n, d), the documents' vectors.

        Raises:
            ValueError: As many ids as vectors were expected.
        """
        ids = id_bytes(doc_ids)
        if len(ids) != len(matrix):
            raise ValueError(f"{len(ids)} doc_ids and {len(matrix)} vectors")
        hashes = hash_ids(ids, self.seed)
        near = np.flatnonzero(hashes <= np.uint64(drawn.limit))
        drawn.documents += len(ids)
        if len(near):
            drawn.pieces.append((hashes[near], ids[near], matrix[near]))
            drawn.rows += len(near)
        return self._shrink(drawn) if drawn.rows > 2 * self.size else drawn

    def merge(self, first: Drawn, second: Drawn) -> Drawn:
        """Return the accumulator of both; changes neither."""
        merged = Drawn(
            [*first.pieces, *second.pieces],
            first.rows + second.rows,
            min(first.limit, second.limit),
            first.documents + second.documents,
        )
        return self._shrink(merged) if merged.rows > 2 * self.size else merged

    def finish(self, drawn: Drawn) -> Sample:
        """Return the sample."""
        copy = Drawn(list(drawn.pieces), drawn.rows, drawn.limit, drawn.documents)
        if not copy.pieces:
            nothing = np.empty((0, 0), np.float32)
            return Sample(np.empty(0, "S32"), nothing, copy.documents)
        _, ids, vectors = self._shrink(copy).pieces[0]
        return Sample(ids, vectors, copy.documents)

    def _shrink(self, drawn: Drawn) -> Drawn:
        """One piece of at most `size` rows, sorted by hash and id."""
        hashes = np.concatenate([piece[0] for piece in drawn.pieces])
        ids = np.concatenate([piece[1] for piece in drawn.pieces])
        order = np.lexsort((ids, hashes))[: self.size]
        # Picked piece by piece: the vectors are never all in memory a second time.
        vectors = np.empty((len(order), drawn.pieces[0][2].shape[1]), np.float32)
        start = 0
        for _, _, matrix in drawn.pieces:
            inside = (order >= start) & (order < start + len(matrix))
            vectors[inside] = matrix[order[inside] - start]
            start += len(matrix)
        drawn.pieces[:] = [(hashes[order], ids[order], vectors)]
        drawn.rows = len(order)
        if len(order) == self.size:
            drawn.limit = int(hashes[order[-1]])
        return drawn
