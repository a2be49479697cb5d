"""Sums over kept documents and their weights, which add up over shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Floats
from isinglass.schemas.config import BalanceConfig
from isinglass.transforms.balance.axes import Axis, axes_of, balanced_columns
from isinglass.transforms.balance.draw import DrawSums, draw_sums, moments

if TYPE_CHECKING:
    from isinglass.pipelines.stages.demographics.kept import Kept
    from isinglass.transforms.demographics.counts import MentionCounts
    from isinglass.transforms.demographics.lexicon import Group

DOCUMENTS = "documents"


class Shard(NamedTuple):
    """Kept documents of a shard; `drawn` is what was written of each, if it was."""

    kept: Kept
    chosen: np.ndarray
    drawn: Floats | None

    @property
    def weights(self) -> Floats:
        """Weight of each (n,)."""
        return np.asarray(self.kept.weight[self.chosen])

    @property
    def mentions(self) -> MentionCounts:
        """Mentions in each (n,)."""
        return self.kept.mentions.filter(self.chosen)


@dataclass
class Sums:
    """Sums over the documents of all shards.

    Attributes:
        groups: Axis and group of each column of counts.
        sums: Of each of these (groups, 5): mentions, the same weighted, documents, the
            sum of their weights, and of the squares.
        axes: Of each balanced axis its groups (groups, 4), of sure mentions alone: in
            its units, the same weighted; mentions, and documents that hold one.
        slices: Documents, weights, squares of weights; by kind and name.
        words: Words; the same weighted, and by the square of the weight.
        draws: By axis; under `DOCUMENTS` those of the documents themselves.
    """

    groups: Sequence[Group]
    sums: Floats
    axes: dict[str, Floats] = field(default_factory=dict)
    slices: dict[tuple[str, str], Floats] = field(default_factory=dict)
    words: Floats = field(default_factory=lambda: np.zeros(3))
    draws: dict[str, DrawSums] = field(default_factory=dict)
    drawn_units: dict[str, Floats] = field(default_factory=dict)
    weights: list[Floats] = field(default_factory=list)

    def add(self, shard: Shard, config: BalanceConfig, greatest: float) -> None:
        """Add the documents of a shard."""
        mentions, weights = shard.mentions, shard.weights
        self.weights.append(weights)
        self.sums += _group_sums(mentions, weights, len(self.groups))
        words = mentions.words
        self.words += [words.sum(), *((words * w).sum() for w in (weights, weights**2))]
        for by, column in (
            ("source", shard.kept.sources),
            ("language", shard.kept.languages),
        ):
            self._add_slices(by, column.filter(pa.array(shard.chosen)), weights)
        columns = balanced_columns(self.groups, config)
        names = [self.groups[column] for column in columns]
        firm = not config.ambiguous
        for axis in axes_of(mentions.dense(columns, firm=firm), names, config):
            units = _units(axis, words, config)
            # Of the mentions themselves, whatever the units: how much it rests on.
            own = [columns[names.index((axis.name, group))] for group in axis.groups]
            counts = mentions.dense(own, firm=firm)
            both = np.stack(
                [
                    units.sum(axis=1),
                    (units * weights).sum(axis=1),
                    counts.sum(axis=0),
                    (counts > 0).sum(axis=0),
                ],
                axis=1,
            )
            self.axes[axis.name] = both + self.axes.get(axis.name, np.zeros(4))
            if shard.drawn is not None:
                self._add_drawn(axis.name, units, shard, config, greatest)
        if shard.drawn is not None:
            one = np.ones((1, len(weights)))
            self._add_drawn(DOCUMENTS, one, shard, config, greatest)

    def _add_slices(self, by: str, labels: pa.Array, weights: Floats) -> None:
        encoded = pc.fill_null(labels, "unknown").dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        names = encoded.dictionary.to_pylist()
        powers = (np.ones(len(weights)), weights, weights * weights)
        sums = np.transpose([np.bincount(codes, w, len(names)) for w in powers])
        for name, row in zip(names, sums, strict=True):
            self.slices[by, name] = row + self.slices.get((by, name), np.zeros(3))

    def _add_drawn(
        self,
        name: str,
        units: Floats,
        shard: Shard,
        config: BalanceConfig,
        greatest: float,
    ) -> None:
        assert shard.drawn is not None
        assert config.emit != "weight"
        mean, variance = moments(shard.weights, config.emit, greatest)
        sums = draw_sums(units, shard.drawn, mean, variance)
        self.draws[name] = self.draws[name].add(sums) if name in self.draws else sums
        drawn = (units * shard.drawn).sum(axis=1)
        self.drawn_units[name] = drawn + self.drawn_units.get(name, np.zeros(1))


def _group_sums(mentions: MentionCounts, weights: Floats, groups: int) -> Floats:
    """Row of each group, as `Sums.sums`."""
    own = weights[mentions.rows]
    values = (mentions.counts, mentions.counts * own, np.ones(len(own)), own, own * own)
    return np.transpose([np.bincount(mentions.groups, one, groups) for one in values])


def _units(axis: Axis, words: np.ndarray, config: BalanceConfig) -> Floats:
    """What is balanced of each group and document, as `transforms.balance.cells`."""
    whole = config.units == "tokens" and config.axes[axis.name].units == "documents"
    return np.asarray(axis.counts * (words if whole else 1), np.float64)
