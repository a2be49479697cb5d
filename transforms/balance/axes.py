"""Axes with their targets, and the constraint functions that these are.

For an axis with target shares t, a document with counts c_g and their sum c_a gives
x_g = c_g - t_g c_a of all groups but one; the weighted corpus meets the target if and
only if every sum(w x_g) is 0. A cap or floor s of a group is sum(w (c_g - s c_a)) <= 0
or >= 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats
from isinglass.schemas.config.balance import (
    SUM_TOLERANCE,
    AxisConfig,
    BalanceConfig,
    LimitsConfig,
)
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Group

SHARE_TOLERANCE = 1e-7
"""What a share may differ from its target by and be called equal."""


class Limit(NamedTuple):
    """A greatest or least share of a group; `side` is 1 for a cap, -1 for a floor."""

    group: str
    side: int
    share: float

    @property
    def kind(self) -> str:
        """As the configuration calls it."""
        return "cap" if self.side > 0 else "floor"


@dataclass(frozen=True)
class Axis:
    """An axis: target shares of its groups, or limits, and counts in its units.

    Counts are of each group, sorted, and document (or distinct vector), shape
    (groups, k). The target is empty where there are limits.
    """

    name: str
    groups: tuple[str, ...]
    counts: NDArray[np.integer | np.floating]
    target: Mapping[str, float]
    limits: tuple[Limit, ...] = ()

    def total(self) -> Floats:
        """Counts of all groups, shape (k,)."""
        return np.asarray(self.counts.sum(axis=0), np.float64)

    def equal(self) -> Floats:
        """Rows of which the weighted sum must be 0, (groups - 1, k); none for limits.

        They are the functions x_g of all groups but the last.
        """
        if not self.target:
            return np.zeros((0, self.counts.shape[1]))
        shares = np.array(list(self.target.values()))[:, None]
        return np.asarray((self.counts - shares * self.total())[:-1])

    def at_most(self) -> Floats:
        """Rows of which the weighted sum must not be above 0, (limits, k)."""
        total = self.total()
        rows = [
            side * (self.counts[self.groups.index(group)] - share * total)
            for group, side, share in self.limits
        ]
        return np.array(rows, np.float64).reshape(len(rows), self.counts.shape[1])

    def shares(self, weights: Floats) -> dict[str, float]:
        """The share of each group under weights (k,); 0 where nothing is mentioned."""
        total = float((weights * self.total()).sum())
        return {
            group: float((weights * counts).sum()) / total if total > 0 else 0.0
            for group, counts in zip(self.groups, self.counts, strict=True)
        }

    def misses(self, shares: Mapping[str, float]) -> dict[str, float]:
        """How far the share of each group is from what is asked; 0 for none."""
        found = dict.fromkeys(self.groups, 0.0)
        for group, goal in self.target.items():
            found[group] = abs(shares[group] - goal)
        for group, side, share in self.limits:
            found[group] = max(found[group], side * (shares[group] - share))
        return found

    def towards_target(self, mass: Floats, way: float) -> Axis:
        """The same axis, with a target part of the way from the shares it has."""
        now = self.shares(mass)
        target = {g: now[g] + way * (goal - now[g]) for g, goal in self.target.items()}
        limits = tuple(
            limit._replace(share=now[limit.group] + way * gap)
            if limit.side * (gap := limit.share - now[limit.group]) < 0.0
            else limit
            for limit in self.limits
        )
        return replace(self, target=target, limits=limits)

    def part(self, stratum: slice) -> Axis:
        """The same axis over some of the vectors."""
        return replace(self, counts=self.counts[:, stratum])


def axes_of(
    vectors: NDArray[np.integer], columns: Sequence[Group], config: BalanceConfig
) -> list[Axis]:
    """The axes that are balanced, over documents with these mentions.

    Raises:
        ConfigError: A target names an axis or a group that has no column, or limits
            that no shares keep.
    """
    found = []
    for name, axis in sorted(config.axes.items()):
        groups = _groups(name, axis, columns)
        counts = vectors[:, [columns.index((name, group)) for group in groups]].T
        if axis.units == "documents":
            counts = np.minimum(counts, 1)
        elif axis.units == "capped":
            counts = np.minimum(counts, axis.cap)
        target = dict(sorted(axis.shares.items()))
        if axis.target == "parity":
            target = dict.fromkeys(groups, 1.0 / len(groups))
        limits = _limits(axis.target) if isinstance(axis.target, LimitsConfig) else ()
        found.append(Axis(name, groups, counts, target, limits))
    return found


def balanced_columns(columns: Sequence[Group], config: BalanceConfig) -> list[int]:
    """Indices of the columns that `axes_of` looks at, ascending; it raises alike."""
    asked = {
        (name, group)
        for name, axis in config.axes.items()
        for group in _groups(name, axis, columns)
    }
    return [index for index, column in enumerate(columns) if column in asked]


def _groups(name: str, axis: AxisConfig, columns: Sequence[Group]) -> tuple[str, ...]:
    """Groups of the axis, sorted; of target shares those that are named, no others."""
    groups = sorted(group for other, group in columns if other == name)
    if not groups:
        known = ", ".join(sorted({other for other, _ in columns}))
        raise ConfigError(f"balance.axes.{name}: no such axis; known: {known}.")
    if axis.target == "parity":
        return tuple(groups)
    limits = axis.target if isinstance(axis.target, LimitsConfig) else None
    named = {*limits.cap, *limits.floor} if limits else {*axis.shares}
    unknown = sorted(named - set(groups))
    if unknown:
        raise ConfigError(
            f"balance.axes.{name}.target: no group {unknown[0]}; "
            f"known: {', '.join(groups)}."
        )
    if limits is None:
        return tuple(sorted(named))
    total = sum(limits.cap.values())
    if len(limits.cap) == len(groups) and total < 1.0 - SUM_TOLERANCE:
        raise ConfigError(
            f"balance.axes.{name}.target.cap: all {len(groups)} groups have one, and "
            f"these sum to {total:g}; no shares keep them. Raise them to a sum of 1 at "
            "least."
        )
    return tuple(groups)


def _limits(config: LimitsConfig) -> tuple[Limit, ...]:
    caps = [Limit(group, 1, share) for group, share in sorted(config.cap.items())]
    floors = [Limit(group, -1, share) for group, share in sorted(config.floor.items())]
    return (*caps, *floors)
