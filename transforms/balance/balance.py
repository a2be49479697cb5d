"""Balancing: document weights that move a corpus to target shares.

For an axis with target shares t, a document with counts c_g and their sum c_a gives
the constraint functions x_g = c_g - t_g c_a of all groups but one. The weighted corpus
meets the target if and only if every sum(w x_g) is 0. Weights depend on a document
through its counts only, so the table of distinct count vectors is all it takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.balance.calibration import (
    TOLERANCE,
    Calibration,
    Distance,
    calibrate,
    make_problem,
)
from isinglass.transforms.balance.feasibility import reachable_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from isinglass.schemas.config.balance import AxisConfig, BalanceConfig
    from isinglass.transforms.demographics.lexicon import Group

_SHARE_TOLERANCE = 1e-7
_LEAST_MENTIONS = 1e-6
_BISECTIONS = 24


@dataclass(frozen=True)
class AxisBalance:
    """One axis before and after weighting; the fields of `manifest.AxisSummary`.

    Shares are in the units of the axis. An axis that no document mentions has shares
    of 0 and nothing reachable: it is not balanced, and nothing about it is infeasible.

    Attributes:
        target: Share wished for each group.
        before: Share of each group with all weights 1.
        after: Share of each group with the weights found.
        residual: Largest |after - target|.
        effective_sample_size: Kish: (sum w)^2 / sum w^2, over all documents.
        documents: All documents that have a weight.
        weight_low: Least weight.
        weight_high: Greatest weight.
        feasible: Whether all targets together are met.
        reachable: Least and greatest share of each group that the bounds allow, when
            this axis alone is balanced.
    """

    target: dict[str, float]
    before: dict[str, float]
    after: dict[str, float]
    residual: float
    effective_sample_size: float
    documents: int
    weight_low: float
    weight_high: float
    feasible: bool
    reachable: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class BalanceSolution:
    """Weights of the rows of the table, and what they do.

    Attributes:
        weights: float64, shape (k,), in the order of the rows given; mean 1 over
            documents.
        axes: By axis name.
        feasible: Whether all targets are met.
        effective_sample_size: Kish, over all documents.
        documents: All documents.
        weight_low: Least weight.
        weight_high: Greatest weight.
        iterations: Newton steps.
    """

    weights: NDArray[np.float64]
    axes: dict[str, AxisBalance]
    feasible: bool
    effective_sample_size: float
    documents: int
    weight_low: float
    weight_high: float
    iterations: int


@dataclass(frozen=True)
class _Axis:
    """One axis of the table: its groups' counts in its units, shape (groups, k)."""

    name: str
    target: dict[str, float]
    counts: NDArray[np.float64]

    def total(self) -> NDArray[np.float64]:
        return np.asarray(self.counts.sum(axis=0))

    def constraints(self) -> NDArray[np.float64]:
        shares = np.array(list(self.target.values()))[:, None]
        return np.asarray((self.counts - shares * self.total())[:-1])

    def shares(self, weights: NDArray[np.float64]) -> dict[str, float]:
        total = float((weights * self.total()).sum())
        return {
            group: float((weights * counts).sum()) / total if total > 0 else 0.0
            for group, counts in zip(self.target, self.counts, strict=True)
        }

    def miss(self, weights: NDArray[np.float64]) -> float:
        """Largest |share - target|; 0 where nothing is mentioned."""
        if not self.total().any():
            return 0.0
        shares = self.shares(weights)
        return max(abs(shares[group] - goal) for group, goal in self.target.items())

    def towards_target(self, documents: NDArray[np.float64], way: float) -> _Axis:
        """The same axis, with a target part of the way from the shares it has."""
        now = self.shares(documents)
        target = {g: now[g] + way * (goal - now[g]) for g, goal in self.target.items()}
        return replace(self, target=target)


def check_targets(config: BalanceConfig, columns: Sequence[Group]) -> None:
    """Refuse targets without a column, before any work is done.

    Raises:
        ConfigError: A target names an axis or a group that has no column.
    """
    _axes(np.zeros((0, len(columns)), np.int64), columns, config)


