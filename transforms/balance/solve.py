"""Balancing: document weights that move a corpus to target shares.

For an axis with target shares t, a document with counts c_g and their sum c_a gives
the constraint functions x_g = c_g - t_g c_a of all groups but one. The weighted corpus
meets the target if and only if every sum(w x_g) is 0. Weights depend on a document
through its counts only, so the table of distinct count vectors is all it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats
from isinglass.schemas.config.balance import AxisConfig, BalanceConfig
from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.balance.calibration import (
    TOLERANCE,
    Calibration,
    Distance,
    calibrate,
)

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Group

Reachable = dict[str, tuple[float, float]]
"""Least and greatest share of each group that the bounds allow one axis alone.

Empty for an axis that no document mentions: it is not balanced, and nothing about it
is infeasible."""

_SHARE_TOLERANCE = 1e-7
_LEAST_MENTIONS = 1e-6
_BISECTIONS = 24


class Solution(NamedTuple):
    """Weights of documents, of mean 1, and whether they meet all targets together."""

    weights: Floats
    feasible: bool
    reachable: dict[str, Reachable]


@dataclass(frozen=True)
class Axis:
    """An axis: its targets by group, sorted, and counts in its units.

    Counts are of each group and document (or distinct vector), shape (groups, k).
    """

    name: str
    target: dict[str, float]
    counts: NDArray[np.integer | np.floating]

    def total(self) -> Floats:
        """Counts of all groups, shape (k,)."""
        return np.asarray(self.counts.sum(axis=0), np.float64)

    def constraints(self) -> Floats:
        """The functions x_g of all groups but the last, shape (groups - 1, k)."""
        shares = np.array(list(self.target.values()))[:, None]
        return np.asarray((self.counts - shares * self.total())[:-1])

    def shares(self, weights: Floats) -> dict[str, float]:
        """The share of each group under weights (k,); 0 where nothing is mentioned."""
        total = float((weights * self.total()).sum())
        return {
            group: float((weights * counts).sum()) / total if total > 0 else 0.0
            for group, counts in zip(self.target, self.counts, strict=True)
        }

    def towards_target(self, documents: Floats, way: float) -> Axis:
        """The same axis, with a target part of the way from the shares it has."""
        now = self.shares(documents)
        target = {g: now[g] + way * (goal - now[g]) for g, goal in self.target.items()}
        return replace(self, target=target)


def axes_of(
    vectors: NDArray[np.integer], columns: Sequence[Group], config: BalanceConfig
) -> list[Axis]:
    """The axes that are balanced, over documents with these mentions.

    Raises:
        ConfigError: A target names an axis or a group that has no column.
    """
    found = []
    for name, axis in sorted(config.axes.items()):
        groups = [group for other, group in columns if other == name]
        if not groups:
            known = ", ".join(sorted({other for other, _ in columns}))
            raise ConfigError(f"balance.axes.{name}: no such axis; known: {known}.")
        target = _target(name, groups, axis)
        counts = vectors[:, [columns.index((name, group)) for group in target]].T
        if axis.units == "documents":
            counts = np.minimum(counts, 1)
        elif axis.units == "capped":
            counts = np.minimum(counts, axis.cap)
        found.append(Axis(name, target, counts))
    return found


def _target(name: str, groups: list[str], axis: AxisConfig) -> dict[str, float]:
    """Target by group, sorted; groups without one are no part of the axis."""
    if axis.target == "parity":
        return {group: 1.0 / len(groups) for group in sorted(groups)}
    unknown = sorted(set(axis.target) - set(groups))
    if unknown:
        raise ConfigError(
            f"balance.axes.{name}.target: no group {unknown[0]}; "
            f"known: {', '.join(sorted(groups))}."
        )
    return dict(sorted(axis.target.items()))


def solve(
    vectors: NDArray[np.integer], columns: Sequence[Group], config: BalanceConfig
) -> Solution:
    """Find the weights closest to 1 that meet the targets.

    The result does not depend, to the last bit, on the order of the documents.
    Arguments and `ConfigError` are as of `axes_of`.

    Raises:
        RefuseError: The bounds do not allow the targets and `on_infeasible` is
            `refuse`.
    """
    all_axes = axes_of(vectors, columns, config)
    table = np.concatenate([axis.counts for axis in all_axes]).T
    distinct, inverse, times = np.unique(
        table, axis=0, return_inverse=True, return_counts=True
    )
    documents = times.astype(np.float64)
    axes = _split(all_axes, distinct.astype(np.float64))
    bounds = (0.0, float("inf")) if config.distance == "kl" else config.bounds
    distance = Distance(config.distance, *bounds)
    found = _weigh(axes, documents, distance)
    feasible = _met(axes, documents, found)
    reachable = {axis.name: _reachable(axis, documents, bounds) for axis in axes}
    if not feasible:
        if config.on_infeasible == "refuse":
            raise RefuseError(_refusal(axes, reachable, bounds))
        # Each axis first goes as far as it can alone, on the line from its shares to
        # its target; then all go the same part of that, as far as they can together.
        # For an axis of two groups this is the least |share - target| there is.
        ways = [_farthest([axis], documents, distance)[0] for axis in axes]
        both = zip(axes, ways, strict=True)
        nearer = [axis.towards_target(documents, way) for axis, way in both]
        found = _farthest(nearer, documents, distance)[1]
    return Solution(found.weights[inverse.reshape(-1)], feasible, reachable)


def _split(axes: list[Axis], table: Floats) -> list[Axis]:
    """The same axes over the rows of `table`, which has their columns in order."""
    ends = np.cumsum([len(axis.target) for axis in axes])[:-1]
    parts = np.split(table, ends, axis=1)
    return [
        replace(axis, counts=np.ascontiguousarray(part.T))
        for axis, part in zip(axes, parts, strict=True)
    ]


def _weigh(axes: list[Axis], documents: Floats, distance: Distance) -> Calibration:
    if documents.sum() == 0:
        return Calibration(np.ones(len(documents)), 0.0)
    constraints = np.concatenate([axis.constraints() for axis in axes])
    return calibrate(constraints, documents, distance)


def _met(axes: list[Axis], documents: Floats, found: Calibration) -> bool:
    """Whether targets are met in shares too.

    Weights that take all mentions away would bring the constraints to 0 as well.
    """
    if found.residual > TOLERANCE:
        return False
    weights = documents * found.weights
    for axis in axes:
        total = axis.total()
        mentions = float((documents * total).sum())
        if float((weights * total).sum()) < _LEAST_MENTIONS * mentions:
            return False
        shares = axis.shares(weights)
        misses = (abs(shares[group] - goal) for group, goal in axis.target.items())
        if mentions > 0 and max(misses) > _SHARE_TOLERANCE:
            return False
    return True


def _farthest(
    axes: list[Axis], documents: Floats, distance: Distance
) -> tuple[float, Calibration]:
    """Bisect for the greatest part of the way to the targets that can be gone."""
    found = _weigh(axes, documents, distance)
    if _met(axes, documents, found):
        return 1.0, found
    best = Calibration(np.ones(len(documents)), 0.0)
    gone, blocked = 0.0, 1.0
    for _ in range(_BISECTIONS):
        way = (gone + blocked) / 2.0
        part = [axis.towards_target(documents, way) for axis in axes]
        trial = _weigh(part, documents, distance)
        if _met(part, documents, trial):
            gone, best = way, trial
        else:
            blocked = way
    return gone, best


def _reachable(axis: Axis, documents: Floats, bounds: tuple[float, float]) -> Reachable:
    total = axis.total()
    if not (documents * total).sum() > 0:
        return {}
    return {
        group: reachable_share(counts, total, documents, bounds)
        for group, counts in zip(axis.target, axis.counts, strict=True)
    }


def _refusal(
    axes: list[Axis], reachable: dict[str, Reachable], bounds: tuple[float, float]
) -> str:
    low, high = bounds
    lines = [
        f"{axis.name}/{group}: target {axis.target[group]:g}, "
        f"reachable {least:.4f} to {greatest:.4f}"
        for axis in axes
        for group, (least, greatest) in reachable[axis.name].items()
        if not least <= axis.target[group] <= greatest
    ] or ["each target could be reached alone, but not all of them together"]
    return (
        f"balance: weights from {low:g} to {high:g} cannot reach the targets "
        f"({'; '.join(lines)}). Widen balance.bounds, move the targets, or set "
        "balance.on_infeasible to closest."
    )


_STEPS = 100


def reachable_share(
    group: Floats, axis: Floats, multiplicity: Floats, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Return the least and greatest share of a group over all weights of mean 1.

    The share sum(n w group) / sum(n w axis) is a ratio of two linear functions. Its
    maximum is found by Dinkelbach's method (1967): for the share t reached so far,
    weights that maximise sum(n w (group - t axis)) give a greater one, until they give
    none. That inner maximum is greedy: the greatest weight to the rows of greatest
    value, as far as the mean allows. Other axes are not considered.

    Of each row (k,) these are the count of the group, that of all groups of the axis,
    with a sum > 0, and the documents. The greatest weight may be infinite, with the
    least 0: then the ends of the interval can be neared, not reached.
    """
    if np.isinf(bounds[1]):
        shares = group[axis > 0] / axis[axis > 0]
        return float(shares.min()), float(shares.max())
    greatest = _greatest(group, axis, multiplicity, bounds)
    least = 1.0 - _greatest(axis - group, axis, multiplicity, bounds)
    return max(0.0, least), min(1.0, greatest)


def _greatest(
    group: Floats, axis: Floats, multiplicity: Floats, bounds: tuple[float, float]
) -> float:
    share = float((multiplicity * group).sum() / (multiplicity * axis).sum())
    for _ in range(_STEPS):
        weighted = multiplicity * _greedy(group - share * axis, multiplicity, bounds)
        mentions = float((weighted * axis).sum())
        if mentions <= 0.0:
            break
        found = float((weighted * group).sum()) / mentions
        if found <= share:
            break
        share = found
    return share


def _greedy(
    values: Floats, multiplicity: Floats, bounds: tuple[float, float]
) -> Floats:
    """Weights of mean 1 within bounds that maximise sum(multiplicity * w * values)."""
    low, high = bounds
    order = np.argsort(-values, kind="stable")
    documents = multiplicity[order]
    spare = documents.sum() * (1.0 - low)
    before = np.cumsum(documents) - documents
    room = np.clip(spare - before * (high - low), 0.0, documents * (high - low))
    weights = np.empty(len(values))
    weights[order] = low + np.divide(
        room, documents, out=np.zeros(len(values)), where=documents > 0
    )
    return weights
