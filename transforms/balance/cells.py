"""The table that weights are solved on: documents with equal counts, taken together.

Weights depend on a document through its counts only, so the table of distinct count
vectors is all it takes. It is gathered shard by shard, and does not depend on the order
of the documents. Where there are too many vectors, neighbours are taken together: their
counts are added up as they are, so that targets are still met exactly, but the weights
may be a little farther from 1 than they need to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats, Integers
from isinglass.schemas.config.balance import BalanceConfig
from isinglass.transforms.balance.axes import Axis, axes_of

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Group

MOST_CELLS = 500_000
"""Distinct vectors that are kept apart."""

UNKNOWN = "unknown"
"""Stratum of documents whose source or language is not known."""

_DIGITS = (None, 8, 5, 3, 2, 1)
"""Leading binary digits of a number by which vectors are told apart; None for all."""


class Part(NamedTuple):
    """Some documents: mentions (n, columns), words (n,), and the label of each (n,)."""

    counts: NDArray[np.integer]
    words: Integers
    labels: pa.Array


class Cells(NamedTuple):
    """Distinct vectors in order of their strata; counts are per unit of the mass.

    Attributes:
        axes: With counts (groups, k).
        mass: Documents or words of each cell (k,).
        names: Of the strata.
        strata: Where each begins and ends; they follow one another.
        exact: Whether all vectors were kept apart.
    """

    axes: tuple[Axis, ...]
    mass: Floats
    names: tuple[str, ...]
    strata: tuple[slice, ...]
    exact: bool = True


class _Shard(NamedTuple):
    """Cells of one shard: vectors, sums over their documents, and each one's cell.

    Sums (k, 2 + groups) are of documents, of words, and of the counts of each group.
    """

    vectors: Integers
    sums: Floats
    labels: list[str]
    cell: NDArray[np.int32]


def gather(
    parts: Callable[[], Iterable[Part]],
    columns: Sequence[Group],
    config: BalanceConfig,
) -> tuple[Cells, NDArray[np.int32]]:
    """Return the cells of all documents, and the cell of each document (n,).

    `parts` may be asked more than once.

    Raises:
        ConfigError: As `axes_of` does.
    """
    for digits in _DIGITS:
        shards = [_cells_of(part, columns, config, digits) for part in parts()]
        cells, cell = _merge(shards, columns, config)
        if len(cells.mass) <= MOST_CELLS:
            break
    return cells._replace(exact=digits is None), cell


def _cells_of(
    part: Part, columns: Sequence[Group], config: BalanceConfig, digits: int | None
) -> _Shard:
    axes = axes_of(part.counts, columns, config)
    counts = np.concatenate([axis.counts for axis in axes]).T.astype(np.int64)
    labels, codes = _encoded(part.labels)
    tokens = config.units == "tokens"
    words = part.words if tokens else np.zeros(len(counts), np.int64)
    mentioned = counts.any(axis=1)
    by_words = np.where(mentioned, words, 0)
    keys = np.column_stack([counts, by_words])
    if digits is not None:
        keys = _leading(keys, digits)
    vectors, cell = _distinct(codes, keys)
    if tokens:
        counts = counts * np.where(_whole(axes, config), words[:, None], 1)
    values = [np.ones(len(counts)), words, *counts.T]
    return _Shard(vectors, _sums(cell, len(vectors), values), labels, cell)


def _distinct(codes: Integers, keys: Integers) -> tuple[Integers, NDArray[np.int32]]:
    """Distinct rows of codes with keys, and which of them each row is.

    Most documents mention nobody, and need not be sorted.
    """
    some = keys.any(axis=1)
    own = np.column_stack([codes[some], keys[some]])
    vectors, inverse = np.unique(own, axis=0, return_inverse=True)
    empty = np.flatnonzero(np.bincount(codes[~some]))
    nothing = np.zeros((len(empty), own.shape[1]), np.int64)
    nothing[:, 0] = empty
    cell = np.empty(len(keys), np.int32)
    cell[some] = inverse.reshape(-1)
    cell[~some] = len(vectors) + np.searchsorted(empty, codes[~some])
    return np.concatenate([vectors, nothing]), cell


def _whole(axes: Sequence[Axis], config: BalanceConfig) -> Flags:
    """Which columns count documents: with tokens they count as many as they have."""
    flags = [config.axes[a.name].units == "documents" for a in axes for _ in a.groups]
    return np.array(flags)


def _encoded(labels: pa.Array) -> tuple[list[str], Integers]:
    """The labels that occur, sorted, and the place of each among them."""
    filled = pc.fill_null(labels, UNKNOWN)
    known = pa.array(sorted(filled.unique().to_pylist()), filled.type)
    codes = pc.index_in(filled, value_set=known).to_numpy(zero_copy_only=False)
    return known.to_pylist(), codes.astype(np.int64)


def _leading(values: Integers, digits: int) -> Integers:
    """Numbers with all but their leading binary digits made 0."""
    length = np.frexp(values.astype(np.float64))[1].astype(np.int64)
    shift = np.maximum(length - digits, 0)
    return (values >> shift) << shift


def _sums(cell: NDArray[np.int32], size: int, values: Iterable[np.ndarray]) -> Floats:
    """Sums (size, values) of whole numbers, which floats hold exactly up to 2^53."""
    return np.column_stack([np.bincount(cell, one, size) for one in values])


def _merge(
    shards: list[_Shard], columns: Sequence[Group], config: BalanceConfig
) -> tuple[Cells, NDArray[np.int32]]:
    empty = np.zeros((0, len(columns)), np.int64)
    axes = axes_of(empty, columns, config)
    width = sum(len(axis.groups) for axis in axes)
    names = sorted({label for shard in shards for label in shard.labels})
    vectors = np.concatenate(
        [np.zeros((0, width + 2), np.int64), *_coded(shards, names)]
    )
    distinct, inverse = np.unique(vectors, axis=0, return_inverse=True)
    place = inverse.reshape(-1).astype(np.int32)
    sums = np.concatenate([np.zeros((0, width + 2)), *(s.sums for s in shards)])
    sums = _sums(place, len(distinct), sums.T)
    mass = sums[:, 1 if config.units == "tokens" else 0]
    each = np.divide(
        sums[:, 2:].T, mass, out=np.zeros((width, len(mass))), where=mass > 0
    )
    ends = np.searchsorted(distinct[:, 0], np.arange(len(names) + 1)).tolist()
    strata = tuple(slice(first, last) for first, last in pairwise(ends))
    cells = Cells(tuple(_split(axes, each)), mass, tuple(names), strata)
    return cells, np.concatenate([np.zeros(0, np.int32), *_placed(shards, place)])


def _coded(shards: list[_Shard], names: list[str]) -> Iterator[Integers]:
    """Vectors of each shard, with the place of the label among those of all."""
    number = {name: place for place, name in enumerate(names)}
    for shard in shards:
        vectors = shard.vectors.copy()
        places = np.array([number[label] for label in shard.labels], np.int64)
        vectors[:, 0] = places[vectors[:, 0]] if len(places) else 0
        yield vectors


def _placed(
    shards: list[_Shard], place: NDArray[np.int32]
) -> Iterator[NDArray[np.int32]]:
    first = 0
    for shard in shards:
        yield place[first : first + len(shard.vectors)][shard.cell]
        first += len(shard.vectors)


def _split(axes: list[Axis], counts: Floats) -> list[Axis]:
    """The same axes with `counts` (groups of all axes, k)."""
    ends = np.cumsum([len(axis.groups) for axis in axes])[:-1]
    parts = np.split(counts, ends)
    return [
        replace(axis, counts=np.ascontiguousarray(part))
        for axis, part in zip(axes, parts, strict=True)
    ]