def solve(
    vectors: NDArray[np.int64],
    multiplicity: NDArray[np.int64],
    columns: Sequence[Group],
    config: BalanceConfig,
) -> BalanceSolution:
    """Find the weights closest to 1 that meet the targets.

    The result does not depend, to the last bit, on the order of the rows or on how
    often a vector is listed.

    Args:
        vectors: Counts of mentions, shape (k, groups), 0 or more.
        multiplicity: Documents that have each vector, shape (k,), 1 or more.
        columns: Axis and group of each column of `vectors`.
        config: Targets, units, distance and bounds.

    Raises:
        ConfigError: A target names an axis or a group that has no column.
        RefuseError: The bounds do not allow the targets and `on_infeasible` is
            `refuse`.
    """
    all_axes = _axes(vectors, columns, config)
    table = np.concatenate([axis.counts for axis in all_axes]).T
    distinct, inverse = np.unique(table, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    exact = np.zeros(len(distinct), np.int64)
    np.add.at(exact, inverse, multiplicity)
    documents = exact.astype(np.float64)
    axes = _split(all_axes, distinct)
    found = _weigh(axes, documents, config)
    feasible = _met(axes, documents, found)
    reachable = {axis.name: _reachable(axis, documents, config) for axis in axes}
    if not feasible:
        if config.on_infeasible == "refuse":
            raise RefuseError(_refusal(axes, reachable, config))
        found = _weigh_closest(axes, documents, config)
    weights, total = found.weights, int(exact.sum())
    summary = _Summary(
        feasible=feasible,
        effective_sample_size=_kish(weights, documents),
        documents=total,
        weight_low=float(weights.min(initial=1.0 if total == 0 else np.inf)),
        weight_high=float(weights.max(initial=1.0 if total == 0 else -np.inf)),
    )
    return BalanceSolution(
        weights=weights[inverse],
        axes={
            axis.name: _axis_balance(
                axis, documents, weights, reachable[axis.name], summary
            )
            for axis in axes
        },
        iterations=found.iterations,
        **vars(summary),
    )


def weighted_shares(
    counts: NDArray[np.int64],
    weights: NDArray[np.float64],
    columns: Sequence[Group],
    config: BalanceConfig,
) -> dict[str, dict[str, float]]:
    """Return the shares of each axis that documents with these weights have.

    Args:
        counts: Mentions of each document, shape (n, groups).
        weights: Weight of each document, shape (n,), finite.
        columns: Axis and group of each column of `counts`.
        config: Names the axes and their units.
    """
    axes = _axes(counts, columns, config)
    return {axis.name: axis.shares(weights) for axis in axes}


@dataclass(frozen=True)
class _Summary:
    """What all axes share."""

    feasible: bool
    effective_sample_size: float
    documents: int
    weight_low: float
    weight_high: float


def _axes(
    vectors: NDArray[np.int64], columns: Sequence[Group], config: BalanceConfig
) -> list[_Axis]:
    found = []
    for name, axis in sorted(config.axes.items()):
        groups = [group for other, group in columns if other == name]
        if not groups:
            known = ", ".join(sorted({other for other, _ in columns}))
            raise ConfigError(f"balance.axes.{name}: no such axis; known: {known}.")
        target = _target(name, groups, axis)
        chosen = [columns.index((name, group)) for group in target]
        counts = vectors[:, chosen].T
        if axis.units == "documents":
            counts = np.minimum(counts, 1)
        elif axis.units == "capped":
            counts = np.minimum(counts, axis.cap)
        found.append(_Axis(name, target, counts.astype(np.float64)))
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


def _split(axes: list[_Axis], table: NDArray[np.float64]) -> list[_Axis]:
    """The same axes over the rows of `table`, which has their columns in order."""
    found, start = [], 0
    for axis in axes:
        stop = start + len(axis.target)
        counts = np.ascontiguousarray(table[:, start:stop].T)
        found.append(_Axis(axis.name, axis.target, counts))
        start = stop
    return found


def _weigh(
    axes: list[_Axis], documents: NDArray[np.float64], config: BalanceConfig
) -> Calibration:
    if documents.sum() == 0:
        return Calibration(np.ones(len(documents)), 0.0, 0)
    low, high = _bounds(config)
    constraints = np.concatenate([axis.constraints() for axis in axes])
    distance = Distance(config.distance, low, high)
    return calibrate(make_problem(constraints, documents, distance))


def _met(axes: list[_Axis], documents: NDArray[np.float64], found: Calibration) -> bool:
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
        if axis.miss(weights) > _SHARE_TOLERANCE:
            return False
    return True


def _weigh_closest(
    axes: list[_Axis], documents: NDArray[np.float64], config: BalanceConfig
) -> Calibration:
    """Go as far towards the targets as the bounds allow.

    Each axis first goes as far as it can alone, on the line from its shares to its
    target; then all go the same part of that, as far as they can together. For an axis
    of two groups this is the least |share - target| there is.
    """
    nearer = []
    for axis in axes:
        way, _ = _farthest([axis], documents, config)
        nearer.append(axis.towards_target(documents, way))
    return _farthest(nearer, documents, config)[1]


def _farthest(
    axes: list[_Axis], documents: NDArray[np.float64], config: BalanceConfig
) -> tuple[float, Calibration]:
    """Bisect for the greatest part of the way to the targets that can be gone."""
    found = _weigh(axes, documents, config)
    if _met(axes, documents, found):
        return 1.0, found
    best = Calibration(np.ones(len(documents)), 0.0, 0)
    gone, blocked = 0.0, 1.0
    for _ in range(_BISECTIONS):
        way = (gone + blocked) / 2.0
        part = [axis.towards_target(documents, way) for axis in axes]
        trial = _weigh(part, documents, config)
        if _met(part, documents, trial):
            gone, best = way, trial
        else:
            blocked = way
    return gone, best


def _bounds(config: BalanceConfig) -> tuple[float, float]:
    return (0.0, float("inf")) if config.distance == "kl" else config.bounds


def _reachable(
    axis: _Axis, documents: NDArray[np.float64], config: BalanceConfig
) -> dict[str, tuple[float, float]]:
    total = axis.total()
    if not (documents * total).sum() > 0:
        return {}
    bounds = _bounds(config)
    return {
        group: reachable_share(counts, total, documents, bounds)
        for group, counts in zip(axis.target, axis.counts, strict=True)
    }


def _refusal(
    axes: list[_Axis],
    reachable: dict[str, dict[str, tuple[float, float]]],
    config: BalanceConfig,
) -> str:
    low, high = _bounds(config)
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


def _axis_balance(
    axis: _Axis,
    documents: NDArray[np.float64],
    weights: NDArray[np.float64],
    reachable: dict[str, tuple[float, float]],
    summary: _Summary,
) -> AxisBalance:
    return AxisBalance(
        target=axis.target,
        before=axis.shares(documents),
        after=axis.shares(documents * weights),
        residual=axis.miss(documents * weights),
        reachable=reachable,
        **vars(summary),
    )


def _kish(weights: NDArray[np.float64], documents: NDArray[np.float64]) -> float:
    squares = float((documents * weights * weights).sum())
    return float((documents * weights).sum()) ** 2 / squares if squares else 0.0
